//! Sidecars, each with its lease table and its workers, and the persons connected to them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leash::protocol::{Command, Delete, Exptime, Get, Reply, Request, Returns, Store};
use leash::route::refresh::leases::Leases;
use leash::route::{Client, Entry, PendingReplies, RefreshNode};
use tokio::time::sleep;

use super::deeds::Deed;
use super::world::World;
use crate::engine::{LONG, Simulated, Whose, leaf, uncounted};

/// As many may wait in one sidecar.
const MOST_WAITING: usize = 32;

/// One sidecar.
pub struct Sidecar {
    leases: Arc<Leases>,
    workers: Vec<Worker>,
}

struct Worker {
    entry: Entry,
    route: Rc<RefreshNode>,
    wire: usize,
}

impl Sidecar {
    pub fn new(world: &Rc<World>, workers: usize) -> Sidecar {
        // A lease table forgets by the real clock: never within a story.
        let leases = Leases::new(LONG, MOST_WAITING);
        let workers = (0..workers).map(|_| Worker::new(world, &leases)).collect();
        Sidecar { leases, workers }
    }

    pub fn wires(&self) -> impl Iterator<Item = usize> {
        self.workers.iter().map(|worker| worker.wire)
    }

    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// What is wrong with it when everybody is gone: something is still held.
    pub fn leftovers(&self) -> Option<String> {
        let held = self.workers.iter().map(|worker| Rc::strong_count(&worker.route) - 2).sum::<usize>();
        if held > 0 {
            return Some(format!("promise 6: {held} tasks are left behind"));
        }
        let leaves: Vec<_> = (0..=MOST_WAITING).map(|_| self.leases.wait()).collect();
        let free = leaves.iter().flatten().count();
        (free != MOST_WAITING).then(|| format!("promise 6: {} waiters are left behind", MOST_WAITING - free))
    }
}

impl Worker {
    fn new(world: &Rc<World>, leases: &Arc<Leases>) -> Worker {
        let (wire, env) = (world.wires.lay(1), world.simulation.clone());
        let pending = Rc::new(PendingReplies::uncounted(env.clone()));
        let below = leaf(world, wire, &pending);
        let route = Rc::new(RefreshNode::new(world.policy.clone(), below, leases.clone(), env, uncounted()));
        Worker { entry: Entry::new(route.clone(), pending, LONG), route, wire }
    }
}

/// Somebody with a connection to one worker of one sidecar.
pub struct Person {
    pub world: Rc<World>,
    pub number: usize,
    sidecar: usize,
    entry: Entry,
    client: Rc<Client>,
    knows_marks: bool,
}

impl Person {
    pub fn new(world: &Rc<World>, sidecar: usize) -> Person {
        let sidecars = world.sidecars.borrow();
        let workers = &sidecars[sidecar].workers;
        let entry = workers[world.below(workers.len())].entry.clone();
        let number = world.connect(sidecar);
        let knows_marks = world.percent(30);
        world.tell(|| format!("person {number} connects to sidecar {sidecar}, knows marks: {knows_marks}"));
        Person { world: world.clone(), number, sidecar, entry, client: Client::new(), knows_marks }
    }

    /// At any sidecar.
    pub fn somewhere(world: &Rc<World>) -> Person {
        Person::new(world, world.any_sidecar())
    }

    pub fn whose(&self) -> Whose {
        Whose::person(self.number, self.sidecar)
    }

    /// Asks, and waits for the reply.
    pub async fn ask(&self, deed: Deed, command: impl FnOnce(String) -> Command) -> Reply {
        let world = &self.world;
        let op = world.oracle.borrow_mut().begin(self.number, deed);
        let value = world.oracle.borrow().value(op);
        let request = Request { key: world.key.clone(), command: command(value) };
        world.ask(op, self.whose(), &self.entry, &self.client, &request).come().await
    }

    pub async fn read(&self) -> Reply {
        let get = Get { returns: Returns::VALUE, knows_marks: self.knows_marks, ..Get::default() };
        self.ask(Deed::Read, |_| Command::Get(get)).await
    }

    /// Stores a version, as the write that made it if it `finishes` one.
    pub async fn set(&self, version: u64, ttl: i32, finishes: bool) -> Reply {
        let set = |value: String| {
            Command::Store(Store { value: value.into(), ttl: Some(Exptime::new(ttl)), ..Store::default() })
        };
        self.ask(Deed::Set { version, finishes }, set).await
    }

    pub async fn delete(&self, version: u64) -> Reply {
        self.ask(Deed::Delete { version }, |_| Command::Delete(Delete::default())).await
    }

    /// Reads with the CAS unique, and stores by it what a small change makes of the value.
    pub async fn swap(&self, ttl: i32) {
        let get = Get { returns: Returns::VALUE.and(Returns::CAS), ..Get::default() };
        let Reply::Hit(item) = self.ask(Deed::Read, |_| Command::Get(get)).await else { return };
        let base = self.world.oracle.borrow().puts.of(item.value.as_deref().unwrap_or_default());
        let Some(base) = base else { return };
        self.turn().await;
        let compare_cas = Some(item.cas);
        let cas = |value: String| {
            Command::Store(Store { value: value.into(), ttl: Some(Exptime::new(ttl)), compare_cas, ..Store::default() })
        };
        self.ask(Deed::Swap { base }, cas).await;
    }

    /// Stores past leash.
    pub async fn set_past_leash(&self, wire: usize, version: u64) {
        let world = &self.world;
        let op = world.oracle.borrow_mut().begin(self.number, Deed::Set { version, finishes: true });
        world.oracle.borrow_mut().ops[op].is_past_leash = true;
        let value = world.oracle.borrow().value(op).into();
        let command = Command::Store(Store { value, ttl: Some(Exptime::new(0)), ..Store::default() });
        world.tell(|| format!("op {op:<3} {} writes past leash", self.whose()));
        let reply = world.send(op, wire, Request { key: world.key.clone(), command }).come().await;
        world.answered(op, &reply);
    }

    pub fn has_won(&self) -> bool {
        self.world.oracle.borrow().has_won(self.number)
    }

    pub async fn turn(&self) {
        self.world.wires.turn().await;
    }

    pub async fn pause(&self, millis: usize) {
        if millis > 0 {
            sleep(Duration::from_millis(millis as u64)).await;
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.client.leave();
    }
}

/// A list that persons write into and a scenario reads.
pub type Notes<T> = Rc<RefCell<Vec<T>>>;
