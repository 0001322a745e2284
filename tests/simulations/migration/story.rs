//! What happens in a story: who is there, and on what it begins.

use std::rc::Rc;

use leash::config::Phase;

use super::server::{FROM, Fault, TO};
use super::sidecar::{Person, STAGES, Stage};
use super::world::World;
use crate::engine::{Plot, Simulated, Simulation};

/// What a story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Writers, deleters and readers of one value.
    Values,
    /// Writers of one value, and those who read it, think, and store by the CAS unique that they were told.
    Uniques,
    /// Those who count one counter up, by `incr` or by `gets` and `cas`.
    Counter,
    /// Those who take a lock by `add` and give it back by `delete`.
    Lock,
}

impl Plot for Scenario {
    type Fault = Fault;

    async fn play(self, simulation: Rc<Simulation>, fault: Fault) {
        // Seeds go round the pairs of phases: before and prepare, prepare and warm, warm and drain, drain and after.
        let earlier = simulation.seed as usize % (STAGES.len() - 1);
        let pair = [STAGES[earlier], STAGES[earlier + 1]];
        let world = World::new(simulation, pair, fault);
        set_the_scene(&world, self, pair[0]);
        let sidecars = 2 + world.below(2);
        (0..sidecars).for_each(|number| world.start(pair[(number + world.below(2)) % 2]));
        for _ in 0..2 + world.below(4) {
            let person = Person::new(&world, world.below(sidecars));
            world.begin(person.whose(), person.act(self));
        }
        world.unfold().await;
        if !world.is_broken() {
            world.judge_the_end(self);
        }
        world.sidecars.take();
    }
}

/// Puts something into the pools that the earlier of two phases may leave there.
pub fn set_the_scene(world: &World, scenario: Scenario, earlier: Stage) {
    // CAS uniques of two servers may well be the same.
    for _ in 0..world.below(5) {
        world.put_elsewhere(world.below(2));
    }
    let choice = match (scenario, earlier) {
        (Scenario::Lock, _) => return,
        (_, Stage::Before) => FROM,
        // What nobody has counted or locked since warm began is not looked for in drain.
        (Scenario::Counter, Stage::In(Phase::Warm | Phase::Drain)) => TO + world.below(2),
        _ => world.below(3),
    };
    let pools = [&[FROM][..], &[TO], &[FROM, TO]][choice];
    for &pool in pools {
        world.put(pool, "0");
    }
}
