//! What disturbs a story: persons that hang up, sidecars that die, a memcached that evicts.

use std::rc::Rc;

use leash::protocol::{Command, Delete, Key, Request};

use super::fleet::Sidecar;
use super::world::World;

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
    pub fn disturb(self: &Rc<Self>) {
        let mut trouble = self.trouble.get();
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
                self.crash(self.any_sidecar());
            }
            2 if trouble.deserters > 0 => {
                trouble.deserters -= 1;
                let left = self.dismiss_somebody();
                left.iter().for_each(|person| self.oracle.borrow_mut().left(*person, false));
            }
            _ => {}
        }
        self.trouble.set(trouble);
    }

    fn evict(&self, key: Key) {
        let request = Request { key, command: Command::Delete(Delete::default()) };
        self.tell(|| format!("memcached evicts {:?}", request.key));
        self.store.ask(&request, self.clock());
    }

    /// A sidecar dies with everybody connected to it, and another one takes its place.
    fn crash(self: &Rc<Self>, number: usize) {
        self.people_of(number).into_iter().for_each(|person| self.oracle.borrow_mut().left(person, true));
        self.kill(number, self.sidecars.borrow()[number].wires());
        let new = Sidecar::new(self, self.sidecars.borrow()[number].workers());
        let old = std::mem::replace(&mut self.sidecars.borrow_mut()[number], new);
        drop(old);
    }
}
