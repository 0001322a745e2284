//! One holder, the sidecars before it, time, and the scheduler that decides by a seed what happens next. Time stands still
//! while anything can happen, but for a moment now and then; once nothing can it jumps to the next timer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use leash::config::QueueMode;
use leash::protocol::{Cause, Failure, Reply, Request};
use leash::queue::QueueHolder;
use leash::route::queue::decide::QueueRules;
use leash::route::queue::{QueueHolding, QueueNode, QueuesBehind};
use leash::route::{Entry, PendingReplies};
use leash::runtime::env::Env;
use support::Random;
use tokio::time::{Instant, advance, timeout};

use super::super::disk::Platter;
use super::Fault;
use super::people::Person;
use super::truth::{Op, Truth};
use crate::engine::{Leaf, Letter, Net, Next, Processes, Whose, Wires};

/// No simulated story is longer.
const MOST_STEPS: usize = 20_000;
/// Longer than any story.
const LONG: Duration = Duration::from_secs(3600);
/// With nothing to do for this long, nobody will ever do anything.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);
pub const RESERVE: Duration = Duration::from_secs(9);
pub const QUEUES: [&str; 2] = ["a", "b"];
const UNIX: i64 = 1_700_000_000;

/// What came of one seed.
pub struct Outcome {
    pub broken: Option<String>,
    pub story: String,
}

/// A connection between a sidecar and the holder.
struct Connection {
    /// Another number for each connection, as the holder and the sidecar count alike.
    era: u64,
    /// Whether the holder knows it no more, and the sidecar has not noticed.
    is_broken: bool,
}

/// Everything there is.
pub struct World {
    chance: RefCell<Random>,
    pub processes: Processes,
    pub wires: Wires,
    pub platter: Platter,
    pub holder: RefCell<Option<QueueHolder<Platter, usize>>>,
    pub rules: QueueRules,
    pub fault: Fault,
    pub truth: RefCell<Truth>,
    connections: RefCell<Vec<Connection>>,
    numbers: Cell<u64>,
    /// The way into each sidecar, and its wire.
    sidecars: RefCell<Vec<(Entry, usize)>>,
    bodies: Cell<u64>,
    people: Cell<usize>,
    broken: RefCell<Option<String>>,
    began: Instant,
    told: Option<RefCell<Vec<String>>>,
}

/// Plays one seed.
pub async fn play(seed: u64, fault: Fault, is_told: bool) -> Outcome {
    let world = World::new(Random::new(seed), fault, is_told);
    world.open_holder();
    let sidecars = 1 + world.below(3);
    for _ in 0..sidecars {
        let sidecar = world.start();
        world.sidecars.borrow_mut().push(sidecar);
    }
    (0..2 + world.below(4)).for_each(|_| world.call(world.below(sidecars)));
    world.unfold().await;
    if world.broken.borrow().is_none() {
        world.judge_the_end();
    }
    let story = world.told.as_ref().map_or_else(String::new, |told| told.borrow().join("\n"));
    // People and their sidecars hold the world, and the world them.
    world.processes.end(|_| true);
    world.wires.clear();
    world.sidecars.borrow_mut().clear();
    Outcome { broken: world.broken.take(), story }
}

impl World {
    fn new(mut chance: Random, fault: Fault, is_told: bool) -> Rc<World> {
        let mode = if chance.chance(50) { QueueMode::Reserve } else { QueueMode::Kestrel };
        Rc::new(World {
            chance: RefCell::new(chance),
            processes: Processes::default(),
            wires: Wires::default(),
            platter: Platter::default(),
            holder: RefCell::default(),
            rules: QueueRules { mode, allow_flush: false, plain: 0 },
            fault,
            truth: RefCell::new(Truth::new()),
            connections: RefCell::default(),
            numbers: Cell::new(0),
            sidecars: RefCell::default(),
            bodies: Cell::new(0),
            people: Cell::new(0),
            broken: RefCell::default(),
            began: Instant::now(),
            told: is_told.then(RefCell::default),
        })
    }

    /// Another person calls a sidecar.
    fn call(self: &Rc<Self>, sidecar: usize) {
        self.people.set(self.people.get() + 1);
        let person = Person::new(self, self.people.get(), sidecar);
        self.processes.begin(Whose::Person(sidecar), 0, person.act());
    }

    /// Begins a sidecar.
    fn start(self: &Rc<Self>) -> (Entry, usize) {
        let wire = self.wires.lay(1);
        let era = self.next_number();
        self.connections.borrow_mut().push(Connection { era, is_broken: false });
        let clock = Rc::new(Clock(self.clone()));
        let pending = Rc::new(PendingReplies::uncounted(clock.clone()));
        let pool = Entry::new(Rc::new(Leaf { net: self.clone(), wire }), pending.clone(), LONG);
        let reserve = if self.fault == Fault::GivesBackStale { 3 * RESERVE } else { RESERVE };
        let behind = QueueHolding::Behind(QueuesBehind::new(pool, reserve, 7, clock.clone()));
        let node = QueueNode::new(behind, self.rules, 7, clock);
        (Entry::new(Rc::new(node), pending, LONG), wire)
    }

    /// A number that nothing else has: of a connection, of a client.
    pub fn next_number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    pub fn era_of(&self, wire: usize) -> u64 {
        self.connections.borrow()[wire].era
    }

    pub fn way_into(&self, sidecar: usize) -> Entry {
        self.sidecars.borrow()[sidecar].0.clone()
    }

    pub fn below(&self, bound: usize) -> usize {
        self.chance.borrow_mut().below(bound)
    }

    pub fn percent(&self, percent: usize) -> bool {
        self.chance.borrow_mut().chance(percent)
    }

    pub fn up(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn unix(&self) -> i64 {
        UNIX + self.up().as_secs().cast_signed()
    }

    /// A message that was never put before.
    pub fn body(&self) -> Bytes {
        self.bodies.set(self.bodies.get() + 1);
        format!("m{}{}", self.bodies.get(), "x".repeat(self.below(40))).into()
    }

    pub fn begin(&self, op: Op) -> usize {
        let ops = &mut self.truth.borrow_mut().ops;
        ops.push(op);
        ops.len() - 1
    }

    /// Puts a line into the story, if anybody will read it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(told) = &self.told {
            told.borrow_mut().push(format!("{:8.3} {}", self.up().as_secs_f64(), line()));
        }
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
                None if !self.processes.any(|whose| matches!(whose, Whose::Person(_))) => return,
                None => {
                    if timeout(FOR_EVER, self.processes.woken()).await.is_err() {
                        return self.find_broken("something waits for ever".into());
                    }
                }
            }
            self.trouble();
            if self.percent(5) {
                advance(Duration::from_millis(1 + self.below(3_000) as u64)).await;
            }
        }
        self.find_broken(format!("the story does not end within {MOST_STEPS} steps"));
    }

    fn happen(&self, next: Next) {
        match next {
            Next::Serve(wire) if self.connections.borrow()[wire].is_broken => self.notice(wire),
            Next::Serve(wire) => self.serve(wire),
            Next::Deliver(wire) => self.wires.deliver(wire),
            Next::Person(number) => self.wires.let_go(number),
        }
    }

    fn trouble(self: &Rc<Self>) {
        let wires = self.connections.borrow().len();
        let sidecars = self.sidecars.borrow().len();
        match self.below(300) {
            0 => self.platter.fill(self.percent(50)),
            1 => self.platter.fail_syncs(self.percent(30)),
            2 => self.platter.dies_after(self.below(6) as u32, self.below(120)),
            3 => self.end_holder(),
            4..=6 => self.break_connection(self.below(wires)),
            13 if self.percent(50) => self.crash(self.below(sidecars)),
            7..=12 => self.notice(self.below(wires)),
            _ => {}
        }
    }

    /// A sidecar dies, and with it the connections of its clients; of what it sent, some arrives. Others call the next one.
    fn crash(self: &Rc<Self>, sidecar: usize) {
        self.tell(|| format!("sidecar {sidecar} dies"));
        self.processes.end(|whose| whose == Whose::Sidecar(sidecar) || whose == Whose::Person(sidecar));
        let wire = self.sidecars.borrow()[sidecar].1;
        self.wires.cut(wire, &self.chance);
        let next = self.start();
        self.sidecars.borrow_mut()[sidecar] = next;
        (0..self.below(3)).for_each(|_| self.call(sidecar));
    }

    /// A connection breaks; the holder notices first.
    fn break_connection(&self, wire: usize) {
        let consumer = {
            let connection = &mut self.connections.borrow_mut()[wire];
            if std::mem::replace(&mut connection.is_broken, true) {
                return;
            }
            connection.era
        };
        self.tell(|| format!("the connection of sidecar {wire} breaks"));
        self.leave(consumer);
    }

    /// A sidecar notices that its connection is broken: who waits hears of the loss, and there is another one.
    fn notice(&self, wire: usize) {
        let era = self.next_number();
        {
            let connection = &mut self.connections.borrow_mut()[wire];
            if !std::mem::take(&mut connection.is_broken) {
                return;
            }
            connection.era = era;
        }
        self.tell(|| format!("sidecar {wire} notices that its connection is broken"));
        let lost = Failure { cause: Cause::Disconnected, server: "holder".into(), said: None };
        self.wires.lose(wire, Reply::Failed(lost));
    }

    /// The holder's process ends, and perhaps the machine; the next one begins.
    pub fn end_holder(&self) {
        *self.holder.borrow_mut() = None;
        let machine_too = self.percent(60);
        self.tell(|| format!("the holder ends{}", if machine_too { ", and its machine" } else { "" }));
        self.platter.fill(false);
        self.platter.fail_syncs(false);
        self.platter.begin_again(&mut self.chance.borrow_mut(), machine_too);
        if self.fault == Fault::UsesIdsAgain {
            self.platter.forget_empty();
        }
        self.connections.borrow_mut().iter_mut().for_each(|connection| connection.is_broken = true);
        self.truth.borrow_mut().begins_again();
        self.open_holder();
    }

    fn judge_the_end(&self) {
        self.end_holder();
        for queue in QUEUES.map(Bytes::from) {
            if let Err(why) = self.take_rest(&queue) {
                self.find_broken(why);
            }
        }
    }
}

impl Net for World {
    fn send(&self, wire: usize, request: Request) -> Rc<Letter> {
        self.wires.send(wire, request, self.processes.acting.get(), |_| ())
    }

    fn era(&self, wire: usize) -> u64 {
        if self.fault == Fault::NoticesNoLoss { 0 } else { self.era_of(wire) }
    }
}

struct Clock(Rc<World>);

impl Env for Clock {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn unix(&self) -> i64 {
        self.0.unix()
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn random(&self) -> u128 {
        0
    }
}
