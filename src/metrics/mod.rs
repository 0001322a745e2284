//! What leash counts about itself, and how it tells: Prometheus' text format, OpenMetrics, and memcached's `stats`.
//!
//! ```text
//! worker ─▶ Shard ─┐
//! worker ─▶ Shard ─┼─▶ Merged ─▶ Samples ─▶ text        GET /metrics
//! acceptor ▶ Shard ┘      └────▶ Totals  ─▶ stats       the `stats` command
//! ```
//! Counting is wait-free and takes no lock; merging happens at a scrape. Labels are bounded and come from the
//! configuration or from [`words`], never from a key.

pub(crate) mod busiest;

mod exposition;
mod figures;
mod histogram;
mod layout;
mod load_figures;
mod load_words;
mod loader;
mod merged;
mod migration;
mod process;
mod queue_figures;
mod queue_words;
mod refresh;
mod registry;
mod samples;
mod series;
mod shard;
pub(crate) mod stats;
mod totals;
pub(crate) mod words;

pub use exposition::Exposition;
pub use figures::{Figures, RouteFigure, RouteFigures};
pub use layout::{EVERYTHING_ELSE, RouteId, RouteLabel, RouteMoves, ServerId, ShardLayout, route_label};
pub use load_figures::LoadFigures;
pub use load_words::LoadOutcome;
pub use process::{ProcessUsage, most_files};
pub use queue_figures::{QueueCounts, QueueFigures};
pub use queue_words::QueueRefusalCause;
pub use registry::Registry;
pub use samples::{NO_PHASE, Samples};
pub use series::Series;
pub use shard::Shard;
pub use totals::{ServerTotals, StatsFigure, Totals};
pub use words::{
    Backfill, ClientDrop, ColdWait, DownstreamCount, LeaseOutcome, ProtocolError, ReadSource, ReloadOutcome,
    RequestOutcome, ServerState, SetRefusal, SpoolDrop, StatsCount, UpstreamCount,
};
