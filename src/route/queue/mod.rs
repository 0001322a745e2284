//! Durable queues over the memcached protocol: each key of the route is the name of one.
//!
//! ```text
//!   request ─▶ wish ─▶ orders ─▶ holding: the keeper of this process, or holders elsewhere
//!     reply ◀─ told ◀─ answer ◀────┘
//! ```
//! What is wished and what is told is the same for every client and wherever the messages are: see [`decide`]. Orders of
//! one client about one queue are given in the order it asked; where one of them waits, those behind it do too.

pub mod decide;

mod behind;
mod holding;
mod seat;

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::turns::KeyTurn;
use super::{Ask, Client, Deadline, Node, Run, Step};
use crate::config::QueueMode;
use crate::protocol::{Cause, Failure, Key, Reply, Request};
use crate::queue::QueueAnswer;
use crate::route::refresh::decide::ItemId;
use crate::runtime::env::Env;
use crate::upstream::ServerOrStore;
pub use behind::QueuesBehind;
use decide::{QueueKey, QueueRules, QueueWish, QueueWishKind, refused, told, untold, wish};
pub use holding::QueueHolding;
pub(super) use seat::QueueSeat;

/// The queues of one route.
pub struct QueueNode {
    holding: QueueHolding,
    rules: QueueRules,
    /// What tells the route from others.
    route: u64,
    env: Rc<dyn Env>,
}

impl QueueNode {
    /// Queues whose messages are at `holding`; `route` is the route's identity.
    pub fn new(holding: QueueHolding, rules: QueueRules, route: u64, env: Rc<dyn Env>) -> QueueNode {
        QueueNode { holding, rules, route, env }
    }

    async fn carry_out(&self, asked: Request, wish: QueueWish, client: Rc<Client>, deadline: Deadline) -> Reply {
        let what = wish.what.clone();
        let turn = self.turn(&wish, &client);
        if let Some(turn) = &turn
            && deadline.bounds(turn).await.is_none()
        {
            return self.late(&asked, None);
        }
        if client.is_gone() {
            return Reply::Miss;
        }
        let orders = wish.orders(client.queues.consumer(), self.env.unix());
        let ordered = orders.map(|order| (order.clone(), self.holding.order(order, &client)));
        // The next request may go as soon as this one is on its way, unless it needs what comes of it.
        let ordered: Vec<_> = ordered.collect();
        let kept = turn.filter(|_| self.holding.needs_turn(&what));
        let mut last = Ok(QueueAnswer::Nothing);
        for (order, answer) in ordered {
            last = answer.await;
            // Once the time is over the client was told that there is no answer, and without memory it will be.
            let is_told = !deadline.is_over() && client.holder.may_take(last.as_ref().map_or(0, QueueAnswer::len));
            let left = self.holding.left(&order, &last, is_told);
            left.into_iter().for_each(|order| drop(self.holding.order(order, &client)));
        }
        drop(kept);
        match last {
            Ok(answer) => told(&asked.command, &what, self.rules.mode, answer, self.env.unix()),
            Err(reply) => untold(&what, reply),
        }
    }

    /// A place in the line of the client's requests for the queue, if there is one or must be.
    fn turn(&self, wish: &QueueWish, client: &Client) -> Option<KeyTurn<ItemId>> {
        let queue = ItemId::of_name(self.route, &wish.queue);
        (client.turns.is_busy(queue) || self.holding.needs_turn(&wish.what)).then(|| client.turns.enter(queue))
    }
}

impl Node for QueueNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        match wish(ask.request, self.rules) {
            Ok(_) => Step::Run,
            Err(why) => Step::Answer(Reply::Error(why.into())),
        }
    }

    fn run(self: Rc<Self>, request: Request, client: Rc<Client>, deadline: Deadline) -> Run {
        Box::pin(async move {
            match wish(&request, self.rules) {
                Ok(wish) => self.carry_out(request, wish, client, deadline).await,
                Err(why) => Reply::Error(why.into()),
            }
        })
    }

    fn more_patience(&self, request: &Request, _: Option<&Reply>) -> Duration {
        match wish(request, self.rules) {
            Ok(QueueWish { what: QueueWishKind::Take { wait, .. }, .. }) => wait + self.holding.patience(),
            _ => self.holding.patience(),
        }
    }

    fn late(&self, _: &Request, _: Option<Reply>) -> Reply {
        Reply::Failed(Failure { cause: Cause::Timeout, server: "of the queues".into(), said: None })
    }

    fn queues(&self) -> Option<QueueMode> {
        Some(self.rules.mode)
    }

    fn flush_queues(&self) -> Option<Run> {
        let emptied = self.holding.empty_all()?;
        Some(Box::pin(async {
            match emptied.await {
                QueueAnswer::Refused(why) => refused(why),
                _ => Reply::Done,
            }
        }))
    }

    fn serving(&self, key: &Key) -> Option<&ServerOrStore> {
        let key = QueueKey::read(key.as_bytes(), self.rules.plain, self.rules.mode).ok()?;
        self.holding.serving(&Bytes::copy_from_slice(key.name))
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        self.holding.servers()
    }
}
