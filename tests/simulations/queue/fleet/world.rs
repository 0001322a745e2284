//! One holder, the sidecars before it, and the connections between them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Deref;
use std::rc::Rc;

use bytes::Bytes;
use leash::config::QueueMode;
use leash::protocol::{Cause, Failure, Reply};
use leash::route::queue::decide::QueueRules;
use leash::route::queue::{QueueHolding, QueueNode, QueuesBehind};
use leash::route::{Entry, PendingReplies};

use super::Fault;
use super::people::Person;
use super::truth::{Op, Truth};
use crate::engine::{Asked, LONG, Plot, Simulated, Simulation, leaf};
use crate::queue::disk::Platter;
use crate::queue::holding::{HolderFault, Holding};
use crate::queue::{QUEUES, RESERVE, moment};

/// A connection between a sidecar and the holder.
struct Connection {
    /// Another number for each connection, as the holder and the sidecar count alike.
    era: u64,
    /// Whether the holder knows it no more, and the sidecar has not noticed.
    is_broken: bool,
}

/// Everything there is.
pub struct World {
    simulation: Rc<Simulation>,
    pub platter: Platter,
    pub holding: RefCell<Holding>,
    pub rules: QueueRules,
    pub fault: Fault,
    pub truth: RefCell<Truth>,
    connections: RefCell<Vec<Connection>>,
    numbers: Cell<u64>,
    /// The way into each sidecar, and its wire.
    sidecars: RefCell<Vec<(Entry, usize)>>,
    bodies: Cell<u64>,
}

impl Deref for World {
    type Target = Simulation;

    fn deref(&self) -> &Simulation {
        &self.simulation
    }
}

/// Stories of a holder, sidecars and their clients.
#[derive(Clone, Copy, Debug)]
pub struct Fleet;

impl Plot for Fleet {
    type Fault = Fault;

    async fn play(self, simulation: Rc<Simulation>, fault: Fault) {
        let world = World::new(simulation, fault);
        let sidecars = 1 + world.below(3);
        for _ in 0..sidecars {
            let sidecar = world.start();
            world.sidecars.borrow_mut().push(sidecar);
        }
        (0..2 + world.below(4)).for_each(|_| world.call(world.below(sidecars)));
        world.unfold().await;
        if !world.is_broken() {
            world.judge_the_end();
        }
        world.sidecars.take();
    }
}

impl World {
    fn new(simulation: Rc<Simulation>, fault: Fault) -> Rc<World> {
        let mode = if simulation.percent(50) { QueueMode::Reserve } else { QueueMode::Kestrel };
        let platter = Platter::default();
        let holder_fault = if let Fault::Holder(fault) = fault { fault } else { HolderFault::None };
        Rc::new(World {
            simulation,
            holding: RefCell::new(Holding::new(platter.clone(), holder_fault)),
            platter,
            rules: QueueRules { mode, allow_flush: false, plain: 0 },
            fault,
            truth: RefCell::new(Truth::new()),
            connections: RefCell::default(),
            numbers: Cell::new(0),
            sidecars: RefCell::default(),
            bodies: Cell::new(0),
        })
    }

    /// Another person calls a sidecar.
    fn call(self: &Rc<Self>, sidecar: usize) {
        let person = Person::new(self, sidecar);
        self.begin(person.whose(), person.act());
    }

    /// Begins a sidecar.
    fn start(self: &Rc<Self>) -> (Entry, usize) {
        let wire = self.wires.lay(1);
        let era = self.next_number();
        self.connections.borrow_mut().push(Connection { era, is_broken: false });
        let env = self.simulation.clone();
        let pending = Rc::new(PendingReplies::uncounted(env.clone()));
        let pool = leaf(self, wire, &pending);
        let reserve = if self.fault == Fault::GivesBackStale { 3 * RESERVE } else { RESERVE };
        let behind = QueueHolding::Behind(QueuesBehind::new(pool, reserve, 7, env));
        let node = QueueNode::new(behind, self.rules, 7);
        (Entry::new(Rc::new(node), pending, LONG), wire)
    }

    /// A number that nothing else has: of a connection, of a client.
    pub fn next_number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    pub fn era_of(&self, wire: usize) -> u64 {
        self.connections.borrow()[wire].era
    }

    pub fn way_into(&self, sidecar: usize) -> Entry {
        self.sidecars.borrow()[sidecar].0.clone()
    }

    /// A message that was never put before.
    pub fn body(&self) -> Bytes {
        self.bodies.set(self.bodies.get() + 1);
        format!("{}m{}", "x".repeat(self.below(40)), self.bodies.get()).into()
    }

    pub fn begin_op(&self, op: Op) -> usize {
        let ops = &mut self.truth.borrow_mut().ops;
        ops.push(op);
        ops.len() - 1
    }

    fn trouble(self: &Rc<Self>) {
        let wires = self.connections.borrow().len();
        let sidecars = self.sidecars.borrow().len();
        match self.below(300) {
            0 => self.platter.fill(self.percent(50)),
            1 => self.platter.fail_syncs(self.percent(30)),
            2 => self.platter.dies_after(self.below(6) as u32, self.below(120)),
            3 => self.end_holder(),
            4..=6 => self.break_connection(self.below(wires)),
            13 if self.percent(50) => self.crash(self.below(sidecars)),
            7..=12 => drop(self.notice(self.below(wires))),
            _ => {}
        }
    }

    /// A sidecar dies, and with it the connections of its clients; of what it sent, some arrives. Others call the next one.
    fn crash(self: &Rc<Self>, sidecar: usize) {
        self.kill(sidecar, [self.sidecars.borrow()[sidecar].1]);
        let next = self.start();
        self.sidecars.borrow_mut()[sidecar] = next;
        (0..self.below(3)).for_each(|_| self.call(sidecar));
    }

    /// A connection breaks; the holder notices first.
    fn break_connection(&self, wire: usize) {
        let consumer = {
            let connection = &mut self.connections.borrow_mut()[wire];
            if std::mem::replace(&mut connection.is_broken, true) {
                return;
            }
            connection.era
        };
        self.tell(|| format!("the connection of sidecar {wire} breaks"));
        self.leave(consumer);
    }

    /// Whether a sidecar notices that its connection is broken: who waits hears of the loss, and there is another one.
    fn notice(&self, wire: usize) -> bool {
        let era = self.next_number();
        {
            let connection = &mut self.connections.borrow_mut()[wire];
            if !std::mem::take(&mut connection.is_broken) {
                return false;
            }
            connection.era = era;
        }
        self.tell(|| format!("sidecar {wire} notices that its connection is broken"));
        let lost = Failure { cause: Cause::Disconnected, server: "holder".into(), said: None };
        self.wires.lose(wire, Reply::Failed(lost));
        true
    }

    /// The holder's process ends, and perhaps the machine; the next one begins.
    pub fn end_holder(&self) {
        let machine_too = self.percent(60);
        self.tell(|| format!("the holder ends{}", if machine_too { ", and its machine" } else { "" }));
        self.platter.fill(false);
        self.holding.borrow_mut().begin_again(&mut self.chance.borrow_mut(), machine_too);
        self.connections.borrow_mut().iter_mut().for_each(|connection| connection.is_broken = true);
        self.truth.borrow_mut().begins_again();
    }

    fn judge_the_end(&self) {
        self.end_holder();
        for queue in QUEUES.map(Bytes::from) {
            let (mut holding, mut truth) = (self.holding.borrow_mut(), self.truth.borrow_mut());
            if let Err(why) = holding.take_rest(&queue, moment(self), &mut truth.oracles) {
                self.find_broken(why);
            }
        }
    }
}

impl Simulated for World {
    /// A faulty wire lets the request behind overtake.
    fn next(&self, asked: &mut VecDeque<Asked>) -> Option<Asked> {
        let overtakes = self.fault == Fault::Overtakes && self.percent(30);
        asked.remove(usize::from(overtakes && asked.len() > 1))
    }

    fn carry_out(&self, wire: usize, asked: &Asked) -> Option<Reply> {
        match self.have_done(wire, asked.op, &asked.request) {
            Ok(Some(reply)) => Some(reply),
            Ok(None) => {
                self.end_holder();
                None
            }
            Err(why) => {
                self.find_broken(why);
                None
            }
        }
    }

    fn answered(&self, _: usize, _: &Reply) {}

    fn is_laid(&self, wire: usize) -> bool {
        !self.notice(wire)
    }

    fn is_over(&self) -> bool {
        !self.processes.any(|whose| whose.person.is_some())
    }

    fn era(&self, wire: usize) -> u64 {
        if self.fault == Fault::NoticesNoLoss { 0 } else { self.era_of(wire) }
    }

    async fn meanwhile(self: &Rc<Self>) {
        self.trouble();
        self.sometimes_passes(5, 3_000).await;
    }
}
