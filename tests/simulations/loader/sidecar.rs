//! One sidecar: its leases, its line of calls, and its workers, whose routes a reload replaces.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use leash::metrics::{RouteLabel, Shard, ShardLayout};
use leash::route::refresh::leases::Leases;
use leash::route::{Entry, PendingReplies, RefreshNode};
use leash::runtime::env::Env;
use tokio::time::Instant;

use super::endpoint::{Loading, Loads};
use super::world::World;
use crate::engine::Leaf;

/// As many may wait in one sidecar.
const MOST_WAITING: usize = 32;
/// Longer than any story.
const LONG: Duration = Duration::from_secs(3600);

/// One sidecar.
pub struct Sidecar {
    leases: Arc<Leases>,
    pub loading: Rc<Loading>,
    workers: Vec<RefCell<Worker>>,
}

struct Worker {
    entry: Entry,
    route: Rc<RefreshNode>,
    wire: usize,
}

impl Sidecar {
    pub fn new(world: &Rc<World>, number: usize, workers: usize) -> Sidecar {
        let (leases, loading) = (Leases::new(LONG, MOST_WAITING), Loading::new(world, number));
        let worker = |_| RefCell::new(Worker::new(world, &leases, &loading, world.wires.lay(1)));
        Sidecar { workers: (0..workers).map(worker).collect(), leases, loading }
    }

    pub fn wires(&self) -> impl Iterator<Item = usize> {
        self.workers.iter().map(|worker| worker.borrow().wire)
    }

    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The way into it as it is configured now.
    pub fn entry(&self, worker: usize) -> Entry {
        self.workers[worker].borrow().entry.clone()
    }

    /// New routes for the same leases and the same line; what is under way ends on the old ones.
    pub fn reload(&self, world: &Rc<World>) {
        self.loading.max_in_flight.set(1 + world.below(3));
        for worker in &self.workers {
            let wire = worker.borrow().wire;
            worker.replace(Worker::new(world, &self.leases, &self.loading, wire));
        }
    }

    /// What is wrong with it when everybody is gone: something is still held.
    pub fn leftovers(&self) -> Option<String> {
        let held: usize = self.workers.iter().map(|worker| Rc::strong_count(&worker.borrow().route) - 2).sum();
        let leaves: Vec<_> = (0..=MOST_WAITING).map(|_| self.leases.wait()).collect();
        let free = leaves.iter().flatten().count();
        let is_idle = self.loading.is_idle();
        let is_clean = held == 0 && free == MOST_WAITING && is_idle;
        (!is_clean).then(|| format!("promise 5: {held} tasks are left behind, {free} places free, idle: {is_idle}"))
    }
}

impl Worker {
    fn new(world: &Rc<World>, leases: &Arc<Leases>, loading: &Rc<Loading>, wire: usize) -> Worker {
        static LAYOUT: OnceLock<Arc<ShardLayout>> = OnceLock::new();
        let label = RouteLabel { prefix: "item".into(), refreshes: true, migrates: false, loads: true };
        let layout = LAYOUT.get_or_init(|| ShardLayout::new(&[label], &[]));
        let stage = Rc::new(Stage(world.clone()));
        let pending = Rc::new(PendingReplies::uncounted(stage.clone()));
        let below = Entry::new(Rc::new(Leaf { net: world.clone(), wire }), pending.clone(), LONG);
        let counted = (Arc::new(Shard::new(layout)), layout.route("item").unwrap(), 0);
        let route = RefreshNode::new(world.policy(), below, leases.clone(), stage, counted);
        let route = Rc::new(route.regenerated(Rc::new(Loads(loading.clone()))));
        Worker { entry: Entry::new(route.clone(), pending, LONG), route, wire }
    }
}

/// Time and chance for the product.
struct Stage(Rc<World>);

impl Env for Stage {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn unix(&self) -> i64 {
        self.0.clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
    }

    fn chance(&self) -> f64 {
        self.0.below(1000) as f64 / 999.0
    }

    fn random(&self) -> u128 {
        u128::from(self.0.chance.borrow_mut().number())
    }
}
