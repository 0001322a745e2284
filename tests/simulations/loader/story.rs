//! What happens in a story: who is there, by which rules, and what must be true at its end.

use std::rc::Rc;
use std::time::Duration;

use leash::route::loader::decide::KeepTerms;
use leash::route::refresh::decide::Policy;

use super::people::{Person, Role};
use super::server::Fault;
use super::sidecar::Sidecar;
use super::trouble::Trouble;
use super::world::{Rules, World};
use crate::engine::{Plot, Simulated, Simulation};

/// The kinds of stories.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scenario {
    /// Callers, writers, hang-ups, reloads, an endpoint of any mood, leases that are evicted.
    Calm,
    /// And sidecars that die, servers that restart, replies that are lost.
    Troubled,
}

impl Plot for Scenario {
    type Fault = Fault;

    async fn play(self, simulation: Rc<Simulation>, fault: Fault) {
        let rules = rules(&simulation);
        let world = World::new(simulation, rules, fault);
        world.tell(|| format!("{:?}", world.rules));
        let workers = 1 + world.below(2);
        for number in 0..1 + world.below(3) {
            let sidecar = Sidecar::new(&world, number, workers);
            world.sidecars.borrow_mut().push(sidecar);
        }
        for role in cast(&world) {
            Person::new(&world, world.any_sidecar()).begin(role);
        }
        world.trouble.set(Trouble::of(self, &world));
        world.unfold().await;
        world.trouble.take();
        // Those who come last find the end of it.
        for _ in 0..2 {
            Person::new(&world, world.any_sidecar()).begin(Role::Reader);
        }
        world.unfold().await;
        let leftovers = world.sidecars.borrow().iter().find_map(Sidecar::leftovers);
        leftovers.into_iter().for_each(|left| world.find_broken(left));
        world.sidecars.take();
    }
}

fn cast(world: &Rc<World>) -> Vec<Role> {
    let mut cast = vec![Role::Reader; 2 + world.below(6)];
    cast.extend(vec![Role::Writer; world.below(3)]);
    cast.extend(vec![Role::Builder; usize::from(world.percent(20))]);
    cast
}

fn rules(chance: &Simulation) -> Rules {
    let timeout = 1 + chance.below(2) as u32;
    let fail_safe = if chance.percent(50) { 0 } else { 2 + chance.below(6) as u32 };
    let grace = 1 + chance.below(3) as u32;
    let policy = Policy {
        grace,
        fail_safe,
        lease: 2 * timeout + 2,
        cold_wait: Duration::from_secs(timeout.into()),
        jitter: if chance.percent(20) { 0.5 } else { 0.0 },
        marker: 1 << 31,
        early: None,
    };
    Rules {
        policy,
        keep: KeepTerms { ttl: 1 + chance.below(3) as u32, grace, fail_safe },
        timeout: Duration::from_secs(timeout.into()),
        soft: Duration::from_millis([0, 0, 300][chance.below(3)]),
        negative_ttl: chance.below(4) as u32,
        max_in_flight: 1 + chance.below(3),
        queue: 1 + chance.below(3),
        are_touched: chance.percent(30),
    }
}
