//! Sidecars, each with its lease table and its workers, and the persons connected to them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use leash::metrics::{RouteLabel, Shard, ShardLayout};
use leash::protocol::{Command, Delete, Exptime, Get, Reply, Request, Returns, Store};
use leash::route::refresh::leases::Leases;
use leash::route::{Client, Entry, PendingReplies, RefreshNode};
use leash::upstream::{ReplyTo, Ticket};
use tokio::time::sleep;

use super::oracle::Deed;
use super::world::{Stage, World};
use crate::engine::{Leaf, Letter, Net, Whose};

/// As many may wait in one sidecar.
const MOST_WAITING: usize = 32;
/// A lease table forgets by the real clock: never within a story.
pub const LONG: Duration = Duration::from_secs(3600);

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
        static LAYOUT: OnceLock<Arc<ShardLayout>> = OnceLock::new();
        let layout = LAYOUT.get_or_init(|| {
            ShardLayout::new(
                &[RouteLabel { prefix: "item".into(), refreshes: true, migrates: false, loads: false }],
                &[],
            )
        });
        let id = layout.route("item").unwrap();
        let wire = world.wires.lay(1);
        let stage = Rc::new(Stage(world.clone()));
        let pending = Rc::new(PendingReplies::uncounted(stage.clone()));
        let below = Entry::new(Rc::new(Leaf { net: world.clone(), wire }), pending.clone(), LONG);
        let counted = (Arc::new(Shard::new(layout)), id, 0);
        let route = Rc::new(RefreshNode::new(world.policy.clone(), below, leases.clone(), stage, counted));
        Worker { entry: Entry::new(route.clone(), pending, world.patience), route, wire }
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

/// Where a reply to a person arrives.
struct Mailbox {
    world: Rc<World>,
    op: usize,
    letter: Letter,
}

impl ReplyTo for Mailbox {
    fn deliver(self: Rc<Self>, _: u64, reply: Reply) {
        self.world.tell(|| format!("op {:<3} is answered {}", self.op, super::words::reply(&reply)));
        self.world.oracle.borrow_mut().answered(self.op, &reply);
        self.letter.put(reply);
    }
}

impl Person {
    pub fn new(world: &Rc<World>, sidecar: usize) -> Person {
        let sidecars = world.sidecars.borrow();
        let workers = &sidecars[sidecar].workers;
        let entry = workers[world.below(workers.len())].entry.clone();
        let number = world.oracle.borrow_mut().person();
        world.people.borrow_mut().push((sidecar, true));
        let knows_marks = world.percent(30);
        world.tell(|| format!("person {number} connects to sidecar {sidecar}, knows marks: {knows_marks}"));
        Person { world: world.clone(), number, sidecar, entry, client: Client::new(), knows_marks }
    }

    /// Asks, and waits for the reply.
    pub async fn ask(&self, deed: Deed, command: impl FnOnce(String) -> Command) -> Reply {
        let world = &self.world;
        let op = world.oracle.borrow_mut().begin(self.number, deed);
        let value = world.oracle.borrow().value(op);
        let request = Request { key: world.key.clone(), command: command(value) };
        let number = self.number;
        world.tell(|| format!("op {op:<3} person {number} asks {}", super::words::request(&request)));
        let mailbox = Rc::new(Mailbox { world: world.clone(), op, letter: Letter::default() });
        let ticket = Ticket::new(mailbox.clone(), 0);
        let ask = || self.entry.ask(&request, &self.client, ticket);
        let reply = world.processes.within(Whose::Sidecar(self.sidecar), op, ask);
        if let Some(reply) = reply {
            mailbox.clone().deliver(0, reply);
        }
        mailbox.letter.come().await
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
        let base = self.world.oracle.borrow().put_of(item.value.as_deref().unwrap_or_default());
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
        world.tell(|| format!("op {op:<3} person {} writes past leash", self.number));
        let before = world.processes.acting.replace(op);
        let letter = world.send(wire, Request { key: world.key.clone(), command });
        world.processes.acting.set(before);
        let reply = letter.come().await;
        world.oracle.borrow_mut().answered(op, &reply);
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

/// The pen of the writers, put down when dropped.
pub struct Pen(Rc<World>);

impl Pen {
    pub fn take(world: &Rc<World>) -> Option<Pen> {
        (!world.pen_is_taken.replace(true)).then(|| Pen(world.clone()))
    }
}

impl Drop for Pen {
    fn drop(&mut self) {
        self.0.pen_is_taken.set(false);
    }
}

/// A list that persons write into and a scenario reads.
pub type Notes<T> = Rc<RefCell<Vec<T>>>;
