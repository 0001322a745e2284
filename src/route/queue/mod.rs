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

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout_at};

use super::turns::KeyTurn;
use super::{Ask, Client, Deadline, Node, Run, Step};
use crate::config::QueueMode;
use crate::protocol::{Cause, Failure, Key, Reply, Request};
use crate::queue::{QueueAnswer, QueueOrder};
use crate::route::refresh::decide::ItemId;
use crate::runtime::env::Env;
use crate::runtime::memory::Shed;
use crate::upstream::ServerOrStore;
pub use behind::QueuesBehind;
use decide::{QueueKey, QueueRules, QueueWish, QueueWishKind, refused, told, untold, wish};
pub use holding::QueueHolding;
use seat::Answering;
pub(super) use seat::QueueSeat;

/// The queues of one route.
pub struct QueueNode {
    holding: QueueHolding,
    rules: QueueRules,
    /// What tells the route from others.
    route: u64,
    env: Rc<dyn Env>,
    /// The message that the next one may well be as long as: the longest of late.
    likely: Cell<usize>,
}

/// Longer than any request waits.
const ENDLESS: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long messages are taken to be before any came.
const FIRST_LIKELY: usize = 64 * 1024;
/// What a client is told for whose message there is no memory; it stays in its queue.
const NO_MEMORY: &str = "SERVER_ERROR out of memory writing get response";

impl QueueNode {
    /// Queues whose messages are at `holding`; `route` is the route's identity.
    pub fn new(holding: QueueHolding, rules: QueueRules, route: u64, env: Rc<dyn Env>) -> QueueNode {
        QueueNode { holding, rules, route, env, likely: Cell::new(FIRST_LIKELY) }
    }

    async fn carry_out(self: Rc<Self>, asked: Request, wish: QueueWish, client: Rc<Client>) -> Reply {
        let what = wish.what.clone();
        let turn = self.turn(&wish, &client);
        if let Some(turn) = &turn {
            // Each of those in front ends in its time.
            turn.await;
        }
        let room = self.room(&what);
        let mut held = client.holder.share();
        match (client.is_gone(), client.holder.may_take(room)) {
            (true, _) => return Reply::Miss,
            (false, false) => return self.no_memory(&client),
            (false, true) => held.set(room),
        }
        let orders = wish.orders(client.queues.consumer(), self.env.unix());
        let ordered: Vec<_> = orders.map(|order| (order.clone(), self.holding.order(order, &client))).collect();
        // The next request may go as soon as this one is on its way, unless it needs what comes of it.
        let _kept = turn.filter(|_| self.holding.needs_turn(&what));
        let end = Instant::now() + self.patience(&what);
        let mut last = Ok(QueueAnswer::Nothing);
        for (order, mut answer) in ordered {
            match timeout_at(end, answer.as_mut()).await {
                Ok(answer) => last = answer,
                Err(_) => {
                    spawn_local(self.clone().too_late(order, answer, client));
                    return self.late(&asked, None);
                }
            }
            let is_told = self.learns(&last, &client);
            let left = self.holding.left(&order, &last, is_told);
            let is_back = !is_told && left.is_some();
            left.into_iter().for_each(|order| drop(self.holding.order(order, &client)));
            if is_back {
                return self.no_memory(&client);
            }
        }
        match last {
            Ok(answer) => told(&asked.command, &what, self.rules.mode, answer, self.env.unix()),
            Err(reply) => untold(&what, reply),
        }
    }

    /// The client was told that there is no answer: a message that comes all the same goes back.
    async fn too_late(self: Rc<Self>, order: QueueOrder, answer: Answering, client: Rc<Client>) {
        let left = self.holding.left(&order, &answer.await, false);
        left.into_iter().for_each(|order| drop(self.holding.order(order, &client)));
    }

    /// The bytes that the answer probably takes; a client that waits takes none until there is one.
    fn room(&self, what: &QueueWishKind) -> usize {
        match what {
            QueueWishKind::Take { wait, .. } if wait.is_zero() => self.likely.get(),
            _ => 0,
        }
    }

    /// Learns how long messages are; whether there is memory to tell the client of this one.
    fn learns(&self, answer: &Result<QueueAnswer, Reply>, client: &Client) -> bool {
        let (size, before) = (answer.as_ref().map_or(0, QueueAnswer::len), self.likely.get());
        if matches!(answer, Ok(QueueAnswer::Message(..))) {
            self.likely.set(size.max(before - before / 16));
        }
        client.holder.may_take(size)
    }

    fn no_memory(&self, client: &Client) -> Reply {
        client.holder.shed(Shed::Reply);
        Reply::Error(NO_MEMORY.into())
    }

    fn patience(&self, what: &QueueWishKind) -> Duration {
        let wait = if let QueueWishKind::Take { wait, .. } = what { *wait } else { Duration::ZERO };
        wait + self.holding.patience()
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

    fn run(self: Rc<Self>, request: Request, client: Rc<Client>, _: Deadline) -> Run {
        Box::pin(async move {
            match wish(&request, self.rules) {
                Ok(wish) => self.carry_out(request, wish, client).await,
                Err(why) => Reply::Error(why.into()),
            }
        })
    }

    /// What it waits for ends in its own time, counted from when its turn has come.
    fn more_patience(&self, _: &Request, _: Option<&Reply>) -> Duration {
        ENDLESS
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
