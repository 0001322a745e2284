//! memcached's `stats` command, answered with leash's own figures under memcached's names.
//!
//! Enough for memcached-tool, for client libraries and for the Prometheus memcached_exporter. What leash has no such
//! thing as is 0 where tools expect a line, and left out elsewhere. Nothing here reads a clock or a counter.

mod lines;
mod queues;
mod subjects;

use std::time::Duration;

use super::process::ProcessUsage;
use super::queue_figures::QueueFigures;
use super::totals::{ServerTotals, Totals};
use super::words::ServerState;
use crate::protocol::number;
use lines::Lines;
use subjects::{general, servers, settings};

/// The highest number of a slab class in memcached.
const SLAB_CLASSES: u32 = 63;

/// Where the figures come from.
pub(crate) trait StatsSource {
    /// All of them, now.
    fn snapshot(&self) -> StatsSnapshot;
    /// The queues of this process, the longest first.
    fn queues(&self) -> Vec<QueueStats>;
    /// Sets the totals back to 0.
    fn reset(&self);
}

/// What `stats` tells, at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatsSnapshot {
    /// Seconds since 1970.
    pub unix_time: u64,
    /// Time since the start.
    pub uptime: Duration,
    /// What the kernel knows about the process.
    pub process: ProcessUsage,
    /// Counts.
    pub totals: Totals,
    /// What is in embedded stores.
    pub embedded: EmbeddedStats,
    /// What was configured.
    pub settings: Settings,
    /// All servers, in the order of the configuration.
    pub servers: Vec<ServerStats>,
}

/// The content of the embedded stores, summed up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EmbeddedStats {
    /// Items.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Items dropped to make room.
    pub evictions: u64,
}

/// The part of the configuration that memcached has, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Bytes the embedded stores may take; 0 without one.
    pub max_bytes: u64,
    /// Clients at a time.
    pub max_connections: u64,
    /// The first TCP listener.
    pub tcp: Option<std::net::SocketAddr>,
    /// The first Unix listener.
    pub unix: Option<String>,
    /// Worker threads.
    pub workers: u64,
    /// The longest value.
    pub max_item: u64,
    /// Whether `flush_all` does something on any route.
    pub flush_enabled: bool,
    /// Whether any listener asks who a client is.
    pub has_users: bool,
    /// Whether messages of queues are kept here.
    pub keeps_queues: bool,
}

/// One server, as `stats servers` tells it.
#[derive(Clone, Debug)]
pub(crate) struct ServerStats {
    /// Its pool.
    pub pool: String,
    /// Its name.
    pub name: String,
    /// Its address as written.
    pub address: String,
    /// Its version, as far as it has told.
    pub version: Option<String>,
    /// Its health.
    pub state: ServerState,
    /// Its traffic.
    pub traffic: ServerTotals,
}

/// One queue, as `stats queues` tells it.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueueStats {
    /// Its name, as clients write it.
    pub name: Vec<u8>,
    /// Whether clients take its messages as with Kestrel.
    pub is_kestrel: bool,
    /// How it is.
    pub figures: QueueFigures,
}

/// Answers `stats` with what stood behind it on the line.
///
/// `stats` · `stats settings` · `stats servers` · `stats queues` · `stats reset` are leash's own; the other subjects of memcached are
/// answered as by one that is empty; what memcached does not know is an `ERROR`.
pub(crate) fn answer(arguments: &[u8], source: &dyn StatsSource) -> Vec<u8> {
    let words: Vec<&[u8]> = arguments.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => general(&source.snapshot(), &source.queues()),
        [b"settings", ..] => settings(&source.snapshot().settings),
        [b"servers"] => servers(&source.snapshot().servers),
        [b"queues"] => queues::queues(&source.queues()),
        [b"reset", ..] => {
            source.reset();
            b"RESET\r\n".to_vec()
        }
        [b"slabs", ..] => Lines::new().stat("active_slabs", 0).stat("total_malloced", 0).end(),
        [b"sizes", ..] => Lines::new().stat("sizes_status", "disabled").end(),
        [b"detail", b"on" | b"off"] => b"OK\r\n".to_vec(),
        [b"detail", b"dump"] | [b"items" | b"conns" | b"extstore", ..] => Lines::new().end(),
        [b"cachedump", class, most, ..] => cachedump(class, most),
        [b"detail", ..] => b"CLIENT_ERROR usage: stats detail on|off|dump\r\n".to_vec(),
        [b"cachedump", ..] => b"CLIENT_ERROR bad command line\r\n".to_vec(),
        _ => b"ERROR\r\n".to_vec(),
    }
}

/// A list of keys, of which leash has none to tell. Wrong arguments are told as by memcached.
fn cachedump(class: &[u8], most: &[u8]) -> Vec<u8> {
    match (number::u32(class), number::u32(most)) {
        (Some(..=SLAB_CLASSES), Some(_)) => Lines::new().end(),
        (Some(_), Some(_)) => b"CLIENT_ERROR Illegal slab id\r\n".to_vec(),
        _ => b"CLIENT_ERROR bad command line format\r\n".to_vec(),
    }
}

#[cfg(test)]
mod tests;
