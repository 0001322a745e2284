//! All queues as their clients know them: what an answer to an order promises, and what is left open where none comes.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use leash::queue::{Consumer, Moment, QueueAnswer, QueueOrder, Settling, Taking, id_of_receipt};

use super::RESERVE;
use super::oracle::Oracle;

#[derive(Default)]
pub struct Oracles {
    queues: HashMap<Bytes, Oracle>,
    /// By what a message is settled that a consumer has.
    receipts: HashMap<(Bytes, u64), u64>,
}

impl Oracles {
    pub fn of(&mut self, queue: &Bytes) -> &mut Oracle {
        self.queues.entry(queue.clone()).or_default()
    }

    /// What a message says that is not done with.
    pub fn body(&self, queue: &Bytes, id: u64) -> Option<Bytes> {
        self.queues.get(queue)?.body(id)
    }

    pub fn receipt(&self, queue: &Bytes, id: u64) -> Option<u64> {
        self.receipts.get(&(queue.clone(), id)).copied()
    }

    /// A client, who is known as `by`, learns what became of its order.
    pub fn told(&mut self, by: Consumer, order: &QueueOrder, answer: &QueueAnswer, now: Moment) -> Result<(), String> {
        let unix = now.unix.as_secs();
        match (order, answer) {
            (QueueOrder::Put { queue, body, expires, .. }, QueueAnswer::Stored(id)) => {
                self.of(queue).stored(*id, body.clone(), *expires)?;
            }
            // A disk that fails may have it all the same, and tell the next process.
            (QueueOrder::Put { queue, body, .. }, _) => self.of(queue).doubts(body.clone()),
            (QueueOrder::Take { queue, how, .. }, QueueAnswer::Message(receipt, message)) => {
                let id = id_of_receipt(*receipt);
                self.receipts.insert((queue.clone(), id), *receipt);
                self.of(queue).handed_out(id, message, (by, now.up + RESERVE), unix)?;
                if *how == Taking::Remove {
                    self.of(queue).acknowledged(id);
                }
            }
            (QueueOrder::Take { queue, .. }, QueueAnswer::Nothing) => self.of(queue).nothing(unix)?,
            (QueueOrder::Settle { queue, id: Some(id), how, .. }, QueueAnswer::Done) => match how {
                Settling::Acknowledge => self.of(queue).acknowledged(id_of_receipt(*id)),
                Settling::GiveBack => self.of(queue).given_back(id_of_receipt(*id)),
            },
            (QueueOrder::Empty { queue }, QueueAnswer::Done) => self.of(queue).emptied(),
            (QueueOrder::Leave(by), _) => {
                for oracle in self.queues.values_mut() {
                    oracle.held(*by).into_iter().for_each(|id| oracle.given_back(id));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The process ended before the client learned anything.
    pub fn untold(&mut self, order: &QueueOrder, answer: QueueAnswer) {
        match (order, answer) {
            (QueueOrder::Put { queue, body, .. }, _) => self.of(queue).doubts(body.clone()),
            (QueueOrder::Take { queue, how: Taking::Remove, .. }, QueueAnswer::Message(id, message)) => {
                self.of(queue).doubts(message.body);
                self.of(queue).doubts_acknowledged(id);
            }
            (QueueOrder::Settle { queue, id: Some(id), how: Settling::Acknowledge, .. }, _) => {
                self.of(queue).doubts_acknowledged(id_of_receipt(*id));
            }
            (QueueOrder::Empty { queue }, _) => self.of(queue).doubts_emptied(),
            _ => {}
        }
    }

    /// Reservations that are over by now are given back.
    pub fn elapse(&mut self, up: Duration) {
        self.queues.values_mut().for_each(|oracle| oracle.elapse(up));
    }

    /// The disk has been told of all that was acknowledged.
    pub fn owe_nothing(&mut self) {
        self.queues.values_mut().for_each(Oracle::owes_nothing);
    }

    /// The process is gone, and all reservations with it.
    pub fn begin_again(&mut self) {
        self.queues.values_mut().for_each(Oracle::begun_again);
    }
}
