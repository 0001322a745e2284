//! A pool or server as a whole: what was configured of it beside what all workers share of it. The only place where the
//! two are put together; they stand in the same order, as one is made from the other.

use super::{SharedPool, SharedServer, Snapshot};
use crate::config::{Pool, ServerConfig};

/// A pool of a snapshot.
#[derive(Clone, Copy)]
pub struct PoolView<'s> {
    /// Its place in the configuration.
    pub place: usize,
    /// What was configured.
    pub config: &'s Pool,
    /// What all workers share of it.
    pub shared: &'s SharedPool,
}

/// A server of a pool.
#[derive(Clone, Copy)]
pub struct ServerView<'s> {
    /// Its pool, as configured.
    pub pool: &'s Pool,
    /// What was configured of the server.
    pub config: &'s ServerConfig,
    /// What all workers share of it.
    pub shared: &'s SharedServer,
}

impl Snapshot {
    /// The pools, in the configuration's order.
    pub fn pools(&self) -> impl Iterator<Item = PoolView<'_>> {
        (0..self.shared_pools.len()).map(|place| self.pool(place))
    }

    /// The pool in this place of the configuration.
    pub fn pool(&self, place: usize) -> PoolView<'_> {
        PoolView { place, config: &self.config.pools[place], shared: &self.shared_pools[place] }
    }

    /// The pool of this name.
    pub fn pool_named(&self, name: &str) -> Option<PoolView<'_>> {
        self.pools().find(|pool| *pool.config.name == *name)
    }

    /// All servers of all pools.
    pub fn servers(&self) -> impl Iterator<Item = ServerView<'_>> {
        self.pools().flat_map(PoolView::servers)
    }
}

impl<'s> PoolView<'s> {
    /// Its servers, in the configuration's order.
    pub fn servers(self) -> impl Iterator<Item = ServerView<'s>> {
        let servers = self.config.servers.iter().zip(&self.shared.servers);
        servers.map(move |(config, shared)| ServerView { pool: self.config, config, shared })
    }

    /// The server of this name.
    pub fn server_named(self, name: &str) -> Option<ServerView<'s>> {
        self.servers().find(|server| *server.config.name == *name)
    }
}
