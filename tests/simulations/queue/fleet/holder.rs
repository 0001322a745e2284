//! The holder at the end of the wires: the real one, on a disk that may fail. Here, and not in the product, is where it is
//! told to misbehave.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use leash::protocol::{Reply, Request};
use leash::queue::{
    Consumer, HolderTerms, Message, Moment, QueueAnswer, QueueHolder, QueueOrder, Settling, Taking, id_of_receipt,
};
use leash::route::queue::decide::{told, wish};

use super::Fault;
use super::world::{RESERVE, World};
use crate::engine::Asked;

/// What the answer to an order goes to that a fault adds.
const NOBODY: usize = usize::MAX;

impl World {
    pub fn open_holder(&self) {
        let terms = HolderTerms {
            sync: self.fault != Fault::AnswersEarly,
            reserve: RESERVE,
            segment: 600,
            ..HolderTerms::default()
        };
        let opened = QueueHolder::open(self.platter.clone(), terms);
        *self.holder.borrow_mut() = Some(opened.unwrap_or_else(|error| panic!("the queues cannot be opened: {error}")));
    }

    pub fn moment(&self) -> Moment {
        Moment { up: self.up(), unix: Duration::from_secs(self.unix().cast_unsigned()) }
    }

    /// Takes the next request off a wire; one with a fault may take the one behind it.
    pub fn serve(&self, wire: usize) {
        let overtakes = self.fault == Fault::Overtakes && self.percent(30);
        let pick = |asked: &mut VecDeque<Asked>| asked.remove(usize::from(overtakes && asked.len() > 1));
        let Some(asked) = self.wires.take(wire, pick) else { return };
        match self.carry_out(wire, asked.op, &asked.request) {
            Ok(Some(reply)) => {
                self.tell(|| format!("  op {:<3} {:?} -> {reply:?}", asked.op, asked.request));
                self.wires.answer(wire, asked, reply);
            }
            Ok(None) => {
                self.tell(|| format!("  op {:<3} {:?}, and the holder is gone", asked.op, asked.request));
                self.end_holder();
            }
            Err(why) => self.find_broken(why),
        }
    }

    /// Carries out a request; `None`: the holder dies meanwhile.
    fn carry_out(&self, wire: usize, op: usize, request: &Request) -> Result<Option<Reply>, String> {
        let by = Consumer(self.era_of(wire));
        let wished = match wish(request, self.rules) {
            Ok(wished) => wished,
            Err(why) => return Ok(Some(Reply::Error(why.into()))),
        };
        self.truth.borrow_mut().begins(op, &wished.queue)?;
        let what = wished.what.clone();
        let mut last = QueueAnswer::Nothing;
        for order in wished.orders(by, self.unix()) {
            let (now, planted) = (self.moment(), self.planted(&order));
            self.elapse();
            let answers = self.holder.borrow_mut().as_mut().expect("opened").work(planted, now);
            let answer = answers.into_iter().find(|(to, _)| *to != NOBODY).map(|(_, answer)| answer);
            let answer = answer.expect("an answer at once: nobody waits at the holder");
            if self.platter.is_dead() {
                self.untold(&order, answer);
                return Ok(None);
            }
            self.is_told((op, by.0), &order, answer.clone())?;
            last = answer;
        }
        if !self.holder.borrow().as_ref().expect("opened").owes() {
            self.truth.borrow_mut().oracles.values_mut().for_each(super::super::oracle::Oracle::owes_nothing);
        }
        Ok(Some(told(&request.command, &what, self.rules.mode, last, self.unix())))
    }

    /// The order as a faulty holder takes it.
    fn planted(&self, order: &QueueOrder) -> Vec<(QueueOrder, usize)> {
        let QueueOrder::Settle { queue, by, id: Some(id), how: Settling::GiveBack } = order else {
            return vec![(order.clone(), 0)];
        };
        let body = self.truth.borrow_mut().oracle(queue).body(id_of_receipt(*id));
        if self.fault == Fault::GivesBackStale {
            let (queue, by) = (queue.clone(), *by);
            let id = self.truth.borrow().receipts.get(&(queue.clone(), id_of_receipt(*id))).copied();
            return vec![(QueueOrder::Settle { queue, by, id, how: Settling::GiveBack }, 0)];
        }
        match body.filter(|_| self.fault == Fault::GivesBackAtTheTail) {
            Some(body) => {
                let (queue, by, id) = (queue.clone(), *by, Some(*id));
                let again = QueueOrder::Put { queue: queue.clone(), client_flags: 0, expires: 0, body };
                vec![(again, NOBODY), (QueueOrder::Settle { queue, by, id, how: Settling::Acknowledge }, 0)]
            }
            None => vec![(order.clone(), 0)],
        }
    }

    /// The holder has answered a request, and the disk has what it says.
    fn is_told(&self, (op, era): (usize, u64), order: &QueueOrder, answer: QueueAnswer) -> Result<(), String> {
        let (unix, until) = (self.unix().cast_unsigned(), self.up() + RESERVE);
        let mut truth = self.truth.borrow_mut();
        let client = Consumer(truth.ops[op].client);
        match (order, answer) {
            (QueueOrder::Put { queue, body, expires, .. }, QueueAnswer::Stored(id)) => {
                truth.oracle(queue).stored(id, body.clone(), *expires)?;
                truth.stores(op, body)
            }
            // A disk that fails may have it all the same, and tell the next process.
            (QueueOrder::Put { queue, body, .. }, _) => {
                truth.oracle(queue).doubts(body.clone());
                Ok(())
            }
            (QueueOrder::Take { queue, how, .. }, QueueAnswer::Message(receipt, message)) => {
                assert_eq!(*how, Taking::Reserve, "sidecars know for whom");
                let id = id_of_receipt(receipt);
                truth.oracle(queue).handed_out(id, &message, (client, until), unix)?;
                truth.reserves(queue, id, era);
                truth.receipts.insert((queue.clone(), id), receipt);
                truth.gives(op, queue, id, &message.body)
            }
            (QueueOrder::Take { queue, .. }, QueueAnswer::Nothing) => truth.oracle(queue).nothing(unix),
            (QueueOrder::Settle { queue, id: Some(id), how: Settling::GiveBack, .. }, QueueAnswer::Done) => {
                let id = id_of_receipt(*id);
                if !truth.oracle(queue).held(client).contains(&id) {
                    return Err(format!("op {op} takes {id} from another client"));
                }
                truth.oracle(queue).given_back(id);
                Ok(())
            }
            (QueueOrder::Settle { queue, id: Some(id), .. }, QueueAnswer::Done) => {
                let id = id_of_receipt(*id);
                truth.ops[op].done = truth.oracle(queue).body(id);
                truth.oracle(queue).acknowledged(id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The process ended before anyone learned anything.
    fn untold(&self, order: &QueueOrder, answer: QueueAnswer) {
        let mut truth = self.truth.borrow_mut();
        match (order, answer) {
            (QueueOrder::Put { queue, body, .. }, _) => truth.oracle(queue).doubts(body.clone()),
            (QueueOrder::Settle { queue, id: Some(id), how: Settling::Acknowledge, .. }, _) => {
                truth.oracle(queue).doubts_acknowledged(id_of_receipt(*id));
            }
            _ => {}
        }
    }

    /// Reservations that are over by now are given back.
    pub fn elapse(&self) {
        let up = self.up();
        self.truth.borrow_mut().oracles.values_mut().for_each(|oracle| oracle.elapse(up));
    }

    /// The holder has noticed that a connection is gone, and gives back what was reserved over it.
    pub fn leave(&self, consumer: u64) {
        let order = QueueOrder::Leave(Consumer(consumer));
        let now = self.moment();
        self.elapse();
        self.holder.borrow_mut().as_mut().expect("opened").work([(order, 0)], now);
        self.truth.borrow_mut().loses(consumer);
        if self.platter.is_dead() {
            self.end_holder();
        }
    }

    /// Takes what is left, as an operator does who looks after it all.
    pub fn take_rest(&self, queue: &Bytes) -> Result<(), String> {
        loop {
            let (by, wait) = (Consumer(u64::MAX), Duration::ZERO);
            let order = QueueOrder::Take { queue: queue.clone(), by, how: Taking::Remove, wait };
            let now = self.moment();
            let answers = self.holder.borrow_mut().as_mut().expect("opened").work([(order, 0)], now);
            let (unix, mut truth) = (self.unix().cast_unsigned(), self.truth.borrow_mut());
            match answers.into_iter().next().expect("an answer").1 {
                QueueAnswer::Message(id, message @ Message { .. }) => {
                    truth.oracle(queue).handed_out(id, &message, (by, Duration::MAX), unix)?;
                    truth.oracle(queue).acknowledged(id);
                }
                _ => return truth.oracle(queue).nothing(unix),
            }
        }
    }
}
