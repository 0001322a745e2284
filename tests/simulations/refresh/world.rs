//! One memcached, the sidecars before it, time, and the scheduler that decides by a seed what happens next.
//!
//! ```text
//!   person ─▶ RefreshNode ─▶ Leaf ─▶ wire ──(the scheduler takes the oldest)──▶ EmbeddedStore
//!   person ◀─ RefreshNode ◀─ Leaf ◀─ wire ◀─(the scheduler delivers the oldest)──┘
//! ```
//! All of the product between `person` and `wire` is the real code. Time stands still while anything can happen, but
//! for the moments the scheduler lets pass; once nothing can happen it jumps to the next timer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leash::protocol::{Command, Get, Key, Reply, Request};
use leash::route::refresh::decide::{ItemId, Policy};
use leash::runtime::env::Env;
use leash::store::EmbeddedStore;
use tokio::time::{Instant, advance, timeout};

use support::random::Random;

use super::fleet::{LONG, Sidecar};
use super::oracle::Oracle;
use super::server::{Fault, carry_out, is_revocation, next};
use super::trouble::Trouble;
use crate::engine::{Letter, Net, Next, Processes, Wires};

/// No simulated story is longer.
const MOST_STEPS: usize = 20_000;
/// With nothing to do for this long, nobody will ever do anything.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

/// Everything there is.
pub struct World {
    pub chance: RefCell<Random>,
    pub policy: Policy,
    /// How long a request may take.
    pub patience: Duration,
    pub oracle: RefCell<Oracle>,
    pub processes: Processes,
    pub wires: Wires,
    pub sidecars: RefCell<Vec<Sidecar>>,
    pub key: Key,
    /// The truth that values are read from.
    pub truth: Cell<u64>,
    /// Whether a writer is at work: they take turns, as transactions would.
    pub pen_is_taken: Cell<bool>,
    /// Persons, by number: the sidecar each is or was at, and whether it still is.
    pub people: RefCell<Vec<(usize, bool)>>,
    /// How many milliseconds the scheduler lets pass at a time while something is on its way.
    pub drift: Cell<usize>,
    pub store: EmbeddedStore,
    fault: Fault,
    epoch: SystemTime,
    start: Instant,
    told: Option<RefCell<Vec<String>>>,
}

impl World {
    pub fn new(chance: Random, policy: Policy, fault: Fault, is_told: bool) -> Rc<World> {
        let mut chance = chance;
        let epoch = UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + chance.below(1000) as u64);
        Rc::new(World {
            chance: RefCell::new(chance),
            oracle: RefCell::new(Oracle::new(policy.clone())),
            policy,
            patience: LONG,
            processes: Processes::default(),
            wires: Wires::default(),
            sidecars: RefCell::default(),
            key: Key::text("item".into()).unwrap(),
            truth: Cell::new(0),
            pen_is_taken: Cell::new(false),
            people: RefCell::default(),
            drift: Cell::new(250),
            store: EmbeddedStore::new(1 << 20, 1 << 16),
            fault,
            epoch,
            start: Instant::now(),
            told: is_told.then(RefCell::default),
        })
    }

    pub fn below(&self, bound: usize) -> usize {
        self.chance.borrow_mut().below(bound)
    }

    pub fn percent(&self, percent: usize) -> bool {
        self.chance.borrow_mut().chance(percent)
    }

    /// The server's clock.
    pub fn clock(&self) -> SystemTime {
        self.epoch + self.start.elapsed()
    }

    /// Puts a line into the story, if anybody will read it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(told) = &self.told {
            told.borrow_mut().push(format!("{:9.3} {}", self.start.elapsed().as_secs_f64(), line()));
        }
    }

    pub fn story(&self) -> String {
        self.told.as_ref().map_or_else(String::new, |told| told.borrow().join("\n"))
    }

    /// Lets everything happen that will, in an order the seed says, until all persons are done.
    pub async fn unfold(self: &Rc<Self>, mut trouble: Trouble) {
        for _ in 0..MOST_STEPS {
            self.processes.settle(&self.chance);
            if self.oracle.borrow().broken.is_some() {
                return;
            }
            match self.wires.choose(&self.chance) {
                Some(next) => self.happen(next),
                None if !self.processes.any(|_| true) => return,
                None => {
                    self.oracle.borrow_mut().silent(self.policy.cold_wait);
                    if timeout(FOR_EVER, self.processes.woken()).await.is_err() {
                        self.oracle.borrow_mut().broken = Some("promise 6: something waits for ever".into());
                        return;
                    }
                }
            }
            if self.percent(2) {
                advance(Duration::from_millis(1 + self.below(self.drift.get()) as u64)).await;
            }
            if self.percent(1) {
                self.disturb(&mut trouble);
            }
        }
        self.oracle.borrow_mut().broken = Some(format!("the story does not end within {MOST_STEPS} steps"));
    }

    fn happen(&self, next: Next) {
        match next {
            Next::Serve(wire) => self.serve(wire),
            Next::Deliver(wire) => self.wires.deliver(wire),
            Next::Person(number) => self.wires.let_go(number),
        }
    }

    fn serve(&self, number: usize) {
        let Some(asked) = self.wires.take(number, |asked| next(asked, self.fault)) else { return };
        let now = self.clock();
        let had_lease = is_revocation(&asked) && self.lease().is_some();
        let reply = carry_out(&self.store, &asked, self.fault, now);
        self.oracle.borrow_mut().done(&asked, &reply, had_lease, now);
        self.tell(|| {
            let (request, reply) = (super::words::request(&asked.request), super::words::reply(&reply));
            format!("  op {:<3} wire {number} does    {request} -> {reply}", asked.op)
        });
        self.wires.answer(number, asked, reply);
    }

    pub fn lease_key(&self) -> Key {
        ItemId::new(0, &self.key).lease_key()
    }

    /// The lease as the server has it.
    fn lease(&self) -> Option<Reply> {
        let command = Command::Get(Get { no_bump: true, ..Get::default() });
        let reply = self.store.ask(&Request { key: self.lease_key(), command }, self.clock());
        matches!(reply, Reply::Hit(_)).then_some(reply)
    }
}

impl Net for World {
    fn send(&self, wire: usize, request: Request) -> Rc<Letter> {
        self.wires.send(wire, request, self.processes.acting.get(), |asked| {
            self.tell(|| format!("  op {:<3} wire {wire} sends   {}", asked.op, super::words::request(&asked.request)));
            self.oracle.borrow_mut().sent(asked);
        })
    }
}

/// Time and chance for the product.
pub struct Stage(pub Rc<World>);

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
