//! What the next configuration takes over from the one in force: everything that is configured just as before.
//!
//! * A server of the same pool, name, address and options keeps its connections and its health. One that is only
//!   treated otherwise keeps what is known of it: whether it is down, and where it is.
//! * The deletes that wait for a server of the same pool and name wait on, even if all else about it changes.
//! * The servers of a pool of the same name are seen together with those it had before.
//! * An embedded store of the same size keeps its items.
//! * A pool that places keys as before keeps its table.
//! * A directory of queues stays open, and goes on with other terms.
//! * Leases always stay known: they belong to keys. So does how the loader of a route fares.

use std::sync::Arc;

use super::{ServerView, SharedPool, SharedServer, Snapshot, UnopenedQueues, longest_lease, options, spool};
use crate::config::{Address, Config, Pool, ServerConfig};
use crate::snapshot::placement;
use crate::store::EmbeddedStore;
use crate::upstream::Target;

impl Snapshot {
    /// Makes `config` ready as the successor of this one.
    ///
    /// # Errors
    /// Which directory of queues cannot be opened, and why.
    pub fn next(&self, config: Config) -> Result<Arc<Snapshot>, UnopenedQueues> {
        let kept_queues = self.keepers.of(&config)?;
        let pools = config.pools.iter().map(|pool| self.successor(pool, &config)).collect();
        self.leases.adjust(longest_lease(&config), config.limits.waiters);
        Ok(Snapshot::of(config, pools, self.of_process(), kept_queues))
    }

    /// Tells of the servers that `next` does not name any more though deletes wait for them.
    pub fn part_with_servers(&self, next: &Snapshot) {
        let stays = |server: &ServerView<'_>| {
            next.pool_named(&server.pool.name).is_some_and(|pool| pool.server_named(&server.config.name).is_some())
        };
        for server in self.servers() {
            match server.shared {
                SharedServer::Server(target) if !stays(&server) => target.spool.part(&target.label),
                _ => {}
            }
        }
    }

    fn successor(&self, pool: &Pool, config: &Config) -> SharedPool {
        let Some(known_pool) = self.pool_named(&pool.name) else {
            return SharedPool::new(pool, config, &self.spools);
        };
        let (before, shared) = (known_pool.config, known_pool.shared);
        let placement =
            if places_alike(before, pool) { shared.placement.clone() } else { Arc::new(placement::of(pool)) };
        let was_treated = options(before, &self.config);
        let options = options(pool, config);
        let shared_server = |server: &ServerConfig| {
            let known = known_pool.server_named(&server.name).filter(|known| known.config.address == server.address);
            let known = known.map(|known| known.shared);
            if server.address == Address::Embedded {
                return embedded(server, known, (before, pool), config.limits.item_size);
            }
            let spool = spool(pool, server, config, &self.spools);
            match known {
                Some(shared_server) if was_treated == options => shared_server.clone(),
                Some(SharedServer::Server(target)) => SharedServer::Server(target.treated(options.clone())),
                _ => SharedServer::Server(Target::new(server, options.clone(), &shared.peers, spool)),
            }
        };
        SharedPool { placement, servers: pool.servers.iter().map(shared_server).collect(), peers: shared.peers.clone() }
    }
}

/// The store that is there, if it has the size that is wanted now.
fn embedded(
    server: &ServerConfig,
    known: Option<&SharedServer>,
    (before, now): (&Pool, &Pool),
    item_size: usize,
) -> SharedServer {
    match known {
        Some(shared_server @ SharedServer::Embedded(_, store)) if before.embedded == now.embedded => {
            store.set_item_limit(item_size);
            return shared_server.clone();
        }
        Some(_) => tracing::warn!(pool = &*now.name, "the embedded store has another size and begins empty"),
        None => {}
    }
    SharedServer::Embedded(server.name.clone(), EmbeddedStore::new(now.embedded.max_bytes as u64, item_size))
}

/// Whether both place every key on the server of the same name and number.
fn places_alike(a: &Pool, b: &Pool) -> bool {
    let ranked =
        |pool: &Pool| pool.servers.iter().map(|server| (server.name.clone(), server.weight)).collect::<Vec<_>>();
    ranked(a) == ranked(b) && (a.hash, a.hash_tag, &a.unhashed_prefix) == (b.hash, b.hash_tag, &b.unhashed_prefix)
}
