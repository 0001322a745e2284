//! A holder of queues under every order of orders, full disks, and ends of process and machine between any two steps of
//! the disk.

mod disk;
mod fleet;
mod oracle;
mod torn;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use leash::queue::{
    Consumer, HolderTerms, Moment, QueueAnswer, QueueHolder, QueueOrder, Settling, Taking, id_of_receipt,
};
use support::Random;

use crate::engine::{first_broken, stories};
use disk::Platter;
use oracle::Oracle;

const STORIES: u64 = 5_000;
const QUEUES: [&str; 2] = ["a", "b"];
const CONSUMERS: u64 = 3;
/// To whom a planted order's answer goes.
const NOBODY: usize = usize::MAX;
const RESERVE: Duration = Duration::from_secs(9);

/// What a holder does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It answers before the disk has what it answers.
    AnswersEarly,
    /// What is given back goes to the end of the line.
    GivesBackAtTheTail,
    /// It begins with the same ids again.
    UsesIdsAgain,
}

struct Story {
    random: Random,
    fault: Option<Fault>,
    platter: Platter,
    holder: Option<QueueHolder<Platter, usize>>,
    oracles: HashMap<Bytes, Oracle>,
    up: Duration,
    unix: u64,
    bodies: u64,
    /// By what a message is settled that a consumer has.
    receipts: HashMap<(Bytes, u64), u64>,
}

fn broken(seed: u64, fault: Option<Fault>) -> Option<String> {
    let mut story = Story::new(seed, fault);
    for _ in 0..story.random.below(60) {
        if let Err(why) = story.next() {
            return Some(why);
        }
    }
    story.end().err()
}

impl Story {
    fn new(seed: u64, fault: Option<Fault>) -> Story {
        let oracles = QUEUES.iter().map(|queue| (Bytes::from(*queue), Oracle::default())).collect();
        let (platter, holder, random) = (Platter::default(), None, Random::new(seed));
        let (up, unix, bodies, receipts) = (Duration::ZERO, 1_700_000_000, 0, HashMap::new());
        let mut story = Story { random, fault, platter, holder, oracles, up, unix, bodies, receipts };
        story.open();
        story
    }

    fn open(&mut self) {
        let terms = HolderTerms {
            sync: self.fault != Some(Fault::AnswersEarly),
            reserve: RESERVE,
            segment: 600,
            ..HolderTerms::default()
        };
        self.holder = QueueHolder::open(self.platter.clone(), terms).ok();
    }

    fn next(&mut self) -> Result<(), String> {
        match self.random.below(12) {
            0 => self.platter.fill(self.random.chance(50)),
            1 => self.platter.fail_syncs(self.random.chance(30)),
            2 => self.platter.dies_after(self.random.below(6) as u32, self.random.below(120)),
            3 => {
                let seconds = self.random.below(6) as u64;
                self.up += Duration::from_secs(seconds);
                self.unix += seconds;
            }
            _ => {}
        }
        let orders = (0..1 + self.random.below(5)).map(|_| self.order()).collect();
        self.work(orders)?;
        if self.platter.is_dead() || self.random.chance(3) {
            self.begin_again();
        }
        Ok(())
    }

    fn order(&mut self) -> QueueOrder {
        let queue = Bytes::from(self.random.of(&QUEUES).to_string());
        let by = Consumer(self.random.below(CONSUMERS as usize) as u64);
        let held = self.oracles[&queue].held(by);
        match self.random.below(10) {
            0..=3 => {
                self.bodies += 1;
                let body = Bytes::from(format!("m{}{}", self.bodies, "x".repeat(self.random.below(40))));
                let expires = if self.random.chance(15) { self.unix + 1 + self.random.below(8) as u64 } else { 0 };
                QueueOrder::Put { queue, client_flags: 0, expires, body }
            }
            4..=6 => {
                let how = if self.random.chance(70) { Taking::Reserve } else { Taking::Remove };
                QueueOrder::Take { queue, by, how, wait: Duration::ZERO }
            }
            7 if self.random.chance(20) => QueueOrder::Leave(by),
            _ => {
                let how = if self.random.chance(60) { Settling::Acknowledge } else { Settling::GiveBack };
                let id = held.get(self.random.below(held.len().max(1))).copied();
                let receipt = id.and_then(|id| self.receipts.get(&(queue.clone(), id)).copied());
                QueueOrder::Settle { queue, by, id: Some(receipt.unwrap_or(0)), how }
            }
        }
    }

    fn now(&self) -> Moment {
        Moment { up: self.up, unix: Duration::from_secs(self.unix) }
    }

    fn work(&mut self, orders: Vec<QueueOrder>) -> Result<(), String> {
        let now = self.now();
        let up = self.up;
        self.oracles.values_mut().for_each(|oracle| oracle.elapse(up));
        let planted: Vec<_> = orders.iter().enumerate().flat_map(|(at, order)| self.planted(order, at)).collect();
        let mut answers = self.holder.as_mut().expect("opened").work(planted, now);
        answers.sort_by_key(|(at, _)| *at);
        let is_told = !self.platter.is_dead();
        for (at, answer) in answers.into_iter().filter(|(at, _)| *at != NOBODY) {
            if is_told {
                self.told(&orders[at], answer)?;
            } else {
                self.untold(&orders[at], answer);
            }
        }
        if is_told && !self.holder.as_ref().expect("opened").owes() {
            self.oracles.values_mut().for_each(Oracle::owes_nothing);
        }
        Ok(())
    }

    fn oracle(&mut self, queue: &Bytes) -> &mut Oracle {
        self.oracles.get_mut(queue).expect("a queue of the story")
    }

    /// A client learns what became of its order.
    fn told(&mut self, order: &QueueOrder, answer: QueueAnswer) -> Result<(), String> {
        let (unix, until) = (self.unix, self.up + RESERVE);
        match (order, answer) {
            (QueueOrder::Put { queue, body, expires, .. }, QueueAnswer::Stored(id)) => {
                self.oracle(queue).stored(id, body.clone(), *expires)?;
            }
            // A disk that fails may have it all the same, and tell the next process.
            (QueueOrder::Put { queue, body, .. }, _) => self.oracle(queue).doubts(body.clone()),
            (QueueOrder::Take { queue, by, how, .. }, QueueAnswer::Message(receipt, message)) => {
                let id = id_of_receipt(receipt);
                self.receipts.insert((queue.clone(), id), receipt);
                self.oracle(queue).handed_out(id, &message, (*by, until), unix)?;
                if *how == Taking::Remove {
                    self.oracle(queue).acknowledged(id);
                }
            }
            (QueueOrder::Take { queue, .. }, QueueAnswer::Nothing) => self.oracle(queue).nothing(unix)?,
            (QueueOrder::Settle { queue, id: Some(id), how, .. }, QueueAnswer::Done) => match how {
                Settling::Acknowledge => self.oracle(queue).acknowledged(id_of_receipt(*id)),
                Settling::GiveBack => self.oracle(queue).given_back(id_of_receipt(*id)),
            },
            (QueueOrder::Leave(by), _) => {
                for oracle in self.oracles.values_mut() {
                    oracle.held(*by).into_iter().for_each(|id| oracle.given_back(id));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The process ended before the client learned anything.
    fn untold(&mut self, order: &QueueOrder, answer: QueueAnswer) {
        match (order, answer) {
            (QueueOrder::Put { queue, body, .. }, _) => self.oracle(queue).doubts(body.clone()),
            (QueueOrder::Take { queue, how: Taking::Remove, .. }, QueueAnswer::Message(id, message)) => {
                self.oracle(queue).doubts(message.body);
                self.oracle(queue).doubts_acknowledged(id);
            }
            (QueueOrder::Settle { queue, id: Some(id), how: Settling::Acknowledge, .. }, _) => {
                self.oracle(queue).doubts_acknowledged(id_of_receipt(*id));
            }
            _ => {}
        }
    }

    /// The order as a faulty holder takes it.
    fn planted(&self, order: &QueueOrder, at: usize) -> Vec<(QueueOrder, usize)> {
        let QueueOrder::Settle { queue, by, id: Some(id), how: Settling::GiveBack } = order else {
            return vec![(order.clone(), at)];
        };
        match self.oracles[queue].body(id_of_receipt(*id)).filter(|_| self.fault == Some(Fault::GivesBackAtTheTail)) {
            Some(body) => {
                let (queue, by, id) = (queue.clone(), *by, Some(*id));
                let again = QueueOrder::Put { queue: queue.clone(), client_flags: 0, expires: 0, body };
                vec![(again, NOBODY), (QueueOrder::Settle { queue, by, id, how: Settling::Acknowledge }, at)]
            }
            None => vec![(order.clone(), at)],
        }
    }

    fn begin_again(&mut self) {
        self.holder = None;
        let machine_too = self.random.chance(60);
        // A disk may be as full as before.
        if self.random.chance(50) {
            self.platter.fill(false);
        }
        self.platter.fail_syncs(false);
        self.platter.begin_again(&mut self.random, machine_too);
        if self.fault == Some(Fault::UsesIdsAgain) {
            self.platter.forget_empty();
        }
        self.oracles.values_mut().for_each(Oracle::begun_again);
        self.open();
        assert!(self.holder.is_some(), "the queues cannot be opened again");
    }

    /// All is well again: whatever was stored comes.
    fn end(mut self) -> Result<(), String> {
        self.begin_again();
        self.platter.fill(false);
        for queue in QUEUES.map(Bytes::from) {
            let by = Consumer(0);
            loop {
                let order = QueueOrder::Take { queue: queue.clone(), by, how: Taking::Remove, wait: Duration::ZERO };
                let now = self.now();
                let answers = self.holder.as_mut().expect("opened").work([(order.clone(), 0)], now);
                let (_, answer) = answers.into_iter().next().expect("an answer");
                let is_over = answer == QueueAnswer::Nothing;
                self.told(&order, answer)?;
                if is_over {
                    break;
                }
            }
        }
        Ok(())
    }
}

#[test]
fn whatever_happens_a_message_that_was_stored_comes_in_its_place_until_it_is_acknowledged() {
    let found = first_broken(stories(STORIES), |seed| broken(seed, None));
    assert!(found.is_none(), "{found:?}");
}

#[test]
fn a_holder_with_a_fault_is_found_out() {
    for fault in [Fault::AnswersEarly, Fault::GivesBackAtTheTail, Fault::UsesIdsAgain] {
        let found = first_broken(0..STORIES, |seed| broken(seed, Some(fault)));
        println!("{fault:?}: {found:?}");
        assert!(found.is_some(), "{fault:?} is not found");
    }
}
