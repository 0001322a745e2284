//! A request that holders elsewhere carry out: one order after the other, and what is left to order about a message that came.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::{Instant, timeout_at};

use super::QueuesBehind;
use crate::protocol::Reply;
use crate::queue::{QueueAnswer, QueueOrder, Settling, Taking};
use crate::route::Client;
use crate::route::queue::decide::no_answer;
use crate::route::queue::question::QueueQuestion;
use crate::route::queue::room::no_memory;
use crate::route::queue::seat::Answering;

/// Each question to a holder has an end of its own. This ends what is still not done.
const HOLDERS: Duration = Duration::from_secs(300);

impl QueuesBehind {
    /// Carries it out; the holder is asked before this waits for the first time.
    pub(in crate::route::queue) async fn carry_out(self: Rc<Self>, asked: QueueQuestion, client: Rc<Client>) -> Reply {
        let QueueQuestion { wish, telling, turn: _turn, waiting: _waiting } = asked;
        let (room, end) = (self.room.likely(&wish.what), Instant::now() + wish.wait() + HOLDERS);
        if !client.holder.may_take(room) {
            return no_memory(&client);
        }
        let mut held = client.holder.share();
        held.set(room);
        let orders = wish.orders(client.queues.consumer(), self.env.unix());
        let ordered: Vec<_> = orders.map(|order| (order.clone(), self.order(order, &client))).collect();
        let mut last = Ok(QueueAnswer::Nothing);
        for (order, mut answer) in ordered {
            match timeout_at(end, answer.as_mut()).await {
                Ok(answer) => last = answer,
                Err(_) => {
                    spawn_local(self.clone().too_late(order, answer, client));
                    return telling.untold(no_answer());
                }
            }
            let is_told = last.as_ref().map_or(true, |answer| self.room.learns(answer, &client));
            let left = left(&order, &last, is_told);
            let is_back = !is_told && left.is_some();
            left.into_iter().for_each(|order| drop(self.order(order, &client)));
            if is_back {
                return no_memory(&client);
            }
        }
        match last {
            Ok(answer) => telling.told(answer, self.env.unix()),
            Err(reply) => telling.untold(reply),
        }
    }

    /// The client was told that there is no answer: a message that comes all the same goes back.
    async fn too_late(self: Rc<Self>, order: QueueOrder, answer: Answering, client: Rc<Client>) {
        let left = left(&order, &answer.await, false);
        left.into_iter().for_each(|order| drop(self.order(order, &client)));
    }
}

/// What is left to order about a message that was handed out, before the client is told of it, or is not.
fn left(order: &QueueOrder, answer: &Result<QueueAnswer, Reply>, is_told: bool) -> Option<QueueOrder> {
    let (QueueOrder::Take { queue, by, how, .. }, Ok(QueueAnswer::Message(receipt, _))) = (order, answer) else {
        return None;
    };
    let end = match (how, is_told) {
        (Taking::Reserve | Taking::ReserveOne, true) => return None,
        (Taking::Remove, true) => Settling::Acknowledge,
        (_, false) => Settling::GiveBack,
    };
    Some(QueueOrder::Settle { queue: queue.clone(), by: *by, id: Some(*receipt), how: end })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::queue::{Consumer, Message};

    #[test]
    fn whatever_its_terms_a_message_that_came_is_named_by_its_receipt() {
        let (queue, by, wait) = ("q".into(), Consumer(1), Duration::ZERO);
        let answer = Ok(QueueAnswer::Message(3 << 48 | 7, Message::default()));
        for how in [Taking::Remove, Taking::Reserve, Taking::ReserveOne] {
            let order = QueueOrder::Take { queue: Bytes::clone(&queue), by, how, wait };
            let back = QueueOrder::Settle { queue: queue.clone(), by, id: Some(3 << 48 | 7), how: Settling::GiveBack };
            assert_eq!(left(&order, &answer, false), Some(back));
        }
    }
}
