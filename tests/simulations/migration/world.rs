//! Two pools of one server each, the sidecars before them, time, and the scheduler that decides by a seed what happens
//! next.
//!
//! ```text
//!   person ─▶ MigrationNode ─▶ Leaf ─▶ wire ──(the scheduler takes the oldest)──▶ EmbeddedStore from, to
//!   person ◀─ MigrationNode ◀─ Leaf ◀─ wire ◀─(the scheduler delivers the oldest)──┘
//! ```
//! All of the product between `person` and `wire` is the real code. Time stands still while anything can happen; once
//! nothing can it jumps to the next timer, so that nothing is under way any more when a claim runs out.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leash::protocol::{Command, Exptime, Get, Key, Reply, Request, Returns, Store};
use leash::route::migration::decide::FoundInTo;
use leash::route::{Client, Entry};
use leash::store::EmbeddedStore;
use tokio::time::{Instant, advance, timeout};

use support::random::Random;

use super::oracle::{self, Deed, Op};
use super::people::{Plot, set_the_scene};
use super::server::{FROM, Fault, TO, carry_out};
use super::sidecar::{Person, STAGES, Stage, start};
use crate::engine::{Letter, Net, Next, Processes, Whose, Wires};

/// No simulated story is longer.
const MOST_STEPS: usize = 20_000;
/// Longer than any story.
pub const LONG: Duration = Duration::from_secs(3600);
/// With nothing to do for this long, nobody will ever do anything.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

/// What came of one seed.
pub struct Outcome {
    pub broken: Option<String>,
    pub story: String,
}

/// One process before the pools, which may be reloaded.
struct Sidecar {
    /// The way into the route as it is configured now.
    entry: Entry,
    /// The first wire of each configuration it had.
    wires: Vec<usize>,
    is_there: bool,
}

/// Everything there is.
pub struct World {
    chance: RefCell<Random>,
    pub processes: Processes,
    pub wires: Wires,
    pub stores: [EmbeddedStore; 2],
    pub key: Key,
    pub fault: Fault,
    /// How long a request may take; longer than any story, or so short that many run out of time.
    pub patience: Duration,
    /// Deletes that a fault holds back, by what they are done for.
    pub late: RefCell<Vec<(usize, Request)>>,
    ops: RefCell<Vec<Op>>,
    tick: Cell<u64>,
    broken: RefCell<Option<String>>,
    sidecars: RefCell<Vec<Sidecar>>,
    /// The phases that sidecars may be in.
    pair: [Stage; 2],
    /// For each person, the sidecar it is connected to.
    people: RefCell<Vec<usize>>,
    began: Instant,
    told: Option<RefCell<Vec<String>>>,
}

/// Plays one seed.
pub async fn play(plot: Plot, seed: u64, fault: Fault, is_told: bool) -> Outcome {
    let earlier = (seed % super::PAIRS) as usize;
    let pair = [STAGES[earlier], STAGES[earlier + 1]];
    let world = World::new(Random::new(seed), pair, fault, is_told);
    set_the_scene(&world, plot, pair[0]);
    let sidecars = 2 + world.below(2);
    (0..sidecars).for_each(|number| world.start(pair[(number + world.below(2)) % 2]));
    for number in 0..2 + world.below(4) {
        let sidecar = world.below(sidecars);
        world.people.borrow_mut().push(sidecar);
        let person = Person { world: world.clone(), number, sidecar, client: Client::new() };
        world.processes.begin(Whose::Person(sidecar), 0, person.act(plot));
    }
    world.unfold().await;
    if world.broken.borrow().is_none() {
        world.judge_the_end(plot, pair);
    }
    let story = world.told.as_ref().map_or_else(String::new, |told| told.borrow().join("\n"));
    // People and their sidecars hold the world, and the world them.
    world.processes.end(|_| true);
    world.wires.clear();
    Outcome { broken: world.broken.take(), story }
}

impl World {
    fn new(mut chance: Random, pair: [Stage; 2], fault: Fault, is_told: bool) -> Rc<World> {
        let hurried = Duration::from_millis(1 + chance.below(40) as u64);
        let patience = if chance.chance(30) { hurried } else { LONG };
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
            chance: RefCell::new(chance),
            processes: Processes::default(),
            wires: Wires::default(),
            stores: [EmbeddedStore::new(1 << 20, 1 << 16), EmbeddedStore::new(1 << 20, 1 << 16)],
            key: Key::text("k".into()).unwrap(),
            fault,
            patience,
            late: RefCell::default(),
            ops: RefCell::new(vec![begin]),
            tick: Cell::new(0),
            broken: RefCell::default(),
            sidecars: RefCell::default(),
            pair,
            people: RefCell::default(),
            began: Instant::now(),
            told: is_told.then(RefCell::default),
        })
    }

    fn start(self: &Rc<Self>, stage: Stage) {
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

    pub fn below(&self, bound: usize) -> usize {
        self.chance.borrow_mut().below(bound)
    }

    pub fn percent(&self, percent: usize) -> bool {
        self.chance.borrow_mut().chance(percent)
    }

    pub fn clock(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.began.elapsed()
    }

    /// Puts a line into the story, if anybody will read it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(told) = &self.told {
            told.borrow_mut().push(format!(
                "{:6} {:7.3} {}",
                self.tick.get(),
                self.began.elapsed().as_secs_f64(),
                line()
            ));
        }
    }

    fn now(&self) -> u64 {
        self.tick.set(self.tick.get() + 1);
        self.tick.get()
    }

    pub fn begin(&self, person: usize, deed: Deed) -> usize {
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

    pub fn answered(&self, op: usize, reply: &Reply) {
        let now = self.now();
        self.tell(|| format!("op {op:<3} is answered {reply:?}"));
        let mut ops = self.ops.borrow_mut();
        (ops[op].end, ops[op].reply) = (Some(now), Some(reply.clone()));
        ops[op].is_late = self.is_hurried() && matches!(reply, Reply::Failed(_) | Reply::Error(_));
        let broken = oracle::judge(&ops, op);
        drop(ops);
        broken.into_iter().for_each(|why| self.find_broken(why));
    }

    pub fn find_broken(&self, why: String) {
        self.broken.borrow_mut().get_or_insert(why);
    }

    async fn unfold(self: &Rc<Self>) {
        for _ in 0..MOST_STEPS {
            self.processes.settle(&self.chance);
            if self.broken.borrow().is_some() {
                return;
            }
            match self.wires.choose(&self.chance) {
                Some(next) => self.happen(next),
                None if !self.processes.any(|_| true) => return,
                None => {
                    if timeout(FOR_EVER, self.processes.woken()).await.is_err() {
                        return self.find_broken("something waits for ever".into());
                    }
                }
            }
            if self.percent(1) {
                self.crash();
            }
            if self.percent(1) {
                self.reload();
            }
            if self.is_hurried() && self.percent(5) {
                advance(Duration::from_millis(1 + self.below(5) as u64)).await;
            }
        }
        self.find_broken(format!("the story does not end within {MOST_STEPS} steps"));
    }

    fn happen(&self, next: Next) {
        match next {
            Next::Serve(wire) => self.serve(wire),
            Next::Deliver(wire) => self.wires.deliver(wire),
            Next::Person(number) => self.wires.let_go(number),
        }
    }

    fn serve(&self, number: usize) {
        let Some(asked) = self.wires.take(number, VecDeque::pop_front) else { return };
        let reply = carry_out(self, number % 2, &asked);
        let now = self.now();
        self.tell(|| {
            let pool = ["from", "to"][number % 2];
            format!("  op {:<3} {pool:4} {:?}\n                   -> {reply:?}", asked.op, asked.request.command)
        });
        let op = &mut self.ops.borrow_mut()[asked.op];
        if op.is_crashed || op.is_late {
            op.end = Some(now);
        }
        self.wires.answer(number, asked, reply);
    }

    /// A sidecar dies, with whoever is connected to it. Of what it sent some may still be done.
    fn crash(&self) {
        let number = self.below(self.sidecars.borrow().len());
        let are_there = self.sidecars.borrow().iter().filter(|sidecar| sidecar.is_there).count();
        if !self.sidecars.borrow()[number].is_there || are_there < 2 {
            return;
        }
        self.sidecars.borrow_mut()[number].is_there = false;
        self.tell(|| format!("sidecar {number} crashes"));
        let now = self.now();
        self.processes.end(|whose| whose == Whose::Sidecar(number) || whose == Whose::Person(number));
        for wire in &self.sidecars.borrow()[number].wires {
            [FROM, TO].iter().for_each(|pool| self.wires.cut(wire + pool, &self.chance));
        }
        let is_cut_off = |op: &&mut Op| op.end.is_none() && self.people.borrow().get(op.person) == Some(&number);
        for op in self.ops.borrow_mut().iter_mut().filter(is_cut_off) {
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

    fn judge_the_end(&self, plot: Plot, pair: [Stage; 2]) {
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
        if plot == Plot::Counter && count < oracle::highest_count(&ops) {
            self.find_broken(format!("promise 3: the counter is {count} in the end"));
        }
    }
}

impl Net for World {
    fn send(&self, wire: usize, request: Request) -> Rc<Letter> {
        self.wires.send(wire, request, self.processes.acting.get(), |_| ())
    }
}
