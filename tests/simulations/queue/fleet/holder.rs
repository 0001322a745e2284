//! The holder at the end of the wires: the real one, on a disk that may fail. Here, and not in the product, is where it is
//! told to misbehave.

use leash::protocol::{Reply, Request};
use leash::queue::{Consumer, Moment, QueueAnswer, QueueOrder, Settling, Taking, id_of_receipt};
use leash::route::queue::decide::{QueueTelling, wish};
use leash::runtime::env::Env;

use super::Fault;
use super::world::World;
use crate::queue::moment;

impl World {
    /// Carries out a request; nothing is said where the holder dies meanwhile.
    pub fn have_done(&self, wire: usize, op: usize, request: &Request) -> Result<Option<Reply>, String> {
        let by = Consumer(self.era_of(wire));
        let wished = match wish(request, self.rules) {
            Ok(wished) => wished,
            Err(why) => return Ok(Some(Reply::Error(why.into()))),
        };
        self.truth.borrow_mut().begins(op, &wished.queue)?;
        let what = wished.what.clone();
        let mut last = QueueAnswer::Nothing;
        for order in wished.orders(by, self.unix()) {
            let (now, believed) = (moment(self), self.as_believed(order.clone()));
            self.truth.borrow_mut().oracles.elapse(now.up);
            last = self.holding.borrow_mut().work(&[believed], now, &self.truth.borrow().oracles).remove(0);
            if self.platter.is_dead() {
                self.truth.borrow_mut().oracles.untold(&order, last);
                return Ok(None);
            }
            self.is_told((op, by.0), &order, &last, now)?;
        }
        if !self.holding.borrow_mut().owes() {
            self.truth.borrow_mut().oracles.owe_nothing();
        }
        Ok(Some(QueueTelling::of(&request.command, &what, self.rules.mode).told(last, self.unix())))
    }

    /// The order as a sidecar gives it that believes what it knew last.
    fn as_believed(&self, order: QueueOrder) -> QueueOrder {
        match order {
            QueueOrder::Settle { queue, by, id: Some(id), how: Settling::GiveBack }
                if self.fault == Fault::GivesBackStale =>
            {
                let id = self.truth.borrow().oracles.receipt(&queue, id_of_receipt(id));
                QueueOrder::Settle { queue, by, id, how: Settling::GiveBack }
            }
            other => other,
        }
    }

    /// The holder has answered a request, and the disk has what it says.
    fn is_told(
        &self,
        (op, era): (usize, u64),
        order: &QueueOrder,
        answer: &QueueAnswer,
        now: Moment,
    ) -> Result<(), String> {
        let mut truth = self.truth.borrow_mut();
        let client = Consumer(truth.ops[op].client);
        if let (QueueOrder::Settle { queue, id: Some(id), how, .. }, QueueAnswer::Done) = (order, answer) {
            truth.settles((op, client), queue, id_of_receipt(*id), *how)?;
        }
        truth.oracles.told(client, order, answer, now)?;
        match (order, answer) {
            (QueueOrder::Put { body, .. }, QueueAnswer::Stored(_)) => truth.stores(op, body),
            (QueueOrder::Take { queue, how, .. }, QueueAnswer::Message(receipt, message)) => {
                assert_eq!(*how, Taking::Reserve, "sidecars know for whom");
                let id = id_of_receipt(*receipt);
                truth.reserves(queue, id, era);
                truth.gives(op, queue, id, &message.body)
            }
            _ => Ok(()),
        }
    }

    /// The holder has noticed that a connection is gone, and gives back what was reserved over it.
    pub fn leave(&self, consumer: u64) {
        let now = moment(self);
        {
            let mut truth = self.truth.borrow_mut();
            truth.oracles.elapse(now.up);
            self.holding.borrow_mut().work(&[QueueOrder::Leave(Consumer(consumer))], now, &truth.oracles);
            truth.loses(consumer);
        }
        if self.platter.is_dead() {
            self.end_holder();
        }
    }
}
