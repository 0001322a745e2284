//! One memcached, the sidecars before it, and one item that people read, regenerate and write.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

use leash::protocol::{Command, Get, Key, Reply, Request};
use leash::route::refresh::decide::{ItemId, Policy};
use leash::store::EmbeddedStore;

use super::fleet::Sidecar;
use super::oracle::{Oracle, There};
use super::server::{Fault, carry_out, is_revocation};
use super::trouble::Trouble;
use crate::engine::{Asked, Pen, Simulated, Simulation};

/// Everything there is.
pub struct World {
    pub simulation: Rc<Simulation>,
    pub policy: Policy,
    pub oracle: RefCell<Oracle>,
    pub sidecars: RefCell<Vec<Sidecar>>,
    pub key: Key,
    /// The truth that values are read from.
    pub truth: Cell<u64>,
    pub pen: Pen,
    /// How many milliseconds pass at a time at most while something is on its way.
    pub drift: Cell<usize>,
    /// What may go wrong yet.
    pub trouble: Cell<Trouble>,
    pub store: EmbeddedStore,
    fault: Fault,
    /// Revocations that a fault holds back.
    late: RefCell<Vec<Request>>,
}

impl Deref for World {
    type Target = Simulation;

    fn deref(&self) -> &Simulation {
        &self.simulation
    }
}

impl World {
    pub fn new(simulation: Rc<Simulation>, policy: Policy, fault: Fault) -> Rc<World> {
        Rc::new(World {
            oracle: RefCell::new(Oracle::new(simulation.clone(), policy.clone())),
            simulation,
            policy,
            sidecars: RefCell::default(),
            key: Key::text("item".into()).unwrap(),
            truth: Cell::new(0),
            pen: Pen::default(),
            drift: Cell::new(250),
            trouble: Cell::default(),
            store: EmbeddedStore::new(1 << 20, 1 << 16),
            fault,
            late: RefCell::default(),
        })
    }

    pub fn any_sidecar(&self) -> usize {
        self.below(self.sidecars.borrow().len())
    }

    pub fn lease_key(&self) -> Key {
        ItemId::new(0, &self.key).lease_key()
    }

    fn revoke_late(&self, asked: &Asked) {
        if is_revocation(asked) {
            self.late.borrow_mut().push(asked.request.clone());
        } else if self.percent(10) {
            self.late.take().iter().for_each(|late| drop(self.store.ask(late, self.clock())));
        }
    }

    /// What the server has.
    fn there(&self) -> There {
        let has = |key: Key| {
            let command = Command::Get(Get { no_bump: true, ..Get::default() });
            matches!(self.store.ask(&Request { key, command }, self.clock()), Reply::Hit(_))
        };
        There { lease: has(self.lease_key()), item: has(self.key.clone()) }
    }
}

impl Simulated for World {
    fn carry_out(&self, _: usize, asked: &Asked) -> Option<Reply> {
        let now = self.clock();
        let before = self.there();
        let reply = carry_out(&self.store, asked, self.fault, now);
        self.oracle.borrow_mut().done(asked, &reply, before, now);
        if self.fault == Fault::RevokesLate {
            self.revoke_late(asked);
        }
        Some(reply)
    }

    fn sent(&self, asked: &Asked) {
        self.oracle.borrow_mut().sent(asked);
    }

    fn answered(&self, op: usize, reply: &Reply) {
        self.oracle.borrow_mut().answered(op, reply);
    }

    fn silent(&self) {
        self.oracle.borrow_mut().silent();
    }

    async fn meanwhile(self: &Rc<Self>) {
        self.sometimes_passes(2, self.drift.get()).await;
        if self.percent(1) {
            self.disturb();
        }
    }
}
