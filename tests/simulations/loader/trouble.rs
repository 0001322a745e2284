//! What disturbs a story: persons that hang up, an endpoint that changes its mood, reloads, sidecars that die, a
//! memcached that evicts leases and restarts, connections that are lost with what was on them.

use std::rc::Rc;

use leash::protocol::{Cause, Command, Delete, Failure, Reply, Request};
use leash::route::refresh::decide::ItemId;

use super::endpoint::Mood;
use super::sidecar::Sidecar;
use super::story::Scenario;
use super::world::World;
use crate::engine::Simulated;

/// How often something goes wrong at most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    deserters: usize,
    moods: usize,
    reloads: usize,
    evicted_leases: usize,
    crashes: usize,
    restarts: usize,
    losses: usize,
}

impl Trouble {
    pub fn of(scenario: Scenario, world: &World) -> Trouble {
        let up_to = |most: usize| world.below(most + 1);
        let calm = Trouble { deserters: up_to(2), moods: up_to(3), reloads: up_to(1), ..Trouble::default() };
        match scenario {
            Scenario::Calm => calm,
            Scenario::Troubled => {
                Trouble { evicted_leases: up_to(1), crashes: up_to(1), restarts: up_to(1), losses: up_to(2), ..calm }
            }
        }
    }
}

impl World {
    /// Lets something go wrong.
    pub fn disturb(self: &Rc<Self>) {
        let mut trouble = self.trouble.get();
        let takes = |left: &mut usize| left.checked_sub(1).inspect(|less| *left = *less).is_some();
        match self.below(7) {
            0 if takes(&mut trouble.deserters) => {
                let left = self.dismiss_somebody();
                left.iter().for_each(|person| self.oracle.borrow_mut().left(*person));
            }
            1 if takes(&mut trouble.moods) => self.change_mood(),
            2 if takes(&mut trouble.reloads) => {
                let number = self.any_sidecar();
                self.tell(|| format!("sidecar {number} is reloaded"));
                self.sidecars.borrow()[number].reload(self);
            }
            3 if takes(&mut trouble.evicted_leases) => self.evict_lease(),
            4 if takes(&mut trouble.crashes) => self.crash(self.any_sidecar()),
            5 if takes(&mut trouble.restarts) => self.restart(),
            6 if takes(&mut trouble.losses) => {
                let wires: Vec<usize> = self.sidecars.borrow()[self.any_sidecar()].wires().collect();
                self.lose(wires[self.below(wires.len())]);
            }
            _ => {}
        }
        self.trouble.set(trouble);
    }

    fn change_mood(&self) {
        let mood = [Mood::Well, Mood::Well, Mood::Down, Mood::Hangs][self.below(4)];
        self.tell(|| format!("the endpoint: {mood:?}"));
        self.mood.set(mood);
    }

    fn evict_lease(&self) {
        let key = self.any_key();
        let lease = ItemId::new(0, &self.keys[key]).lease_key();
        self.tell(|| format!("memcached evicts the lease of key {key}"));
        self.oracle.borrow_mut().upset(key);
        self.ask_server(&Request { key: lease, command: Command::Delete(Delete::default()) });
    }

    /// A sidecar dies with everybody connected to it, and another one takes its place.
    fn crash(self: &Rc<Self>, number: usize) {
        let here = self.people_of(number).into_iter().filter(|person| self.is_there(*person));
        here.for_each(|person| self.oracle.borrow_mut().left(person));
        self.kill(number, self.sidecars.borrow()[number].wires());
        self.oracle.borrow_mut().sidecar_died(number);
        let new = Sidecar::new(self, number, self.sidecars.borrow()[number].workers());
        let old = std::mem::replace(&mut self.sidecars.borrow_mut()[number], new);
        drop(old);
    }

    /// memcached comes back empty.
    fn restart(self: &Rc<Self>) {
        self.tell(|| "memcached restarts".into());
        let wires: Vec<usize> =
            self.sidecars.borrow().iter().flat_map(|sidecar| sidecar.wires().collect::<Vec<_>>()).collect();
        self.forget_everything();
        wires.into_iter().for_each(|wire| self.lose(wire));
    }

    /// A connection is lost: the server does some of what was sent, and nobody hears of it.
    fn lose(&self, wire: usize) {
        self.tell(|| format!("wire {wire} is lost"));
        self.oracle.borrow_mut().lost();
        for _ in 0..self.below(self.wires.asked(wire) + 1) {
            self.serve(wire);
        }
        let failure = Failure { cause: Cause::Disconnected, server: "m1".into(), said: None };
        self.wires.lose(wire, Reply::Failed(failure));
    }
}
