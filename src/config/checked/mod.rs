//! The checked form: what a configuration means. No dangling names, no options that stand for a default.
//!
//! Only `check` builds it from what was written, so the owner of a [`Config`] need not check again. The defaults are
//! here.

mod auth;
mod connections;
mod discover;
mod down;
mod entrance;
mod loader;
mod log;
mod metrics;
mod migrate;
mod queues;
mod refresh;
mod route;
mod users;

use super::problem::Problem;
use crate::hash::HashKind;
use crate::tls::ClientTls;
pub use auth::Credentials;
pub use connections::CONNECTIONS_OF_A_WORKER;
pub(super) use connections::auto_workers;
pub use discover::{Discover, DiscoverSource};
pub(super) use discover::{EVERY, SHRINK_AFTER};
pub(super) use down::GUTTER_TTL;
pub use down::{Gutter, OnDown, SpoolConfig};
pub use entrance::{Allow, Entrance, Listen};
pub use loader::{Endpoint, FixedHeader, HttpVersion, Loader, LoaderUrl, UrlPiece};
pub use log::Log;
pub use metrics::PerServer;
pub use migrate::{Migrate, Phase, Side};
pub use queues::{QueueDirectory, QueueMode, Queues, QueuesKept};
pub(super) use refresh::BETA;
pub use refresh::Refresh;
pub use route::{Route, RouteEnd};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
pub(super) use users::LONGEST_WORD;
pub use users::Users;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The port of memcached, where none is written.
pub const MEMCACHED_PORT: u16 = 11211;
/// Where leash listens if nothing else is said.
pub const LISTEN: SocketAddr = loopback(MEMCACHED_PORT);
/// Where the admin pages are if nothing else is said.
pub const ADMIN: SocketAddr = loopback(11291);

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where applications connect; at least one.
    pub listen: Vec<Listen>,
    /// Who may come in at each of them, and what for, in the same order.
    pub entrances: Vec<Entrance>,
    /// Where metrics and admin pages are served, if anywhere.
    pub admin: Option<SocketAddr>,
    /// The names by which the admin address may be asked, beside its own: `*.` before one stands for any below it.
    pub admin_hosts: Vec<String>,
    /// Whether the admin pages may show keys, not only their prefixes.
    pub show_keys: bool,
    /// The number of worker threads, at least one.
    pub workers: usize,
    /// All pools, in the order of the file; none where every route leads to queues of this process.
    pub pools: Vec<Pool>,
    /// All routes, the longest prefix first; at least one. A key that no prefix fits has no route.
    pub routes: Vec<Route>,
    /// What a client may use up.
    pub limits: Limits,
    /// Deletes that wait for servers that are down.
    pub spool: SpoolConfig,
    /// What is logged, and how.
    pub log: Log,
    /// What metrics tell of servers.
    pub per_server: PerServer,
    /// The files whose content stands for values.
    pub value_files: Vec<PathBuf>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
}

/// A named set of servers with one hash.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Its name in the file.
    pub name: Arc<str>,
    /// Its servers, with different names; at least one, unless they are still to be found.
    pub servers: Vec<ServerConfig>,
    /// How they are found; `None`: they are written.
    pub discover: Option<Discover>,
    /// Whether a name with several addresses is one server all the same.
    pub any_address: bool,
    /// How keys are spread over them.
    pub hash: HashKind,
    /// The two characters around the part of a key that is hashed (`{` and `}`), if only a part may be.
    pub hash_tag: Option<(u8, u8)>,
    /// What is not hashed of the keys that begin with it.
    pub unhashed_prefix: Vec<u8>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a server may take to reply.
    pub request_timeout: Duration,
    /// How long a connection to a server may rest before it ends; `None`: for ever.
    pub idle_timeout: Option<Duration>,
    /// Failures in a row that make a server down.
    pub failures: u32,
    /// What happens to a down server's keys.
    pub on_down: OnDown,
    /// The bounds of the embedded store, where a server is [`Address::Embedded`].
    pub embedded: Embedded,
    /// How TLS is spoken with its servers; `None`: it is not.
    pub tls: Option<Arc<ClientTls>>,
    /// As whom leash asks its servers to be let in; `None`: it need not.
    pub auth: Option<Arc<Credentials>>,
}

/// One memcached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Its identity, which is hashed: the address as written unless a name is given.
    pub name: Arc<str>,
    /// Where it is.
    pub address: Address,
    /// Its share of keys, relative to the other servers of the pool; at least one.
    pub weight: u32,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host name or IP address (IPv6 without brackets), resolved when connecting.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a unix socket.
    Unix(PathBuf),
    /// The store inside this process.
    Embedded,
}

/// The bounds of an embedded store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Bytes of keys and values it may hold.
    pub max_bytes: usize,
}

/// What clients may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one value.
    pub item_size: usize,
    /// Bytes of one request line.
    pub request_line: usize,
    /// Keys of one get.
    pub keys_per_get: usize,
    /// Requests in flight, per client connection.
    pub in_flight: usize,
    /// Client connections.
    pub connections: usize,
    /// Time a request that began to arrive may take to arrive whole.
    pub request_time: Duration,
    /// Time that a client may take none of the replies that wait for it.
    pub unread_time: Duration,
    /// Time that a client may ask nothing; `None`: for ever.
    pub idle: Option<Duration>,
    /// Bytes of replies a client has not read yet, per connection.
    pub unsent_replies: usize,
    /// Bytes of everything together that peers can make grow.
    pub memory: usize,
    /// Requests waiting for replies, per upstream connection.
    pub server_queue: usize,
    /// Callers of this process that wait for a cold value at once.
    pub waiters: usize,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Embedded => f.write_str("embedded"),
        }
    }
}

impl Config {
    /// Where a route leads, in words: to the pool that has the last word, or nowhere else. No pool has a space in its name.
    pub fn end_of(&self, route: &Route) -> &str {
        route.pool().map_or("queues here", |pool| &self.pools[pool].name)
    }

    /// The files that it names, whose content is a part of it.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let values = self.value_files.iter().map(PathBuf::as_path);
        values.chain(self.entrances.iter().flat_map(Entrance::files)).chain(self.pools.iter().flat_map(Pool::files))
    }
}

impl Pool {
    fn files(&self) -> impl Iterator<Item = &Path> {
        let tls = self.tls.iter().flat_map(|tls| tls.files().paths()).map(PathBuf::as_path);
        tls.chain(self.auth.iter().map(|auth| auth.password_file.as_path()))
    }

    /// A pool in which everything but its servers is the default.
    pub fn of(name: &str, servers: Vec<ServerConfig>) -> Pool {
        Pool {
            name: name.into(),
            servers,
            discover: None,
            any_address: false,
            hash: HashKind::Rendezvous,
            hash_tag: None,
            unhashed_prefix: Vec::new(),
            connect_timeout: Duration::from_millis(250),
            request_timeout: Duration::from_millis(500),
            idle_timeout: Some(Duration::from_secs(300)),
            failures: 3,
            on_down: OnDown::Miss,
            embedded: Embedded { max_bytes: 64 * MIB },
            tls: None,
            auth: None,
        }
    }

    /// Whether its server is the store inside this process.
    pub fn is_embedded(&self) -> bool {
        self.servers.iter().any(|server| server.address == Address::Embedded)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            item_size: MIB,
            request_line: 64 * KIB,
            keys_per_get: 100_000,
            in_flight: 512,
            connections: 1024,
            request_time: Duration::from_secs(10),
            unread_time: Duration::from_secs(60),
            idle: None,
            unsent_replies: 8 * MIB,
            memory: 256 * MIB,
            server_queue: 65_536,
            waiters: 10_000,
        }
    }
}
