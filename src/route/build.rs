//! Builds a worker's tree from the configuration. The only file of the tree that knows there is one.

use std::rc::Rc;
use std::sync::Arc;

use super::{Branch, Namespace, Pool, Route, Tree};
use crate::memory::Memory;
use crate::metrics::Shard;
use crate::shared::{Member, Snapshot, prefix_of};
use crate::turn::Turn;
use crate::upstream::{Server, Upstream};

/// The tree of one worker: shared pools, its own connections.
pub fn build(snapshot: &Snapshot, turn: &Rc<Turn>, memory: &Rc<Memory>, shard: &Arc<Shard>) -> Rc<Tree> {
    let pools: Vec<Rc<Pool>> =
        (0..snapshot.pools.len()).map(|i| Rc::new(pool(snapshot, i, turn, memory, shard))).collect();
    let branches = snapshot.config.routes.iter().filter_map(|route| {
        let prefix = prefix_of(route);
        let mut root: Rc<dyn Route> = pools[route.pool].clone();
        if !route.namespace.is_empty() {
            root = Rc::new(Namespace::new(&route.namespace, root));
        }
        let id = snapshot.layout.route(&prefix)?;
        Some(Branch { prefix, id, allow_flush: route.allow_flush, root })
    });
    Rc::new(Tree::new(branches.collect()))
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
