//! A holder by itself, under batches of orders by a few consumers.

use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use leash::queue::{Consumer, QueueOrder, Settling, Taking};
use tokio::time::advance;

use super::disk::Platter;
use super::holding::{HolderFault, Holding};
use super::oracles::Oracles;
use super::{QUEUES, moment};
use crate::engine::{Plot, Simulation};

const CONSUMERS: usize = 3;
/// Who takes nothing by an order of another kind.
const NO_TAKER: Consumer = Consumer(0);
const MOST_BATCHES: usize = 60;

/// Stories of a holder without clients.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Plot for Alone {
    type Fault = HolderFault;

    async fn play(self, simulation: Rc<Simulation>, fault: HolderFault) {
        let platter = Platter::default();
        let (holding, oracles) = (Holding::new(platter.clone(), fault), Oracles::default());
        let story = Story { simulation: simulation.clone(), platter, holding, oracles, bodies: 0 };
        if let Err(why) = story.unfold().await {
            simulation.find_broken(why);
        }
    }
}

struct Story {
    simulation: Rc<Simulation>,
    platter: Platter,
    holding: Holding,
    oracles: Oracles,
    bodies: u64,
}

impl Deref for Story {
    type Target = Simulation;

    fn deref(&self) -> &Simulation {
        &self.simulation
    }
}

impl Story {
    async fn unfold(mut self) -> Result<(), String> {
        for _ in 0..self.below(MOST_BATCHES) {
            self.next().await?;
        }
        self.end()
    }

    async fn next(&mut self) -> Result<(), String> {
        match self.below(12) {
            0 => self.platter.fill(self.percent(50)),
            1 => self.platter.fail_syncs(self.percent(30)),
            2 => self.platter.dies_after(self.below(6) as u32, self.below(120)),
            3 => advance(Duration::from_secs(self.below(6) as u64)).await,
            _ => {}
        }
        let orders: Vec<QueueOrder> = (0..1 + self.below(5)).map(|_| self.order()).collect();
        self.work(&orders)?;
        if self.platter.is_dead() || self.percent(3) {
            self.begin_again();
        }
        Ok(())
    }

    fn order(&mut self) -> QueueOrder {
        let queue = Bytes::from(QUEUES[self.below(QUEUES.len())]);
        let by = Consumer(self.below(CONSUMERS) as u64);
        match self.below(10) {
            0..=3 => self.put(queue),
            4..=6 => {
                let how = if self.percent(70) { Taking::Reserve } else { Taking::Remove };
                QueueOrder::Take { queue, by, how, wait: Duration::ZERO }
            }
            7 if self.percent(20) => QueueOrder::Leave(by),
            8 if self.percent(10) => QueueOrder::Empty { queue },
            _ => {
                let how = if self.percent(60) { Settling::Acknowledge } else { Settling::GiveBack };
                let held = self.oracles.of(&queue).held(by);
                let id = held.get(self.below(held.len().max(1))).copied();
                let receipt = id.and_then(|id| self.oracles.receipt(&queue, id));
                QueueOrder::Settle { queue, by, id: Some(receipt.unwrap_or(0)), how }
            }
        }
    }

    fn put(&mut self, queue: Bytes) -> QueueOrder {
        self.bodies += 1;
        let body = format!("{}m{}", "x".repeat(self.below(40)), self.bodies).into();
        let expires = if self.percent(15) { moment(self).unix.as_secs() + 1 + self.below(8) as u64 } else { 0 };
        QueueOrder::Put { queue, client_flags: 0, expires, body }
    }

    fn work(&mut self, orders: &[QueueOrder]) -> Result<(), String> {
        let now = moment(self);
        self.oracles.elapse(now.up);
        let answers = self.holding.work(orders, now, &self.oracles);
        let is_told = !self.platter.is_dead();
        for (order, answer) in orders.iter().zip(answers) {
            self.tell(|| format!("{order:?} -> {answer:?}, told: {is_told}"));
            if is_told {
                let by = if let QueueOrder::Take { by, .. } = order { *by } else { NO_TAKER };
                self.oracles.told(by, order, &answer, now)?;
            } else {
                self.oracles.untold(order, answer);
            }
        }
        if is_told && !self.holding.owes() {
            self.oracles.owe_nothing();
        }
        Ok(())
    }

    fn begin_again(&mut self) {
        let machine_too = self.percent(60);
        // A disk may be as full as before.
        if self.percent(50) {
            self.platter.fill(false);
        }
        self.tell(|| format!("the holder ends{}", if machine_too { ", and its machine" } else { "" }));
        self.holding.begin_again(&mut self.simulation.chance.borrow_mut(), machine_too);
        self.oracles.begin_again();
    }

    /// All is well again: whatever was stored comes.
    fn end(mut self) -> Result<(), String> {
        self.begin_again();
        self.platter.fill(false);
        let now = moment(&self);
        QUEUES.iter().try_for_each(|queue| self.holding.take_rest(&Bytes::from(*queue), now, &mut self.oracles))
    }
}
