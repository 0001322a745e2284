//! Queues whose holders are elsewhere: an order becomes a meta request to the holder of the queue's name, and its reply the
//! answer.
//!
//! ```text
//!   order ─▶ asked ─▶ pool: the server of the name ══▶ holder
//!   answer ◀─ heard ◀───────────────────────────────◀═══┘
//! ```
//! All clients share the connections to a holder, so the holder cannot know which of them has a message: that is
//! remembered here, with the client ([`OpenMessages`](super::decide::OpenMessages)). leash never asks twice of its own accord: an order
//! without a reply has failed, and the client hears that.

mod late;
mod steps;
mod wait;

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::decide::{OpenMessage, QueueOfRoute, asked, heard, queue_key};
use super::room::MessageRoom;
use super::seat::{Answering, HolderWay};
use crate::protocol::Reply;
use crate::queue::{QueueAnswer, QueueOrder, QueueRefusal, Settling, Taking};
use crate::route::refresh::decide::ItemId;
use crate::route::turns::KeyTurns;
use crate::route::{Client, Entry};
use crate::runtime::env::Env;
use crate::upstream::{ServerOrStore, Ticket};

/// The holders of one route's queues.
pub struct QueuesBehind {
    /// The way to the pool, which finds the holder of a name.
    pool: Entry,
    /// For so long a client has a message.
    reserve: Duration,
    /// What tells the route from others.
    route: u64,
    env: Rc<dyn Env>,
    room: MessageRoom,
    /// The clients of this worker that wait for a message of a queue: only the first of them asks.
    waiting: Rc<KeyTurns<ItemId>>,
    /// The client that gives back what others had.
    nobody: Rc<Client>,
}

impl QueuesBehind {
    /// The holders of `pool`, who give a message to another consumer after `reserve`; `route` is the route's identity.
    pub fn new(pool: Entry, reserve: Duration, route: u64, env: Rc<dyn Env>) -> Rc<QueuesBehind> {
        let (room, waiting, nobody) = (MessageRoom::new(), KeyTurns::new(), Client::new());
        Rc::new(QueuesBehind { pool, reserve, route, env, room, waiting, nobody })
    }

    /// Orders on behalf of `client`. The holder is asked at once, unless the client waits behind others.
    fn order(self: &Rc<Self>, order: QueueOrder, client: &Rc<Client>) -> Answering {
        match &order {
            QueueOrder::Take { queue, how, wait, .. } => self.take(queue, *how, *wait, client),
            QueueOrder::Settle { queue, id, how, .. } => self.settle(queue, *id, *how, client),
            _ => Box::pin(self.ask(order, client, None)),
        }
    }

    /// The servers of the pool.
    pub(super) fn servers(&self) -> Vec<&ServerOrStore> {
        self.pool.servers()
    }

    /// The holder of a queue.
    pub(super) fn holder(&self, queue: &Bytes) -> Option<&ServerOrStore> {
        self.pool.root().serving(&queue_key(queue).ok()?)
    }

    /// See [`Node::era`](crate::route::Node::era).
    fn era(&self, queue: &Bytes) -> u64 {
        queue_key(queue).map_or(0, |key| self.pool.root().era(&key))
    }

    /// Asks the holder at once. A reply that comes too late goes to `late`.
    fn ask(
        &self,
        order: QueueOrder,
        client: &Rc<Client>,
        late: Option<Ticket>,
    ) -> impl Future<Output = Result<QueueAnswer, Reply>> + use<> {
        let env = self.env.clone();
        let asked = queue_key(name(&order)).and_then(|key| Ok((key, asked(&order, env.unix())?)));
        let answer = asked.map(|(key, request)| self.pool.call_queue(&key, &request, client, late));
        async move {
            match answer {
                Ok(answer) => heard(&order, answer.await, env.unix()),
                Err(why) => Err(Reply::Error(why.into())),
            }
        }
    }

    fn take(self: &Rc<Self>, queue: &Bytes, how: Taking, wait: Duration, client: &Rc<Client>) -> Answering {
        let of_route = (self.route, queue.clone());
        if how != Taking::Reserve && client.queues.open().has_of(&of_route, self.env.now()) {
            return known(QueueAnswer::Refused(QueueRefusal::HasOne));
        }
        if wait.is_zero() {
            return self.clone().open((queue.clone(), how), client);
        }
        self.wait((queue.clone(), how), wait, client)
    }

    /// Asks for a message at once, and remembers that the client has it.
    fn open(self: Rc<Self>, (queue, how): (Bytes, Taking), client: &Rc<Client>) -> Answering {
        if client.queues.open().is_full(self.env.now()) {
            return known(QueueAnswer::Refused(QueueRefusal::Busy));
        }
        let era = self.era(&queue);
        let until = self.env.now() + self.reserve;
        let (by, wait) = (client.queues.consumer(), Duration::ZERO);
        // Whatever the client's terms: that it may have one only is looked after here.
        let order = QueueOrder::Take { queue: queue.clone(), by, how: Taking::Reserve, wait };
        let answer = self.ask(order, client, Some(self.late(&queue, era, until)));
        let client = client.clone();
        Box::pin(async move {
            let answer = answer.await;
            if let Ok(QueueAnswer::Message(receipt, _)) = answer {
                let way: Rc<dyn HolderWay> = self.clone();
                let message = OpenMessage { way, told: how.told(receipt), era, until };
                client.queues.open().add((self.route, queue), receipt, message);
                if client.is_gone() {
                    client.queues.leave();
                }
            }
            answer
        })
    }

    fn settle(&self, queue: &Bytes, id: Option<u64>, how: Settling, client: &Rc<Client>) -> Answering {
        let (of_route, by) = ((self.route, queue.clone()), client.queues.consumer());
        let settle = |id| QueueOrder::Settle { queue: queue.clone(), by, id: Some(id), how };
        let open = client.queues.open().take(&of_route, id, self.env.now());
        match (open, id, how) {
            (Some((receipt, message)), ..) => match message.way.settle(settle(receipt), &message) {
                Some(answer) => Box::pin(kept_unless_answered(answer, (of_route, receipt, message), client.clone())),
                None => known(QueueAnswer::Nothing),
            },
            // By its id any message may be acknowledged: a sidecar before this one knows what was done.
            (None, Some(id), Settling::Acknowledge) => Box::pin(self.ask(settle(id), client, None)),
            (None, ..) => known(QueueAnswer::Nothing),
        }
    }
}

impl HolderWay for QueuesBehind {
    fn settle(&self, order: QueueOrder, message: &OpenMessage<Rc<dyn HolderWay>>) -> Option<Answering> {
        let is_given_back = matches!(order, QueueOrder::Settle { how: Settling::GiveBack, .. });
        let may = !is_given_back || message.may_be_given_back(self.era(name(&order)), self.env.now());
        may.then(|| -> Answering { Box::pin(self.ask(order, &self.nobody, None)) })
    }
}

/// The answer; without one the client has the message still.
async fn kept_unless_answered(
    answer: Answering,
    (queue, receipt, message): (QueueOfRoute, u64, OpenMessage<Rc<dyn HolderWay>>),
    client: Rc<Client>,
) -> Result<QueueAnswer, Reply> {
    let answer = answer.await;
    if answer.is_err() && !client.is_gone() {
        client.queues.open().add(queue, receipt, message);
    }
    answer
}

/// An answer that needs no holder.
fn known(answer: QueueAnswer) -> Answering {
    Box::pin(std::future::ready(Ok(answer)))
}

/// Orders that are about no queue go nowhere from here.
fn name(order: &QueueOrder) -> &Bytes {
    static NONE: Bytes = Bytes::new();
    order.queue().unwrap_or(&NONE)
}
