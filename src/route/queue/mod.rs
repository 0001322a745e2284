//! Durable queues over the memcached protocol: each key of the route is the name of one.
//!
//! ```text
//!   request ─▶ wish ─▶ orders ─▶ holding: the keeper of this process, or holders elsewhere
//!     reply ◀─ told ◀─ answer ◀────┘
//! ```
//! What is wished and what is told is the same for every client and wherever the messages are: see [`decide`]. Orders of
//! one client about one queue are given in the order it asked; where one of them waits, those behind it do too. What waits
//! behind nothing is ordered here without a task.

pub mod decide;

mod behind;
mod here;
mod holding;
mod question;
mod room;
mod seat;

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::turns::KeyTurn;
use super::{Answer, Ask, Client, Deadline, Node, Run, Step};
use crate::config::QueueMode;
use crate::protocol::{Key, Reply, Request};
use crate::queue::QueueAnswer;
use crate::route::refresh::decide::ItemId;
use crate::upstream::{ServerOrStore, Ticket};
pub use behind::QueuesBehind;
use decide::{QueueKey, QueueRules, QueueTelling, QueueWish, no_answer, refused, wish};
pub use here::QueuesHere;
pub use holding::QueueHolding;
use question::{QueueQuestion, QueueWaiting};
pub(super) use seat::QueueSeat;

/// The queues of one route.
pub struct QueueNode {
    holding: QueueHolding,
    rules: QueueRules,
    /// What tells the route from others.
    route: u64,
}

/// Longer than any request waits.
const ENDLESS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl QueueNode {
    /// Queues whose messages are at `holding`; `route` is the route's identity.
    pub fn new(holding: QueueHolding, rules: QueueRules, route: u64) -> QueueNode {
        QueueNode { holding, rules, route }
    }

    fn question(
        &self,
        request: &Request,
        wish: QueueWish,
        turn: Option<KeyTurn<ItemId>>,
        client: &Rc<Client>,
    ) -> QueueQuestion {
        let wish = if client.waits_no_more() { wish.without_wait() } else { wish };
        let telling = QueueTelling::of(&request.command, &wish.what, self.rules.mode);
        // The next request may go as soon as this one is on its way, unless it needs what comes of it.
        let turn = turn.filter(|_| self.holding.needs_turn(&wish.what));
        let waiting = (!wish.wait().is_zero()).then(|| QueueWaiting::of(client));
        QueueQuestion { wish, telling, turn, waiting }
    }

    /// Carries out what is not answered in one step.
    async fn carry_out(self: Rc<Self>, request: Request, wish: QueueWish, client: Rc<Client>) -> Reply {
        let (turn, waited_no_more) = (self.turn(&wish, &client), client.waits_no_more());
        if let Some(turn) = &turn {
            // Each of those in front ends in its time.
            turn.await;
        }
        if client.is_gone() || client.waits_no_more() != waited_no_more {
            return Reply::Miss;
        }
        let question = self.question(&request, wish, turn, &client);
        match &self.holding {
            QueueHolding::Here(here) => Answer::to(|ticket| here.ask(question, &client, ticket)).await,
            QueueHolding::Behind(holders) => holders.clone().carry_out(question, client).await,
        }
    }

    /// A place in the line of the client's requests for the queue, if there is one or must be.
    fn turn(&self, wish: &QueueWish, client: &Client) -> Option<KeyTurn<ItemId>> {
        let must = self.holding.needs_turn(&wish.what);
        (must || self.is_behind_others(wish, client)).then(|| client.turns.enter(self.line(wish)))
    }

    /// Whether it waits for what the same client has asked of the queue.
    fn is_behind_others(&self, wish: &QueueWish, client: &Client) -> bool {
        !client.turns.is_idle() && client.turns.is_busy(self.line(wish))
    }

    fn line(&self, wish: &QueueWish) -> ItemId {
        ItemId::of_name(self.route, &wish.queue)
    }
}

impl Node for QueueNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        match (wish(ask.request, self.rules), &self.holding) {
            (Err(why), _) => Step::Answer(Reply::Error(why.into())),
            (Ok(wish), QueueHolding::Here(_)) if !self.is_behind_others(&wish, ask.client) => Step::Order,
            (Ok(_), _) => Step::Run,
        }
    }

    fn order(&self, request: &Request, client: &Rc<Client>, ticket: Ticket) -> Option<Reply> {
        let QueueHolding::Here(here) = &self.holding else { unreachable!("holders elsewhere are asked in steps") };
        match wish(request, self.rules) {
            Ok(wish) => {
                let turn = self.turn(&wish, client);
                here.ask(self.question(request, wish, turn, client), client, ticket)
            }
            Err(why) => Some(Reply::Error(why.into())),
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
        no_answer()
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
