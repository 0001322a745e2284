//! Sidecars, each in one phase, and what a client of one can ask.

use std::rc::Rc;

use leash::config::Phase;
use leash::protocol::{Command, Reply, Request};
use leash::route::{Client, Entry, MigrationNode, PendingReplies};

use super::oracle::Deed;
use super::server::{FROM, TO};
use super::world::World;
use crate::engine::{Simulated, Whose, leaf, uncounted};

/// What a route is configured to be, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Before,
    In(Phase),
    After,
}

pub const STAGES: [Stage; 5] =
    [Stage::Before, Stage::In(Phase::Prepare), Stage::In(Phase::Warm), Stage::In(Phase::Drain), Stage::After];

/// The way into a new sidecar, and the first of its two wires.
pub fn start(world: &Rc<World>, stage: Stage) -> (Entry, usize) {
    let (wire, env) = (world.wires.lay(2), world.simulation.clone());
    let pending = Rc::new(PendingReplies::uncounted(env.clone()));
    let side = |pool: usize| leaf(world, wire + pool, &pending);
    let entry = match stage {
        Stage::Before => side(FROM),
        Stage::After => side(TO),
        Stage::In(phase) => {
            let route = MigrationNode::new(phase, (side(FROM), side(TO)), env, uncounted());
            Entry::new(Rc::new(route), pending.clone(), world.patience)
        }
    };
    (entry, wire)
}

/// Somebody with a connection to one sidecar.
pub struct Person {
    pub world: Rc<World>,
    number: usize,
    sidecar: usize,
    client: Rc<Client>,
}

impl Person {
    pub fn new(world: &Rc<World>, sidecar: usize) -> Person {
        Person { world: world.clone(), number: world.connect(sidecar), sidecar, client: Client::new() }
    }

    pub fn whose(&self) -> Whose {
        Whose::person(self.number, self.sidecar)
    }

    /// Asks, and waits for the reply. The number of the deed is part of the command.
    pub async fn ask(&self, deed: Deed, command: impl FnOnce(usize) -> Command) -> (usize, Reply) {
        let world = &self.world;
        let op = world.begin_op(self.number, deed);
        let request = Request { key: world.key.clone(), command: command(op) };
        let entry = world.way_into(self.sidecar);
        (op, world.ask(op, self.whose(), &entry, &self.client, &request).come().await)
    }
}
