//! A holder on a disk that breaks, and the faults that are planted in it.

use std::time::Duration;

use bytes::Bytes;
use leash::queue::{
    Consumer, HolderTerms, Moment, QueueAnswer, QueueHolder, QueueOrder, Settling, Taking, id_of_receipt,
};
use support::Random;

use super::RESERVE;
use super::disk::Platter;
use super::oracles::Oracles;

/// To whom the answer to a planted order goes.
const NOBODY: usize = usize::MAX;

/// What a holder does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HolderFault {
    #[default]
    None,
    /// It answers before the disk has what it answers.
    AnswersEarly,
    /// What is given back goes to the end of the line.
    GivesBackAtTheTail,
    /// It begins with the same ids again.
    UsesIdsAgain,
}

impl HolderFault {
    pub const ALL: [HolderFault; 3] =
        [HolderFault::AnswersEarly, HolderFault::GivesBackAtTheTail, HolderFault::UsesIdsAgain];
}

/// One process after the other on the same disk.
pub struct Holding {
    platter: Platter,
    fault: HolderFault,
    holder: Option<QueueHolder<Platter, usize>>,
}

impl Holding {
    pub fn new(platter: Platter, fault: HolderFault) -> Holding {
        let mut new = Holding { platter, fault, holder: None };
        new.open();
        new
    }

    fn open(&mut self) {
        let sync = self.fault != HolderFault::AnswersEarly;
        let terms = HolderTerms { sync, reserve: RESERVE, segment: 600, ..HolderTerms::default() };
        let opened = QueueHolder::open(self.platter.clone(), terms);
        self.holder = Some(opened.unwrap_or_else(|error| panic!("the queues cannot be opened: {error}")));
    }

    /// The process ends, and perhaps the machine; the next one begins, on a disk that can keep what is written.
    pub fn begin_again(&mut self, chance: &mut Random, machine_too: bool) {
        self.holder = None;
        self.platter.fail_syncs(false);
        self.platter.begin_again(chance, machine_too);
        if self.fault == HolderFault::UsesIdsAgain {
            self.platter.forget_empty();
        }
        self.open();
    }

    fn holder(&mut self) -> &mut QueueHolder<Platter, usize> {
        self.holder.as_mut().expect("opened")
    }

    /// Carries out orders. None of them waits for a message, so each is answered at once.
    pub fn work(&mut self, orders: &[QueueOrder], now: Moment, oracles: &Oracles) -> Vec<QueueAnswer> {
        let planted: Vec<_> =
            orders.iter().enumerate().flat_map(|(at, order)| self.planted(order, at, oracles)).collect();
        let mut answers = self.holder().work(planted, now);
        answers.retain(|(at, _)| *at != NOBODY);
        answers.sort_by_key(|(at, _)| *at);
        assert!(answers.iter().map(|(at, _)| *at).eq(0..orders.len()), "{answers:?} to {orders:?}");
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Takes what is left of a queue for good.
    pub fn take_rest(&mut self, queue: &Bytes, now: Moment, oracles: &mut Oracles) -> Result<(), String> {
        let by = Consumer(u64::MAX);
        let order = [QueueOrder::Take { queue: queue.clone(), by, how: Taking::Remove, wait: Duration::ZERO }];
        loop {
            let answer = self.work(&order, now, oracles).remove(0);
            oracles.told(by, &order[0], &answer, now)?;
            if answer == QueueAnswer::Nothing {
                return Ok(());
            }
        }
    }

    /// Whether the disk has still to be told of something that was answered.
    pub fn owes(&mut self) -> bool {
        self.holder().owes()
    }

    /// The order as a faulty holder takes it.
    fn planted(&self, order: &QueueOrder, at: usize, oracles: &Oracles) -> Vec<(QueueOrder, usize)> {
        let given_back = match order {
            QueueOrder::Settle { queue, by, id: Some(id), how: Settling::GiveBack }
                if self.fault == HolderFault::GivesBackAtTheTail =>
            {
                oracles.body(queue, id_of_receipt(*id)).map(|body| (queue.clone(), *by, *id, body))
            }
            _ => None,
        };
        let Some((queue, by, id, body)) = given_back else { return vec![(order.clone(), at)] };
        let again = QueueOrder::Put { queue: queue.clone(), client_flags: 0, expires: 0, body };
        let done = QueueOrder::Settle { queue, by, id: Some(id), how: Settling::Acknowledge };
        vec![(again, NOBODY), (done, at)]
    }
}
