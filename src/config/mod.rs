//! What leash was told to do: a file, the command line, or nothing at all -> one checked [`Config`].
//!
//! ```text
//! text ─ yaml ─▶ nodes ─ written ─▶ exactly what stands there ─ check ─▶ Config ─ render ─▶ JSON for people
//!                                    ▲ overrides (environment, command line)
//! ```
//! Every stage collects its problems and the next still runs, so that one look shows everything that is wrong. Only
//! `yaml` knows the YAML library. Of leash this knows the words only that other leaves have
//! for what can be configured.

pub(crate) mod address;
mod check;
mod checked;
mod fields;
mod machine;
mod overrides;
pub(crate) mod problem;
mod render;
mod schema;
mod source;
mod stand_ins;
pub mod units;
mod written;
mod yaml;

pub use checked::{
    ADMIN, Address, Allow, CONNECTIONS_OF_A_WORKER, Config, Credentials, Discover, DiscoverSource, Embedded, Endpoint,
    Entrance, FixedHeader, Gutter, HttpVersion, LISTEN, Limits, Listen, Loader, LoaderUrl, Log, MEMCACHED_PORT,
    Migrate, OnDown, PerServer, Phase, Pool, QueueDirectory, QueueMode, Queues, QueuesKept, Refresh, Route, RouteEnd,
    ServerConfig, Side, SpoolConfig, UrlPiece, Users,
};
pub use overrides::Overrides;
pub use problem::{Problem, Problems};
pub use schema::schema;
pub use source::{ConfigSource, Origin};
pub use written::keys;
