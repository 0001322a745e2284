//! One server as one worker sees it: a few pipelined connections that all of the worker's clients share, so that small
//! replies wait neither behind large values nor behind a client that asks very much at once.
//!
//! ```text
//!   ask ─▶ a reply about the item is owed on a lane ─▶ that one
//!      ─▶ large, or was the last time ─────────────▶ the one for bulk
//!      ─▶ very much is owed to the asker ──────────▶ the one for bulk
//!      ─▶ the asker was given a large one last ────▶ the one for bulk, if that makes it wait for nobody else
//!      ─▶ nothing large is on its way on the first ─▶ the first
//!      ─▶ else by what the asker was given last:    large: the one for bulk    small: the one aside of it
//!                                                   nothing yet: the one for strangers
//! ```
//! A small read that turns out to be behind a large value is asked once more elsewhere ([`super::aside`]). As a rule
//! there is one connection; the others are made when large values or such clients show up, and end once they rest.
//!
//! Questions about one item keep their order, as they would on one connection, since no two lanes ever owe a reply
//! about the same item. Leases and claims count as the item beside which they live. Between different items only two
//! rely on an order: clients, whose replies leave in it anyway, and `flush_all`, which is asked alone.

use std::rc::Rc;
use std::sync::Arc;

use super::common::Common;
use super::lane::{ASIDE, BULK, FIRST, LANES, Lane, MOST_OF_ONE, STRANGERS};
use super::mark::{Mark, Party};
use super::progress::LARGE;
use super::target::Target;
use super::ticket::Ticket;
use crate::metrics::{ServerId, Shard};
use crate::protocol::{Command, Question, Reply, Request};
use crate::runtime::memory::Memory;
use crate::runtime::turn::Turn;

/// One worker's view of a server.
pub struct Server {
    pub(super) common: Rc<Common>,
    lanes: [Rc<Lane>; LANES],
}

impl Server {
    /// A server that nothing was asked yet; it is connected to when something is.
    pub fn new(
        target: Arc<Target>,
        turn: Rc<Turn>,
        memory: &Rc<Memory>,
        shard: Arc<Shard>,
        id: ServerId,
    ) -> Rc<Server> {
        let common = Rc::new(Common::new(target, turn, memory, shard, id));
        let lanes: [Rc<Lane>; LANES] = std::array::from_fn(|number| Lane::new(&common, number > 0));
        for lane in &lanes {
            lane.all.get_or_init(|| lanes.each_ref().map(Rc::downgrade));
        }
        Rc::new(Server { common, lanes })
    }

    /// Asks. The reply goes to `ticket` later, unless it is returned now because the server is not asked at all.
    #[inline(always)]
    pub fn ask(&self, question: Question<'_>, mark: Mark, ticket: Ticket) -> Option<Reply> {
        let is_large = self.is_large(question, mark);
        let is_usual = !is_large && !self.common.is_spread.get() && !self.common.takers.of_large.has(mark.whose);
        if is_usual && self.lanes[FIRST].is_clear_for(mark.whose) {
            return self.lanes[FIRST].ask(question, mark, ticket);
        }
        self.ask_apart(question, mark, ticket, is_large)
    }

    /// The same where the first lane may not be the one.
    fn ask_apart(&self, question: Question<'_>, mark: Mark, ticket: Ticket, is_large: bool) -> Option<Reply> {
        let lane = &self.lanes[self.lane_of(mark, is_large)];
        self.common.is_spread.set(self.lanes[1..].iter().any(|spare| Rc::ptr_eq(spare, lane) || spare.owes_any()));
        let reply = lane.ask(question, mark, ticket);
        if is_large && reply.is_none() {
            lane.link.borrow_mut().slots.hold_up();
        }
        reply
    }

    /// Whether a large value is stored, or is likely to be read.
    fn is_large(&self, question: Question<'_>, mark: Mark) -> bool {
        match question {
            Question::Ask(Request { command: Command::Store(store), .. }) if store.value.len() >= LARGE => {
                self.common.large.note(mark);
                true
            }
            _ => !mark.is_beside && self.common.large.has(mark),
        }
    }

    /// Whether the next value for `whose` is likely to be large, and the lane for bulk is there and owes nothing to others:
    /// so large values travel on one connection, and take one share of a thin link from small ones.
    fn joins_bulk(&self, whose: Party) -> bool {
        self.common.takers.of_large.has(whose) && self.lanes[BULK].is_open_for(whose)
    }

    /// The number of the lane for a question about the item of this mark.
    fn lane_of(&self, mark: Mark, is_large: bool) -> usize {
        if let Some(owing) = self.lanes.iter().position(|lane| lane.link.borrow_mut().slots.owe(mark)) {
            return owing;
        }
        let is_held_up = |number: usize| self.lanes[number].is_held_up();
        let takers = &self.common.takers;
        if is_large || self.asks_much(mark.whose) || self.joins_bulk(mark.whose) {
            BULK
        } else if !is_held_up(FIRST) {
            FIRST
        } else if takers.of_large.has(mark.whose) {
            BULK
        } else if takers.of_small.has(mark.whose) && !is_held_up(ASIDE) {
            ASIDE
        } else {
            STRANGERS
        }
    }

    /// Whether so much is owed to `whose` that others would wait for it, or was a moment ago: a get of very many keys
    /// does not come back to the first lane for each key that is answered there.
    fn asks_much(&self, whose: Party) -> bool {
        self.lanes[FIRST].owes(whose, MOST_OF_ONE) || self.lanes[BULK].owes(whose, MOST_OF_ONE / 4)
    }

    /// Its name and address for people.
    pub fn label(&self) -> &Arc<str> {
        &self.common.target.label
    }

    /// What is known of it in the whole process.
    pub fn target(&self) -> &Arc<Target> {
        &self.common.target
    }

    /// A number that no other server has, and that is another one as soon as any connection to it has ended: what it kept
    /// for that connection it may have lost.
    pub(crate) fn era(&self) -> u64 {
        self.common.era.get()
    }

    /// Lets its connections end once no caller waits for a reply on them.
    pub(super) fn retire(&self) {
        self.common.retired.set(true);
        self.lanes.iter().for_each(|lane| lane.clone().retire());
    }
}
