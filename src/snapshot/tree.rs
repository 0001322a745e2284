//! Builds a worker's tree from the configuration. The only file of the tree that knows there is one.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::config::{self, Queues, QueuesKept, RouteEnd};
use crate::metrics::{RouteId, ServerId, Shard, route_label};
use crate::route::gutter::decide::Cap;
use crate::route::loader::{LoaderBounds, RouteLoader};
use crate::route::queue::decide::QueueRules;
use crate::route::queue::{QueueHolding, QueueNode, QueuesBehind, QueuesHere};
use crate::route::refresh::decide::{EarlyRefresh, Policy};
use crate::route::{
    Branch, Entry, GutterNode, MigrationNode, NamespaceNode, Node, PendingReplies, PoolNode, RefreshNode, Tree,
};
use crate::runtime::memory::{Account, Memory};
use crate::runtime::turn::Turn;
use crate::snapshot::{PoolView, SharedServer, Snapshot, prefix_of};
use crate::upstream::{Server, ServerOrStore, Servers, Target};

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
    let builder = TreeBuilder::new(snapshot, &mut server, turn, memory, shard);
    let tree = Rc::new(Tree::new(snapshot.config.routes.iter().filter_map(|route| builder.branch(route)).collect()));
    known.retire();
    tree
}

/// The migration of each route, by its place in the configuration, for `leash warm`, which brings items over of its own
/// accord. With connections of its own, and without gutters: no reader would find a copy there.
pub fn migrations(
    snapshot: &Snapshot,
    turn: &Rc<Turn>,
    memory: &Rc<Memory>,
    shard: &Arc<Shard>,
) -> Vec<Option<Rc<MigrationNode>>> {
    let mut server = |target: &Arc<Target>, id| Server::new(target.clone(), turn.clone(), memory, shard.clone(), id);
    let builder = TreeBuilder::new(snapshot, &mut server, turn, memory, shard);
    let alone = |pool: usize| -> Rc<dyn Node> { builder.pools[pool].clone() };
    snapshot.config.routes.iter().map(|route| builder.migration(route, alone)).collect()
}

/// What a tree is built of.
struct TreeBuilder<'s> {
    snapshot: &'s Snapshot,
    turn: &'s Rc<Turn>,
    account: &'s Arc<Account>,
    shard: &'s Arc<Shard>,
    pools: Vec<Rc<PoolNode>>,
    pending: Rc<PendingReplies>,
}

impl<'s> TreeBuilder<'s> {
    fn new(
        snapshot: &'s Snapshot,
        connect: &mut impl FnMut(&Arc<Target>, ServerId) -> Rc<Server>,
        turn: &'s Rc<Turn>,
        memory: &'s Rc<Memory>,
        shard: &'s Arc<Shard>,
    ) -> TreeBuilder<'s> {
        let pools = snapshot.pools().map(|known| Rc::new(pool(snapshot, known, connect))).collect();
        let pending = Rc::new(PendingReplies::new(memory, turn.clone()));
        TreeBuilder { snapshot, turn, account: memory.account(), shard, pools, pending }
    }

    fn entry(&self, root: Rc<dyn Node>, patience: Duration) -> Entry {
        Entry::new(root, self.pending.clone(), patience)
    }

    /// How long a request may take that needs several steps: as long as its server may, or both servers where two pools
    /// have to be asked.
    fn patience(&self, route: &config::Route) -> Duration {
        let side = |pool: usize| self.patience_with_gutter(route, pool);
        match &route.migrate {
            Some(migrate) => side(migrate.from) + side(migrate.to),
            None => route.pool().map(side).unwrap_or_default(),
        }
    }

    fn patience_with_gutter(&self, route: &config::Route, pool: usize) -> Duration {
        let pools = &self.snapshot.config.pools;
        let gutter = route.gutter(pool, pools).map(|gutter| pools[gutter.pool].request_timeout);
        match gutter {
            // On a route that migrates, each side is either its pool or the gutter at a time.
            Some(gutter) if route.migrate.is_some() => pools[pool].request_timeout.max(gutter),
            Some(gutter) => pools[pool].request_timeout + gutter,
            None => pools[pool].request_timeout,
        }
    }

    fn branch(&self, route: &config::Route) -> Option<Branch> {
        let prefix = prefix_of(route);
        let (id, patience) = (self.snapshot.layout.route(&prefix)?, self.patience(route));
        let mut root: Rc<dyn Node> = match (self.migration(route, |pool| self.with_gutter(route, pool)), &route.end) {
            (Some(migration), _) => migration,
            (None, RouteEnd::Pool(pool)) => self.with_gutter(route, *pool),
            (None, RouteEnd::Queues(queues)) => Rc::new(self.queues(route, queues)?),
        };
        if let Some(refresh) = &route.refresh {
            let (leases, turn) = (self.snapshot.leases.clone(), self.turn.clone());
            let counted = (self.shard.clone(), id, identity(&prefix));
            let (below, letters) = (self.entry(root, patience), refresh.letters);
            let refresh = RefreshNode::new(policy(refresh), below, leases, turn, counted).telling_by_letters(letters);
            root = match self.loader(route, id) {
                Some(loader) => Rc::new(refresh.regenerated(Rc::new(loader))),
                None => Rc::new(refresh),
            };
        }
        if !route.namespace.is_empty() {
            root = Rc::new(NamespaceNode::new(&route.namespace, root));
        }
        Some(Branch { prefix, id, allow_flush: route.allow_flush, entry: self.entry(root, patience) })
    }

    /// What makes the values of a route, if leash does.
    fn loader(&self, route: &config::Route, id: RouteId) -> Option<RouteLoader> {
        let (loaders, limits, prefix) = (&self.snapshot.loaders, &self.snapshot.config.limits, prefix_of(route));
        let bounds = LoaderBounds { item_size: limits.item_size, queue: limits.waiters };
        let terms = loaders.terms(route, (identity(&prefix), route_label(&prefix)), bounds)?;
        Some(RouteLoader::new(loaders.clone(), terms, self.account.clone(), (self.shard.clone(), id)))
    }

    /// What moves a route between what `side` makes of its two pools.
    fn migration(&self, route: &config::Route, side: impl Fn(usize) -> Rc<dyn Node>) -> Option<Rc<MigrationNode>> {
        let (migrate, prefix) = (route.migrate.as_ref()?, prefix_of(route));
        let patience = self.patience(route);
        let sides = [migrate.from, migrate.to].map(|pool| self.entry(side(pool), patience));
        let counted = (self.shard.clone(), self.snapshot.layout.route(&prefix)?, identity(&prefix) ^ MIGRATES);
        Some(Rc::new(MigrationNode::new(migrate.phase, sides.into(), self.turn.clone(), counted)))
    }

    /// The queues of a route; none where they would be in this process, but it does not serve.
    fn queues(&self, route: &config::Route, queues: &Queues) -> Option<QueueNode> {
        let holding = match &queues.kept {
            QueuesKept::Here(_) => {
                QueueHolding::Here(QueuesHere::new(self.snapshot.keeper(route)?.clone(), self.turn.clone()))
            }
            QueuesKept::Behind(pool) => {
                let pool = self.entry(self.pools[*pool].clone(), self.patience(route));
                let identity = identity(&prefix_of(route));
                QueueHolding::Behind(QueuesBehind::new(pool, queues.reserve, identity, self.turn.clone()))
            }
        };
        let plain = route.namespace.len() + route.prefix.len();
        let rules = QueueRules { mode: queues.mode, allow_flush: route.allow_flush, plain };
        Some(QueueNode::new(holding, rules, identity(&prefix_of(route))))
    }

    /// One of the pools of a route, with its gutter if it has one.
    fn with_gutter(&self, route: &config::Route, pool: usize) -> Rc<dyn Node> {
        let own = self.pools[pool].clone();
        let Some(gutter) = route.gutter(pool, &self.snapshot.config.pools) else { return own };
        let leases = route.refresh.as_ref().map(|_| identity(&prefix_of(route)));
        let cap = Cap::of(route, gutter);
        let patience = self.patience(route);
        let other = self.entry(self.pools[gutter.pool].clone(), patience);
        Rc::new(GutterNode::new((own.clone(), self.entry(own, patience)), other, cap, leases, self.turn.clone()))
    }
}

/// Tells a route's items from those of others by its prefix: so it stays the same route if another configuration moves
/// or changes it. Two prefixes would need the same 64-bit hash to be taken for one.
pub fn identity(prefix: &str) -> u64 {
    xxh3_64(prefix.as_bytes())
}

/// What is decided by, from what was configured.
pub fn policy(refresh: &config::Refresh) -> Policy {
    Policy {
        grace: refresh.grace.as_secs() as u32,
        fail_safe: refresh.fail_safe.as_secs() as u32,
        lease: refresh.lease.as_secs() as u32,
        cold_wait: refresh.cold_wait,
        jitter: refresh.jitter,
        marker: 1 << refresh.marker_bit,
        early: refresh.early.map(|beta| EarlyRefresh { beta }),
    }
}

fn pool(
    snapshot: &Snapshot,
    known: PoolView<'_>,
    connect: &mut impl FnMut(&Arc<Target>, ServerId) -> Rc<Server>,
) -> PoolNode {
    let upstreams = known.servers().filter_map(|server| {
        Some(match server.shared {
            SharedServer::Embedded(label, store) => ServerOrStore::Embedded(label.clone(), store.clone()),
            SharedServer::Server(target) => {
                let id = snapshot.layout.server(&known.config.name, &server.config.name)?;
                ServerOrStore::Server(connect(target, id))
            }
        })
    });
    PoolNode::new(known.config.name.clone(), known.shared.placement.clone(), upstreams.collect())
}
