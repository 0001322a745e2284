//! What happens when servers die, as it is meant.

use super::{Address, Pool, Route, ServerConfig};
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
pub struct SpoolConfig {
    /// Keys remembered for each server; 0: none.
    pub max_keys: usize,
    /// Where they survive a restart.
    pub dir: Option<PathBuf>,
}

/// The TTL in a gutter, where none is written.
pub(crate) const GUTTER_TTL: Duration = Duration::from_secs(10);

impl OnDown {
    /// The gutter, if there is one.
    pub fn gutter(self) -> Option<Gutter> {
        match self {
            OnDown::Miss => None,
            OnDown::Gutter(gutter) => Some(gutter),
        }
    }
}

impl Route {
    /// The gutter that this route uses for one of its pools.
    ///
    /// While it is moved, what is deleted on one side must not be gone on the other: so a gutter that has servers of
    /// the other side is none, and one that both sides have is that of the new one.
    pub fn gutter(&self, pool: usize, pools: &[Pool]) -> Option<Gutter> {
        let gutter = pools.get(pool)?.on_down.gutter()?;
        let is_shared = self.migrate.as_ref().is_some_and(|migrate| {
            let of_new = pools[migrate.to].on_down.gutter().map(|gutter| gutter.pool);
            let others = if pool == migrate.to { [Some(migrate.from), None] } else { [Some(migrate.to), of_new] };
            others.into_iter().flatten().any(|other| share_servers(other, gutter.pool, pools))
        });
        (!is_shared).then_some(gutter)
    }
}

fn share_servers(one: usize, other: usize, pools: &[Pool]) -> bool {
    let is_elsewhere = |server: &&ServerConfig| server.address != Address::Embedded;
    let mut shared = pools[one].servers.iter().filter(is_elsewhere);
    one == other || shared.any(|server| pools[other].servers.iter().any(|known| known.address == server.address))
}

impl Default for SpoolConfig {
    fn default() -> SpoolConfig {
        SpoolConfig { max_keys: 100_000, dir: None }
    }
}
