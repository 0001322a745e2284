//! Builds a worker's tree from the configuration. The only file of the tree that knows there is one.

use std::rc::Rc;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{Branch, Desk, Entry, Gutter, Migration, Namespace, Pool, Refresh, Route, Tree};
use crate::config;
use crate::gutter::Cap;
use crate::memory::Memory;
use crate::metrics::{ServerId, Shard};
use crate::migration::Phase;
use crate::refresh::{Early, Policy};
use crate::shared::{Member, Snapshot, prefix_of};
use crate::turn::Turn;
use crate::upstream::{Server, Servers, Target, Upstream};

/// Tells a route's migration from its refresh policy, where a client takes turns.
const MIGRATES: u64 = 1;

/// The tree of one worker: shared pools, its own connections.
pub fn build(snapshot: &Snapshot, turn: &Rc<Turn>, memory: &Rc<Memory>, shard: &Arc<Shard>) -> Rc<Tree> {
    rebuild(snapshot, turn, memory, shard, &mut Servers::default())
}

/// The same after another one: those of its `servers` that are still meant keep their connections, the others end.
pub fn rebuild(
    snapshot: &Snapshot,
    turn: &Rc<Turn>,
    memory: &Rc<Memory>,
    shard: &Arc<Shard>,
    servers: &mut Servers,
) -> Rc<Tree> {
    let mut known = std::mem::take(servers);
    let mut server = |target: &Arc<Target>, id| {
        let kept = known.take(target, shard, id);
        let server = kept.unwrap_or_else(|| Server::new(target.clone(), turn.clone(), memory, shard.clone(), id));
        servers.put(server.clone());
        server
    };
    let pools: Vec<Rc<Pool>> =
        (0..snapshot.pools.len()).map(|place| Rc::new(pool(snapshot, place, &mut server))).collect();
    let tree = branches(snapshot, &pools, turn, shard);
    known.retire();
    tree
}

fn branches(snapshot: &Snapshot, pools: &[Rc<Pool>], turn: &Rc<Turn>, shard: &Arc<Shard>) -> Rc<Tree> {
    let desk = Rc::new(Desk::default());
    let branches = snapshot.config.routes.iter().filter_map(|route| {
        let prefix = prefix_of(route);
        let id = snapshot.layout.route(&prefix)?;
        let side = |pool: usize| with_gutter(snapshot, route, (pool, pools), &desk, turn);
        let mut root = side(route.pool);
        if let Some(migrate) = &route.migrate {
            let sides = [migrate.from, migrate.to].map(|pool| Entry::new(side(pool), desk.clone()));
            let counted = (shard.clone(), id, identity(&prefix) ^ MIGRATES);
            root = Rc::new(Migration::new(phase(migrate.phase), sides.into(), turn.clone(), counted));
        }
        if let Some(refresh) = &route.refresh {
            let (below, leases) = (Entry::new(root, desk.clone()), snapshot.leases.clone());
            let counted = (shard.clone(), id, identity(&prefix));
            root = Rc::new(Refresh::new(policy(refresh), below, leases, turn.clone(), counted));
        }
        if !route.namespace.is_empty() {
            root = Rc::new(Namespace::new(&route.namespace, root));
        }
        Some(Branch { prefix, id, allow_flush: route.allow_flush, entry: Entry::new(root, desk.clone()) })
    });
    Rc::new(Tree::new(branches.collect()))
}

/// What tells a route's items from those of others: its prefix, so that it is the same one wherever another configuration
/// puts it and whatever it changes about it. Two prefixes would need the same 64-bit hash to be taken for one.
pub fn identity(prefix: &str) -> u64 {
    xxh3_64(prefix.as_bytes())
}

/// One of the pools of a route, with its gutter if it has one.
fn with_gutter(
    snapshot: &Snapshot,
    route: &config::Route,
    (pool, pools): (usize, &[Rc<Pool>]),
    desk: &Rc<Desk>,
    turn: &Rc<Turn>,
) -> Rc<dyn Route> {
    let own = pools[pool].clone();
    let Some(gutter) = route.gutter(pool, &snapshot.config.pools) else { return own };
    let leases = route.refresh.as_ref().map(|_| identity(&prefix_of(route)));
    let cap = Cap::seconds(route.longest_in(gutter).as_secs());
    let other = Entry::new(pools[gutter.pool].clone(), desk.clone());
    Rc::new(Gutter::new((own.clone(), Entry::new(own, desk.clone())), other, cap, leases, turn.clone()))
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

fn pool(snapshot: &Snapshot, place: usize, connect: &mut impl FnMut(&Arc<Target>, ServerId) -> Rc<Server>) -> Pool {
    let (shared, name) = (&snapshot.pools[place], snapshot.config.pools[place].name.clone());
    let servers = &snapshot.config.pools[place].servers;
    let members = shared.members.iter().zip(servers).filter_map(|(member, server)| {
        Some(match member {
            Member::Embedded(label, store) => Upstream::Embedded(label.clone(), store.clone()),
            Member::Server(target) => {
                let id = snapshot.layout.server(&name, &server.name)?;
                Upstream::Server(connect(target, id))
            }
        })
    });
    Pool::new(name.clone(), shared.placement.clone(), members.collect())
}
