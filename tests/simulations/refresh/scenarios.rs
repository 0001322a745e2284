//! What happens in a simulated story: who is there, and what must be true at its end.

mod cold;
mod commands;
mod general;
mod winners;

use std::rc::Rc;
use std::time::Duration;

use leash::route::refresh::decide::{EarlyRefresh, Policy};

use super::fleet::Sidecar;
use super::server::Fault;
use super::world::World;
use crate::engine::{Plot, Simulation};

/// The marker bit of the route.
const MARKER: u32 = 1 << 31;

/// The kinds of stories.
#[derive(Clone, Copy, Debug)]
pub enum Scenario {
    /// Readers, writers, crashes, everything at once.
    General,
    /// The same, and some who change what others stored: append to it, count in it, store over it by its CAS unique.
    Builders,
    /// One winner, slower than its lease, and nobody else who wins or writes.
    Lone,
    /// Two winners, the first one slower than its lease.
    TwoWinners,
    /// Several persons add over one stale item.
    Adders,
    /// Several persons count on over one stale count.
    Counters,
    /// Commands that find nothing where a stale item is.
    Lookers,
    /// Many want a value that is not there.
    Cold,
    /// Somebody joins those who wait when a write is finished that they know nothing of.
    Joining,
}

impl Plot for Scenario {
    type Fault = Fault;

    async fn play(self, simulation: Rc<Simulation>, fault: Fault) {
        let policy = self.policy(&simulation);
        let world = World::new(simulation, policy, fault);
        world.tell(|| format!("{:?}", world.policy));
        let (sidecars, workers) = match self {
            Scenario::Joining => (2, 2),
            _ => (1 + world.below(3), 1 + world.below(2)),
        };
        for _ in 0..sidecars {
            let sidecar = Sidecar::new(&world, workers);
            world.sidecars.borrow_mut().push(sidecar);
        }
        match self {
            Scenario::General => general::play(&world, 0).await,
            Scenario::Builders => general::play(&world, 1 + world.below(3)).await,
            Scenario::Lone => winners::lone(&world).await,
            Scenario::TwoWinners => winners::two(&world).await,
            Scenario::Adders => commands::adders(&world).await,
            Scenario::Counters => commands::counters(&world).await,
            Scenario::Lookers => commands::lookers(&world).await,
            Scenario::Cold => cold::play(&world).await,
            Scenario::Joining => cold::joining(&world).await,
        }
        let leftovers = world.sidecars.borrow().iter().find_map(Sidecar::leftovers);
        leftovers.into_iter().for_each(|left| world.find_broken(left));
        world.sidecars.take();
    }
}

impl Scenario {
    fn policy(self, chance: &Simulation) -> Policy {
        let cold_wait = match self {
            Scenario::Cold | Scenario::Joining => 1000 + chance.below(4000),
            _ if chance.percent(50) => 0,
            _ => 200 + chance.below(3000),
        };
        let is_early = matches!(self, Scenario::General) && chance.percent(20);
        Policy {
            fail_safe: 0,
            grace: 2 + chance.below(3) as u32,
            lease: (2 + chance.below(4) as u32).max(if matches!(self, Scenario::TwoWinners) { 3 } else { 2 }),
            cold_wait: Duration::from_millis(cold_wait as u64),
            jitter: if chance.percent(20) { 0.5 } else { 0.0 },
            marker: MARKER,
            early: is_early.then_some(EarlyRefresh { beta: 2.0 }),
        }
    }
}
