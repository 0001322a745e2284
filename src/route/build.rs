//! Builds a worker's tree from the configuration. The only file of the tree that knows there is one.

use std::rc::Rc;
use std::sync::Arc;

use super::{Branch, Desk, Entry, Migration, Namespace, Pool, Refresh, Route, Tree};
use crate::config;
use crate::memory::Memory;
use crate::metrics::Shard;
use crate::migration::Phase;
use crate::refresh::{Early, Policy};
use crate::shared::{Member, Snapshot, prefix_of};
use crate::turn::Turn;
use crate::upstream::{Server, Upstream};

/// Tells a route's migration from its refresh policy, where a client takes turns: there are fewer routes than this.
const MIGRATES: u16 = 1 << 15;

/// The tree of one worker: shared pools, its own connections.
pub fn build(snapshot: &Snapshot, turn: &Rc<Turn>, memory: &Rc<Memory>, shard: &Arc<Shard>) -> Rc<Tree> {
    let pools: Vec<Rc<Pool>> =
        (0..snapshot.pools.len()).map(|i| Rc::new(pool(snapshot, i, turn, memory, shard))).collect();
    let desk = Rc::new(Desk::default());
    let branches = snapshot.config.routes.iter().enumerate().filter_map(|(number, route)| {
        let prefix = prefix_of(route);
        let id = snapshot.layout.route(&prefix)?;
        let mut root: Rc<dyn Route> = pools[route.pool].clone();
        if let Some(migrate) = &route.migrate {
            let sides = [migrate.from, migrate.to].map(|pool| Entry::new(pools[pool].clone(), desk.clone()));
            let counted = (shard.clone(), id, u16::try_from(number).ok()? | MIGRATES);
            root = Rc::new(Migration::new(phase(migrate.phase), sides.into(), turn.clone(), counted));
        }
        if let Some(refresh) = &route.refresh {
            let (below, leases) = (Entry::new(root, desk.clone()), snapshot.leases.clone());
            let counted = (shard.clone(), id, u16::try_from(number).ok()?);
            root = Rc::new(Refresh::new(policy(refresh), below, leases, turn.clone(), counted));
        }
        if !route.namespace.is_empty() {
            root = Rc::new(Namespace::new(&route.namespace, root));
        }
        Some(Branch { prefix, id, allow_flush: route.allow_flush, entry: Entry::new(root, desk.clone()) })
    });
    Rc::new(Tree::new(branches.collect()))
}

/// What is decided by, from what was configured.
pub fn policy(refresh: &config::Refresh) -> Policy {
    Policy {
        grace: refresh.grace.as_secs() as u32,
        lease: refresh.lease.as_secs() as u32,
        cold_wait: refresh.cold_wait,
        jitter: refresh.jitter,
        marker: 1 << refresh.marker_bit,
        early: refresh.early.map(|beta| Early { beta }),
    }
}

fn phase(phase: config::Phase) -> Phase {
    match phase {
        config::Phase::Prepare => Phase::Prepare,
        config::Phase::Warm => Phase::Warm,
        config::Phase::Drain => Phase::Drain,
    }
}

fn pool(snapshot: &Snapshot, place: usize, turn: &Rc<Turn>, memory: &Rc<Memory>, shard: &Arc<Shard>) -> Pool {
    let (shared, name) = (&snapshot.pools[place], snapshot.config.pools[place].name.clone());
    let servers = &snapshot.config.pools[place].servers;
    let members = shared.members.iter().zip(servers).filter_map(|(member, server)| {
        Some(match member {
            Member::Embedded(label, store) => Upstream::Embedded(label.clone(), store.clone()),
            Member::Server(target) => {
                let id = snapshot.layout.server(&name, &server.name)?;
                Upstream::Server(Server::new(target.clone(), turn.clone(), memory, shard.clone(), id))
            }
        })
    });
    Pool::new(name.clone(), shared.placement.clone(), members.collect())
}
