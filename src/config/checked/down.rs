//! What happens when servers die, as it is meant.

use std::path::PathBuf;
use std::time::Duration;

/// What happens to a down server's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDown {
    /// Reads miss at once, writes get an error that names the server, deletes are spooled.
    Miss,
    /// They go to another pool.
    Gutter(Gutter),
}

/// A pool that takes the keys of another's dead servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gutter {
    /// An index into [`super::Config::pools`], of a pool without a gutter.
    pub pool: usize,
    /// The longest TTL its items get; whole seconds.
    pub ttl: Duration,
}

/// Deletes that wait for servers that are down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spool {
    /// Keys remembered for each server; 0: none.
    pub max_keys: usize,
    /// Where they survive a restart.
    pub dir: Option<PathBuf>,
}

/// The TTL in a gutter, where none is written.
pub const GUTTER_TTL: Duration = Duration::from_secs(10);

impl OnDown {
    /// The gutter, if there is one.
    pub fn gutter(self) -> Option<Gutter> {
        match self {
            OnDown::Miss => None,
            OnDown::Gutter(gutter) => Some(gutter),
        }
    }
}

impl Default for Spool {
    fn default() -> Spool {
        Spool { max_keys: 100_000, dir: None }
    }
}
