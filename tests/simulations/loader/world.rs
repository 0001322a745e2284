//! One memcached, one endpoint, the sidecars between, and the keys that people read and write.
//!
//! ```text
//!   person ─▶ RefreshNode ─▶ wire ─▶ EmbeddedStore
//!                  └▶ Loads ─▶ CallLine ─▶ a call ──(lasts as long as the seed says)──▶ the truth
//! ```

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use leash::protocol::{Command, Item, Key, Reply, Request, Store};
use leash::route::loader::decide::KeepTerms;
use leash::route::refresh::decide::Policy;
use leash::store::EmbeddedStore;

use super::endpoint::Mood;
use super::oracle::Oracle;
use super::server::{Fault, carry_out};
use super::sidecar::Sidecar;
use super::trouble::Trouble;
use crate::engine::{Asked, Pen, Simulated, Simulation, is_about_lease};

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

/// Everything there is.
pub struct World {
    pub simulation: Rc<Simulation>,
    pub rules: Rules,
    pub fault: Fault,
    pub oracle: RefCell<Oracle>,
    pub sidecars: RefCell<Vec<Sidecar>>,
    pub keys: Vec<Key>,
    pub truth: RefCell<Vec<u64>>,
    pub mood: Cell<Mood>,
    /// By key, the pen of its writers.
    pub pens: Vec<Pen>,
    /// What may go wrong yet.
    pub trouble: Cell<Trouble>,
    store: RefCell<EmbeddedStore>,
    /// By op, the token that it put into the lease.
    tokens: RefCell<HashMap<usize, Reply>>,
}

impl Deref for World {
    type Target = Simulation;

    fn deref(&self) -> &Simulation {
        &self.simulation
    }
}

impl World {
    pub fn new(simulation: Rc<Simulation>, rules: Rules, fault: Fault) -> Rc<World> {
        let keys: Vec<Key> = (0..1 + simulation.below(3)).map(|n| Key::text(format!("k{n}").into()).unwrap()).collect();
        Rc::new(World {
            oracle: RefCell::new(Oracle::new(simulation.clone(), rules.clone(), keys.len())),
            simulation,
            rules,
            fault,
            sidecars: RefCell::default(),
            truth: RefCell::new(vec![0; keys.len()]),
            pens: keys.iter().map(|_| Pen::default()).collect(),
            keys,
            mood: Cell::default(),
            trouble: Cell::default(),
            store: RefCell::new(empty_store()),
            tokens: RefCell::default(),
        })
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
}

impl Simulated for World {
    fn carry_out(&self, _: usize, asked: &Asked) -> Option<Reply> {
        let ours = self.tokens.borrow().get(&asked.op).cloned();
        let reply = carry_out(&self.store.borrow(), asked, ours.as_ref(), self.fault, self.clock());
        let is_hit = matches!(reply, Reply::Hit(_));
        let is_lease = is_about_lease(&asked.request);
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
        Some(reply)
    }

    fn answered(&self, op: usize, reply: &Reply) {
        self.oracle.borrow_mut().answered(op, reply);
    }

    fn silent(&self) {
        self.oracle.borrow_mut().silent();
    }

    async fn meanwhile(self: &Rc<Self>) {
        self.sometimes_passes(2, 10).await;
        if self.percent(2) {
            self.disturb();
        }
    }
}

fn empty_store() -> EmbeddedStore {
    EmbeddedStore::new(1 << 20, 1 << 16)
}
