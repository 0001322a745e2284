//! What the next configuration takes over from the one in force: whatever is configured just as before.
//!
//! * A server of the same pool, name, address and options keeps its health, and by that its connections.
//! * An embedded store of the same size keeps its items.
//! * A pool that places keys as before keeps its table.
//! * Leases stay known whatever changes: they belong to keys.

use std::sync::Arc;

use super::{Member, SharedPool, Snapshot, longest_lease, options};
use crate::config::{Address, Config, Pool, Server};
use crate::placement;
use crate::upstream::{EmbeddedStore, Target};

impl Snapshot {
    /// Makes `config` ready as the successor of this one.
    pub fn next(&self, config: Config) -> Arc<Snapshot> {
        let pools = config.pools.iter().map(|pool| self.pool(pool, &config)).collect();
        self.leases.adjust(longest_lease(&config), config.limits.waiters);
        Snapshot::of(config, pools, self.leases.clone())
    }

    fn pool(&self, pool: &Pool, config: &Config) -> SharedPool {
        let Some(place) = self.config.pools.iter().position(|known| known.name == pool.name) else {
            return SharedPool::new(pool, &config.limits, &config.log);
        };
        let (before, shared) = (&self.config.pools[place], &self.pools[place]);
        let placement =
            if places_alike(before, pool) { shared.placement.clone() } else { Arc::new(placement::of(pool)) };
        let options =
            (options(before, &self.config.limits, &self.config.log), options(pool, &config.limits, &config.log));
        let is_treated_alike = options.0 == options.1 && before.failures == pool.failures;
        let member = |server: &Server| {
            let known = before.servers.iter().zip(&shared.members).find(|(known, _)| known.name == server.name);
            let known = known.filter(|(known, _)| known.address == server.address).map(|(_, member)| member);
            match (known, &server.address) {
                (Some(member @ Member::Embedded(_, store)), _) if before.embedded == pool.embedded => {
                    store.set_item_limit(config.limits.item_size);
                    member.clone()
                }
                (known, Address::Embedded) => {
                    if known.is_some() {
                        tracing::warn!(pool = &*pool.name, "the embedded store has another size and begins empty");
                    }
                    let store = EmbeddedStore::new(pool.embedded.max_bytes as u64, config.limits.item_size);
                    Member::Embedded(server.name.clone(), store)
                }
                (Some(member), _) if is_treated_alike => member.clone(),
                (_, address) => {
                    let target = Target::new(&server.name, address.clone(), options.1, pool.failures);
                    Member::Server(Arc::new(target))
                }
            }
        };
        SharedPool { placement, members: pool.servers.iter().map(member).collect() }
    }
}

/// Whether both place every key on the server of the same name and number.
fn places_alike(a: &Pool, b: &Pool) -> bool {
    let ranked =
        |pool: &Pool| pool.servers.iter().map(|server| (server.name.clone(), server.weight)).collect::<Vec<_>>();
    ranked(a) == ranked(b) && (a.hash, a.hash_tag, &a.unhashed_prefix) == (b.hash, b.hash_tag, &b.unhashed_prefix)
}
