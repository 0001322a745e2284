//! Two pools of one server each, and the sidecars before them, which are in two neighbouring phases and change between
//! them. Where requests do not run out of time, none passes while anything can happen, so that nothing is under way any
//! more when a claim runs out.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use leash::protocol::{Command, Exptime, Get, Key, Reply, Request, Returns, Store};
use leash::route::Entry;
use leash::route::migration::decide::FoundInTo;
use leash::store::EmbeddedStore;

use super::oracle::{self, Deed, Op};
use super::server::{FROM, Fault, TO, carry_out};
use super::sidecar::{Stage, start};
use super::story::Scenario;
use crate::engine::{Asked, LONG, Simulated, Simulation};

/// One process before the pools, which may be reloaded.
pub struct Sidecar {
    /// The way into the route as it is configured now.
    entry: Entry,
    /// The first wire of each configuration it had.
    wires: Vec<usize>,
    is_there: bool,
}

/// Everything there is.
pub struct World {
    pub simulation: Rc<Simulation>,
    pub stores: [EmbeddedStore; 2],
    pub key: Key,
    pub fault: Fault,
    /// How long a request may take; longer than any story, or so short that many run out of time.
    pub patience: Duration,
    /// Deletes that a fault holds back, by what they are done for.
    pub late: RefCell<Vec<(usize, Request)>>,
    ops: RefCell<Vec<Op>>,
    tick: Cell<u64>,
    pub sidecars: RefCell<Vec<Sidecar>>,
    /// The phases that sidecars may be in.
    pair: [Stage; 2],
}

impl Deref for World {
    type Target = Simulation;

    fn deref(&self) -> &Simulation {
        &self.simulation
    }
}

impl World {
    pub fn new(simulation: Rc<Simulation>, pair: [Stage; 2], fault: Fault) -> Rc<World> {
        let hurried = Duration::from_millis(1 + simulation.below(40) as u64);
        let patience = if simulation.percent(30) { hurried } else { LONG };
        let begin = Op {
            deed: Deed::Set,
            person: usize::MAX,
            start: 0,
            end: Some(0),
            is_crashed: false,
            is_late: false,
            reply: Some(Reply::Hit(Default::default())),
        };
        Rc::new(World {
            simulation,
            stores: [EmbeddedStore::new(1 << 20, 1 << 16), EmbeddedStore::new(1 << 20, 1 << 16)],
            key: Key::text("k".into()).unwrap(),
            fault,
            patience,
            late: RefCell::default(),
            ops: RefCell::new(vec![begin]),
            tick: Cell::new(0),
            sidecars: RefCell::default(),
            pair,
        })
    }

    pub fn start(self: &Rc<Self>, stage: Stage) {
        let (entry, wire) = start(self, stage);
        let mut sidecars = self.sidecars.borrow_mut();
        self.tell(|| format!("sidecar {} is in {stage:?}", sidecars.len()));
        sidecars.push(Sidecar { entry, wires: vec![wire], is_there: true });
    }

    /// A sidecar goes on in one of the two phases. What it has begun it ends as it began it.
    fn reload(self: &Rc<Self>) {
        let (number, stage) = (self.below(self.sidecars.borrow().len()), self.pair[self.below(2)]);
        let (entry, wire) = start(self, stage);
        self.tell(|| format!("sidecar {number} is in {stage:?} from now on"));
        let sidecar = &mut self.sidecars.borrow_mut()[number];
        sidecar.entry = entry;
        sidecar.wires.push(wire);
    }

    /// Where a request enters a sidecar now.
    pub fn way_into(&self, sidecar: usize) -> Entry {
        self.sidecars.borrow()[sidecar].entry.clone()
    }

    fn now(&self) -> u64 {
        self.tick.set(self.tick.get() + 1);
        self.tick.get()
    }

    pub fn begin_op(&self, person: usize, deed: Deed) -> usize {
        let start = self.now();
        let mut ops = self.ops.borrow_mut();
        ops.push(Op { deed, person, start, end: None, is_crashed: false, is_late: false, reply: None });
        ops.len() - 1
    }

    /// Whether requests may run out of time.
    pub fn is_hurried(&self) -> bool {
        self.patience < LONG
    }

    /// Whether what is done is a plain set.
    pub fn is_set(&self, op: usize) -> bool {
        self.ops.borrow()[op].deed == Deed::Set
    }

    /// A sidecar dies, with whoever is connected to it. Of what it sent some may still be done.
    fn crash(&self) {
        let number = self.below(self.sidecars.borrow().len());
        let are_there = self.sidecars.borrow().iter().filter(|sidecar| sidecar.is_there).count();
        if !self.sidecars.borrow()[number].is_there || are_there < 2 {
            return;
        }
        self.sidecars.borrow_mut()[number].is_there = false;
        let now = self.now();
        let wires: Vec<usize> =
            self.sidecars.borrow()[number].wires.iter().flat_map(|wire| [*wire + FROM, *wire + TO]).collect();
        self.kill(number, wires);
        let here = self.people_of(number);
        for op in self.ops.borrow_mut().iter_mut().filter(|op| op.end.is_none() && here.contains(&op.person)) {
            (op.is_crashed, op.end) = (true, Some(now));
        }
    }

    /// What a pool has, if it is no claim.
    pub fn peek(&self, pool: usize) -> Option<String> {
        let returns = Returns::VALUE.and(Returns::FLAGS).and(Returns::TTL_BEFORE);
        let command = Command::Get(Get { returns, no_bump: true, ..Get::default() });
        let reply = self.stores[pool].ask(&Request { key: self.key.clone(), command }, self.clock());
        let Reply::Hit(item) = reply.clone() else { return None };
        matches!(FoundInTo::of(reply), FoundInTo::Item(_))
            .then(|| String::from_utf8_lossy(&item.value.unwrap()).into_owned())
    }

    pub fn put(&self, pool: usize, value: &'static str) {
        self.put_at(pool, self.key.clone(), value);
    }

    /// Moves a server's CAS uniques on.
    pub fn put_elsewhere(&self, pool: usize) {
        self.put_at(pool, Key::text("other".into()).unwrap(), "other");
    }

    fn put_at(&self, pool: usize, key: Key, value: &'static str) {
        let command = Command::Store(Store { value: value.into(), ttl: Some(Exptime::new(1000)), ..Store::default() });
        self.stores[pool].ask(&Request { key, command }, self.clock());
    }

    pub fn judge_the_end(&self, scenario: Scenario) {
        let pair = self.pair;
        let (from, to) = (self.peek(FROM), self.peek(TO));
        let ops = self.ops.borrow();
        let both_count = pair[0] != Stage::Before && pair[1] != Stage::After;
        let crashed = ops.iter().any(|op| op.is_crashed);
        if let (Some(from), Some(to)) = (&from, &to)
            && from != to
            && both_count
            && !crashed
        {
            self.find_broken(format!("promise 5: from has {from}, to has {to}"));
        }
        let serving = if pair[0] == Stage::Before { from } else { to.or(from) };
        let count = serving.and_then(|value| value.trim().parse().ok()).unwrap_or(0);
        if scenario == Scenario::Counter && count < oracle::highest_count(&ops) {
            self.find_broken(format!("promise 3: the counter is {count} in the end"));
        }
    }
}

impl Simulated for World {
    fn carry_out(&self, wire: usize, asked: &Asked) -> Option<Reply> {
        let reply = carry_out(self, wire % 2, asked);
        let now = self.now();
        let op = &mut self.ops.borrow_mut()[asked.op];
        if op.is_crashed || op.is_late {
            op.end = Some(now);
        }
        Some(reply)
    }

    fn answered(&self, op: usize, reply: &Reply) {
        let now = self.now();
        let mut ops = self.ops.borrow_mut();
        (ops[op].end, ops[op].reply) = (Some(now), Some(reply.clone()));
        ops[op].is_late = self.is_hurried() && matches!(reply, Reply::Failed(_) | Reply::Error(_));
        let broken = oracle::judge(&ops, op);
        broken.into_iter().for_each(|why| self.find_broken(why));
    }

    async fn meanwhile(self: &Rc<Self>) {
        if self.percent(1) {
            self.crash();
        }
        if self.percent(1) {
            self.reload();
        }
        if self.is_hurried() {
            self.sometimes_passes(5, 5).await;
        }
    }
}
