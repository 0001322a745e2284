//! One sidecar: its leases, its line of calls, and its workers, whose routes a reload replaces.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use leash::route::refresh::leases::Leases;
use leash::route::{Entry, PendingReplies, RefreshNode};

use super::endpoint::{Loading, Loads};
use super::world::World;
use crate::engine::{LONG, leaf, uncounted};

/// As many may wait in one sidecar.
const MOST_WAITING: usize = 32;

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
        let env = world.simulation.clone();
        let pending = Rc::new(PendingReplies::uncounted(env.clone()));
        let below = leaf(world, wire, &pending);
        let route = RefreshNode::new(world.policy(), below, leases.clone(), env, uncounted());
        let route = Rc::new(route.regenerated(Rc::new(Loads(loading.clone()))));
        Worker { entry: Entry::new(route.clone(), pending, LONG), route, wire }
    }
}
