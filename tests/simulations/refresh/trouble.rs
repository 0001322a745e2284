//! What disturbs a story: persons that hang up, sidecars that die, a memcached that evicts.

use std::rc::Rc;

use leash::protocol::{Command, Delete, Key, Request};

use super::fleet::Sidecar;
use super::world::World;
use crate::engine::Whose;

/// What disturbs a story, and how often at most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// Persons that hang up in the middle of something.
    pub deserters: usize,
    /// Sidecars that die.
    pub crashes: usize,
    /// Leases that memcached evicts.
    pub evicted_leases: usize,
    /// Items that it evicts.
    pub evicted_items: usize,
}

impl World {
    /// Lets something go wrong.
    pub fn disturb(self: &Rc<Self>, trouble: &mut Trouble) {
        match self.below(4) {
            0 if trouble.evicted_leases > 0 => {
                trouble.evicted_leases -= 1;
                self.evict(self.lease_key());
                self.oracle.borrow_mut().lease_evicted();
            }
            3 if trouble.evicted_items > 0 => {
                trouble.evicted_items -= 1;
                self.evict(self.key.clone());
            }
            1 if trouble.crashes > 0 => {
                trouble.crashes -= 1;
                let sidecar = self.below(self.sidecars.borrow().len());
                self.crash(sidecar);
            }
            2 if trouble.deserters > 0 => {
                trouble.deserters -= 1;
                let person = self.below(self.people.borrow().len());
                self.dismiss(person);
            }
            _ => {}
        }
    }

    fn evict(&self, key: Key) {
        let request = Request { key, command: Command::Delete(Delete::default()) };
        self.tell(|| format!("memcached evicts: {}", super::words::request(&request)));
        self.store.ask(&request, self.clock());
    }

    /// A person hangs up.
    fn dismiss(&self, person: usize) {
        if self.people.borrow()[person].1 {
            self.tell(|| format!("person {person} hangs up"));
            self.oracle.borrow_mut().left(person, false);
            self.processes.end(|whose| whose == Whose::Person(person));
            self.people.borrow_mut()[person].1 = false;
        }
    }

    /// A sidecar dies with everybody connected to it, and another one takes its place.
    fn crash(self: &Rc<Self>, number: usize) {
        self.tell(|| format!("sidecar {number} dies"));
        let here: Vec<usize> =
            (0..self.people.borrow().len()).filter(|person| self.people.borrow()[*person].0 == number).collect();
        for person in &here {
            self.oracle.borrow_mut().left(*person, true);
            self.people.borrow_mut()[*person].1 = false;
        }
        self.processes.end(|whose| match whose {
            Whose::Person(person) => here.contains(&person),
            Whose::Sidecar(sidecar) => sidecar == number,
        });
        for wire in self.sidecars.borrow()[number].wires() {
            self.wires.cut(wire, &self.chance);
        }
        let new = Sidecar::new(self, self.sidecars.borrow()[number].workers());
        let old = std::mem::replace(&mut self.sidecars.borrow_mut()[number], new);
        drop(old);
    }
}
