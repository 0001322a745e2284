//! Sidecars, each in one phase, and what a client of one can ask.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use leash::config::Phase;
use leash::metrics::{RouteLabel, Shard, ShardLayout};
use leash::protocol::{Command, Reply, Request};
use leash::route::{Client, Entry, MigrationNode, PendingReplies};
use leash::runtime::env::Env;
use leash::upstream::{ReplyTo, Ticket};
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::oracle::Deed;
use super::server::{FROM, TO};
use super::world::{LONG, World};
use crate::engine::{Leaf, Letter, Whose};

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
    static LAYOUT: OnceLock<Arc<ShardLayout>> = OnceLock::new();
    let label = || RouteLabel { prefix: "k".into(), refreshes: false, migrates: true, loads: false };
    let layout = LAYOUT.get_or_init(|| ShardLayout::new(&[label()], &[]));
    let wire = world.wires.lay(2);
    let clock = Rc::new(Clock(world.clone()));
    let pending = Rc::new(PendingReplies::uncounted(clock.clone()));
    let side = |pool: usize| Entry::new(Rc::new(Leaf { net: world.clone(), wire: wire + pool }), pending.clone(), LONG);
    let entry = match stage {
        Stage::Before => side(FROM),
        Stage::After => side(TO),
        Stage::In(phase) => {
            let counted = (Arc::new(Shard::new(layout)), layout.route("k").unwrap(), 0);
            let sides = (side(FROM), side(TO));
            Entry::new(Rc::new(MigrationNode::new(phase, sides, clock, counted)), pending.clone(), world.patience)
        }
    };
    (entry, wire)
}

struct Clock(Rc<World>);

impl Env for Clock {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn unix(&self) -> i64 {
        self.0.clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn random(&self) -> u128 {
        0
    }
}

/// Somebody with a connection to one sidecar.
pub struct Person {
    pub world: Rc<World>,
    pub number: usize,
    pub sidecar: usize,
    pub client: Rc<Client>,
}

struct Mailbox {
    world: Rc<World>,
    op: usize,
    letter: Letter,
}

impl ReplyTo for Mailbox {
    fn deliver(self: Rc<Self>, _: u64, reply: Reply) {
        self.world.answered(self.op, &reply);
        self.letter.put(reply);
    }
}

impl Person {
    /// Asks, and waits for the reply. The number of the deed is part of the command.
    pub async fn ask(&self, deed: Deed, command: impl FnOnce(usize) -> Command) -> (usize, Reply) {
        let world = &self.world;
        let op = world.begin(self.number, deed);
        let request = Request { key: world.key.clone(), command: command(op) };
        world.tell(|| format!("op {op:<3} person {} at {} {:?}", self.number, self.sidecar, request.command));
        let mailbox = Rc::new(Mailbox { world: world.clone(), op, letter: Letter::default() });
        let tasks = LocalSet::new();
        let reply = {
            let _context = tasks.enter();
            let before = world.processes.acting.replace(op);
            let reply = world.way_into(self.sidecar).ask(&request, &self.client, Ticket::new(mailbox.clone(), 0));
            world.processes.acting.set(before);
            reply
        };
        world.processes.begin(Whose::Sidecar(self.sidecar), op, tasks);
        if let Some(reply) = reply {
            mailbox.clone().deliver(0, reply);
        }
        (op, mailbox.letter.come().await)
    }
}
