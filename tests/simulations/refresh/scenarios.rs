//! What happens in a simulated story: who is there, and what must be true at its end.

mod cold;
mod commands;
mod general;
mod winners;

use std::rc::Rc;
use std::time::Duration;

use leash::route::refresh::decide::{EarlyRefresh, Policy};

use support::random::Random;

use super::explore::Outcome;
use super::fleet::Sidecar;
use super::server::Fault;
use super::trouble::Trouble;
use super::world::World;

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

impl Scenario {
    /// Plays it once.
    pub async fn play(self, chance: Random, fault: Fault, is_told: bool) -> Outcome {
        let mut chance = chance;
        let policy = self.policy(&mut chance);
        let world = World::new(chance, policy, fault, is_told);
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
        let broken = world.oracle.borrow_mut().broken.take().or(leftovers);
        world.processes.end(|_| true);
        let sidecars = std::mem::take(&mut *world.sidecars.borrow_mut());
        drop(sidecars);
        Outcome { broken, story: world.story() }
    }

    fn policy(self, chance: &mut Random) -> Policy {
        let cold_wait = match self {
            Scenario::Cold | Scenario::Joining => 1000 + chance.below(4000),
            _ if chance.chance(50) => 0,
            _ => 200 + chance.below(3000),
        };
        let is_early = matches!(self, Scenario::General) && chance.chance(20);
        Policy {
            fail_safe: 0,
            grace: 2 + chance.below(3) as u32,
            lease: (2 + chance.below(4) as u32).max(if matches!(self, Scenario::TwoWinners) { 3 } else { 2 }),
            cold_wait: Duration::from_millis(cold_wait as u64),
            jitter: if chance.chance(20) { 0.5 } else { 0.0 },
            marker: MARKER,
            early: is_early.then_some(EarlyRefresh { beta: 2.0 }),
        }
    }
}

/// Lets the story unfold without trouble.
async fn unfold(world: &Rc<World>) {
    world.unfold(Trouble::default()).await;
}

/// Fails the story unless this holds, or something else is broken already.
fn hold(world: &World, is_so: bool, promise: impl FnOnce() -> String) {
    let mut oracle = world.oracle.borrow_mut();
    if oracle.broken.is_none() && !is_so {
        oracle.broken = Some(promise());
    }
}
