//! One memcached, one endpoint, the sidecars between, time, and the scheduler that decides by a seed what happens next.
//!
//! ```text
//!   person ─▶ RefreshNode ─▶ Leaf ─▶ wire ──(the scheduler takes the oldest)──▶ EmbeddedStore
//!                  └▶ Loads ─▶ CallLine ─▶ a call ──(lasts as long as the seed says)──▶ the truth
//! ```
//! Time stands still while anything can happen, but for the moments the scheduler lets pass; once nothing can happen it
//! jumps to the next timer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leash::protocol::{Command, Item, Key, Reply, Request, Store};
use leash::route::loader::decide::KeepTerms;
use leash::route::refresh::decide::Policy;
use leash::store::EmbeddedStore;
use support::Random;
use tokio::time::{Instant, advance, timeout};

use super::endpoint::Mood;
use super::oracle::Oracle;
use super::server::{Fault, carry_out, is_about_lease};
use super::sidecar::Sidecar;
use super::trouble::Trouble;
use crate::engine::{Letter, Net, Next, Processes, Whose, Wires};
use crate::refresh::words;

/// No simulated story is longer.
const MOST_STEPS: usize = 20_000;
/// With nothing to do for this long, nobody will ever do anything.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

/// What was configured.
#[derive(Clone, Debug)]
pub struct Rules {
    pub policy: Policy,
    pub keep: KeepTerms,
    pub timeout: Duration,
    pub soft: Duration,
    pub negative_ttl: u32,
    pub max_in_flight: usize,
    pub queue: usize,
    /// Whether persons touch values: then nobody knows how old one is.
    pub are_touched: bool,
}

/// Somebody, as the world knows them.
struct Known {
    sidecar: usize,
    is_there: bool,
    /// What it does.
    op: Option<usize>,
}

/// Everything there is.
pub struct World {
    pub chance: RefCell<Random>,
    pub rules: Rules,
    pub fault: Fault,
    pub oracle: RefCell<Oracle>,
    pub processes: Processes,
    pub wires: Wires,
    pub sidecars: RefCell<Vec<Sidecar>>,
    pub keys: Vec<Key>,
    pub truth: RefCell<Vec<u64>>,
    pub mood: Cell<Mood>,
    /// By key, whether a writer is at work: they take turns, as transactions would.
    pens: RefCell<Vec<bool>>,
    people: RefCell<Vec<Known>>,
    store: RefCell<EmbeddedStore>,
    /// By op, the token that it put into the lease.
    tokens: RefCell<HashMap<usize, Reply>>,
    epoch: SystemTime,
    start: Instant,
    told: Option<RefCell<Vec<String>>>,
}

impl World {
    pub fn new(mut chance: Random, rules: Rules, fault: Fault, is_told: bool) -> Rc<World> {
        let keys: Vec<Key> = (0..1 + chance.below(3)).map(|n| Key::text(format!("k{n}").into()).unwrap()).collect();
        let epoch = UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + chance.below(1000) as u64);
        Rc::new(World {
            chance: RefCell::new(chance),
            oracle: RefCell::new(Oracle::new(rules.clone(), keys.len())),
            rules,
            fault,
            processes: Processes::default(),
            wires: Wires::default(),
            sidecars: RefCell::default(),
            truth: RefCell::new(vec![0; keys.len()]),
            pens: RefCell::new(vec![false; keys.len()]),
            keys,
            mood: Cell::default(),
            people: RefCell::default(),
            store: RefCell::new(empty_store()),
            tokens: RefCell::default(),
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

    pub fn any_key(&self) -> usize {
        self.below(self.keys.len())
    }

    pub fn any_sidecar(&self) -> usize {
        self.below(self.sidecars.borrow().len())
    }

    pub fn number_of(&self, key: &Key) -> usize {
        self.keys.iter().position(|known| known == key).expect("there are no other keys")
    }

    /// What the routes decide by.
    pub fn policy(&self) -> Policy {
        let policy = self.rules.policy.clone();
        match self.fault {
            Fault::TakesOutlivedForStale => Policy { grace: policy.grace + policy.fail_safe, fail_safe: 0, ..policy },
            _ => policy,
        }
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
                Some(Next::Serve(wire)) => self.serve(wire),
                Some(Next::Deliver(wire)) => self.wires.deliver(wire),
                Some(Next::Person(number)) => self.wires.let_go(number),
                None if !self.processes.any(|_| true) => return,
                None => {
                    self.oracle.borrow_mut().silent();
                    if timeout(FOR_EVER, self.processes.woken()).await.is_err() {
                        return self.oracle.borrow_mut().holds(5, false, || "something waits for ever".into());
                    }
                }
            }
            if self.percent(2) {
                advance(Duration::from_millis(1 + self.below(10) as u64)).await;
            }
            if self.percent(2) {
                self.disturb(&mut trouble);
            }
        }
        self.oracle.borrow_mut().holds(5, false, || format!("the story does not end within {MOST_STEPS} steps"));
    }

    /// The server takes the oldest request of a wire.
    pub fn serve(&self, number: usize) {
        let Some(asked) = self.wires.take(number, |asked| asked.pop_front()) else { return };
        let ours = self.tokens.borrow().get(&asked.op).cloned();
        let reply = carry_out(&self.store.borrow(), &asked, ours.as_ref(), self.fault, self.clock());
        let is_hit = matches!(reply, Reply::Hit(_));
        let is_lease = is_about_lease(&asked);
        let key = self.oracle.borrow().key_of(asked.op);
        match &asked.request.command {
            Command::Get(_) if !is_lease => self.oracle.borrow_mut().seen(asked.op, &reply),
            Command::Store(Store { value, .. }) if !is_lease && is_hit => self.oracle.borrow_mut().stored(value),
            Command::Store(Store { value, .. }) if is_lease && is_hit => {
                let item = Item { value: Some(value.clone()), ..Item::default() };
                self.tokens.borrow_mut().insert(asked.op, Reply::Hit(item));
            }
            _ => {}
        }
        // A write, or a lease that is over.
        if is_hit && self.takes_lease(&asked.request, is_lease) {
            self.oracle.borrow_mut().leased(asked.op);
        } else if is_hit && !matches!(asked.request.command, Command::Get(_)) {
            self.oracle.borrow_mut().upset(key);
        }
        self.tell(|| {
            let (request, reply) = (words::request(&asked.request), words::reply(&reply));
            format!("  op {:<3} wire {number} does    {request} -> {reply}", asked.op)
        });
        self.wires.answer(number, asked, reply);
    }

    fn takes_lease(&self, request: &Request, is_lease: bool) -> bool {
        let is_token = |value: &[u8]| value.iter().filter(|byte| **byte == b' ').count() == 2;
        is_lease && matches!(&request.command, Command::Store(Store { value, .. }) if is_token(value))
    }

    pub fn ask_server(&self, request: &Request) -> Reply {
        self.store.borrow().ask(request, self.clock())
    }

    pub fn forget_everything(&self) {
        self.store.replace(empty_store());
    }

    /// Somebody new at a sidecar.
    pub fn connect(&self, sidecar: usize) -> usize {
        let mut people = self.people.borrow_mut();
        people.push(Known { sidecar, is_there: true, op: None });
        people.len() - 1
    }

    pub fn disconnect(&self, person: usize) {
        self.people.borrow_mut()[person].is_there = false;
    }

    pub fn does(&self, person: usize, op: usize) {
        self.people.borrow_mut()[person].op = Some(op);
    }

    pub fn people_at(&self, sidecar: usize) -> Vec<usize> {
        let people = self.people.borrow();
        (0..people.len()).filter(|person| people[*person].sidecar == sidecar && people[*person].is_there).collect()
    }

    /// What it asked last is owed no answer.
    pub fn hangs_up(&self, person: usize) {
        let op = self.people.borrow()[person].op;
        op.iter().for_each(|op| self.oracle.borrow_mut().left(*op));
    }

    /// One of those who are there hangs up.
    pub fn dismiss_somebody(&self) {
        let person = self.below(self.people.borrow().len());
        if self.people.borrow()[person].is_there {
            self.tell(|| format!("person {person} hangs up"));
            self.hangs_up(person);
            self.processes.end(|whose| whose == Whose::Person(person));
        }
    }

    /// The pen of a key's writers, if it is free.
    pub fn take_pen(self: &Rc<Self>, key: usize) -> Option<Pen> {
        let is_taken = std::mem::replace(&mut self.pens.borrow_mut()[key], true);
        (!is_taken).then(|| Pen(self.clone(), key))
    }

    /// Who waits holds the world, and the world the wires and sidecars.
    pub fn end(&self) {
        self.processes.end(|_| true);
        self.wires.clear();
        let sidecars = std::mem::take(&mut *self.sidecars.borrow_mut());
        drop(sidecars);
    }
}

impl Net for World {
    fn send(&self, wire: usize, request: Request) -> Rc<Letter> {
        self.wires.send(wire, request, self.processes.acting.get(), |asked| {
            self.tell(|| format!("  op {:<3} wire {wire} sends   {}", asked.op, words::request(&asked.request)));
        })
    }
}

/// Put down when dropped.
pub struct Pen(Rc<World>, usize);

impl Drop for Pen {
    fn drop(&mut self) {
        self.0.pens.borrow_mut()[self.1] = false;
    }
}

fn empty_store() -> EmbeddedStore {
    EmbeddedStore::new(1 << 20, 1 << 16)
}
