//! Queues of this process: what the clients of one worker order in a turn goes to the queues' thread together, and what that
//! answers comes back together. An order that waits is a place in a table: it has no task and no timer of its own.
//!
//! ```text
//!   ask ─▶ owed: who waits for which answer ─▶ batch ══ end of turn ══▶ keeper
//!   ticket.answer ◀─ told ◀─ owed ◀─ mailbox ◀════ one wake-up ════════════┘
//! ```
//! Orders leave in the order in which clients ask, and the keeper carries them out in it. One timer runs for all that is
//! owed.

mod answers;
#[cfg(test)]
mod tests;
mod way;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use slab::Slab;
use tokio::task::spawn_local;

use super::decide::QueueTelling;
use super::question::{QueueQuestion, QueueWaiting};
use super::room::{MessageRoom, no_memory};
use crate::protocol::Reply;
use crate::queue::{Keeper, QueueAnswer, QueueMailbox, QueueOrder, Taking};
use crate::route::Client;
use crate::route::refresh::decide::ItemId;
use crate::route::turns::KeyTurn;
use crate::runtime::env::Env;
use crate::runtime::memory::Share;
use crate::runtime::turn::{Flush, Turn};
use crate::upstream::Ticket;
use answers::{attend, watch};
use way::WayHere;

/// A disk that takes longer than this has failed.
const DISK: Duration = Duration::from_secs(10);
/// Once nothing was answered for so long, what is asked keeps no buffer that it was read into.
const SOON: Duration = Duration::from_millis(20);

/// A table that had more places than this gives their memory back once nothing is in it.
const KEEP: usize = 1024;

/// The queues of one keeper, as one worker reaches them.
pub struct QueuesHere {
    keeper: Arc<Keeper>,
    mailbox: Arc<QueueMailbox>,
    turn: Rc<Turn>,
    room: MessageRoom,
    /// What is ordered at the end of this turn, and under which number its answer is owed.
    batch: RefCell<Vec<(QueueOrder, Option<u64>)>>,
    owed: RefCell<Slab<OwedAnswer>>,
    /// When an answer came last, or was owed again.
    heard: Cell<Instant>,
    /// Whether a task reads the mailbox.
    is_attended: Cell<bool>,
    /// Whether a timer runs for what is owed.
    is_watched: Cell<bool>,
    me: Weak<QueuesHere>,
}

/// An order that is not answered.
struct OwedAnswer {
    /// Who waits; `None` once that client was told that there is no answer.
    ticket: Option<Ticket>,
    client: Rc<Client>,
    telling: QueueTelling,
    /// The queue of which a message may come, and on what terms.
    takes: Option<(Bytes, Taking)>,
    until: Instant,
    turn: Option<KeyTurn<ItemId>>,
    waiting: Option<QueueWaiting>,
    _held: Share,
    /// Kept until the answer is there, whichever tree is in force by then.
    _here: Rc<QueuesHere>,
}

impl QueuesHere {
    /// Those of `keeper`, for the worker of this `turn`.
    pub fn new(keeper: Arc<Keeper>, turn: Rc<Turn>) -> Rc<QueuesHere> {
        let (mailbox, room, heard) = (Arc::default(), MessageRoom::new(), Cell::new(turn.now()));
        Rc::new_cyclic(|me| QueuesHere {
            keeper,
            mailbox,
            turn,
            room,
            batch: RefCell::default(),
            owed: RefCell::default(),
            heard,
            is_attended: Cell::new(false),
            is_watched: Cell::new(false),
            me: me.clone(),
        })
    }

    /// Orders what is asked at the end of the turn. The reply goes to `ticket` later, unless it is known now.
    pub(super) fn ask(self: &Rc<Self>, asked: QueueQuestion, client: &Rc<Client>, ticket: Ticket) -> Option<Reply> {
        let QueueQuestion { wish, telling, turn, waiting } = asked;
        let room = size_of::<OwedAnswer>() + size_of::<QueueOrder>() + wish.body().len() + self.room.likely(&wish.what);
        if !client.holder.may_take(room) {
            return Some(no_memory(client));
        }
        let (mut held, wait) = (client.holder.share(), wish.wait());
        held.set(room);
        client.queues.sits_at(self.place(), || Box::new(self.way()));
        let takes = wish.takes();
        let (ticket, client, until) = (Some(ticket), client.clone(), self.turn.now() + wait + DISK);
        let by = client.queues.consumer();
        let owed =
            OwedAnswer { ticket, client, telling, takes, until, turn, waiting, _held: held, _here: self.clone() };
        let number = self.owe(owed);
        let mut orders = wish.orders(by, self.turn.unix()).peekable();
        while let Some(order) = orders.next() {
            self.gather(order, Some(number).filter(|_| orders.peek().is_none()));
        }
        None
    }

    /// Orders that all messages go, behind what was asked before.
    pub(super) fn empty_all(&self) -> impl Future<Output = QueueAnswer> + use<> {
        self.flush();
        self.keeper.order(QueueOrder::EmptyAll)
    }

    /// What tells the place where a client may have messages from others, and this way there from those of other trees.
    fn place(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.keeper).addr(), Weak::as_ptr(&self.me).addr())
    }

    fn way(self: &Rc<Self>) -> WayHere {
        WayHere { here: Rc::downgrade(self), keeper: Arc::downgrade(&self.keeper) }
    }

    /// A number for an answer that is owed from now on.
    fn owe(&self, owed: OwedAnswer) -> u64 {
        let mut all = self.owed.borrow_mut();
        if all.is_empty() {
            self.heard.set(self.turn.now());
        }
        let number = all.insert(owed);
        drop(all);
        if !self.is_attended.replace(true) {
            spawn_local(attend(self.me.clone(), self.mailbox.clone()));
        }
        if !self.is_watched.replace(true) {
            spawn_local(watch(self.me.clone()));
        }
        number as u64
    }

    fn gather(&self, order: QueueOrder, number: Option<u64>) {
        let mut batch = self.batch.borrow_mut();
        batch.push((order, number));
        if batch.len() == 1
            && let Some(me) = self.me.upgrade()
        {
            self.turn.flush_later(me);
        }
    }

    /// Lets go of the buffers that what is about to be ordered was read into, if it will be there for long.
    fn detach(&self, batch: &[(QueueOrder, Option<u64>)]) {
        let (owed, is_slow) = (self.owed.borrow(), self.turn.now().saturating_duration_since(self.heard.get()) > SOON);
        let asked = batch.iter().filter_map(|(_, number)| owed.get((*number)? as usize));
        let long = asked.filter(|owed| is_slow || owed.waiting.is_some());
        long.filter_map(|owed| owed.ticket.as_ref()).for_each(Ticket::lingers);
    }
}

impl Flush for QueuesHere {
    fn flush(&self) {
        let batch = &mut *self.batch.borrow_mut();
        if !batch.is_empty() {
            self.detach(batch);
            self.keeper.order_all(batch, &self.mailbox);
            batch.shrink_to(KEEP);
        }
    }
}

impl Drop for QueuesHere {
    fn drop(&mut self) {
        self.keeper.order_all(self.batch.get_mut(), &self.mailbox);
        // Whoever reads it sees that there is nothing to read any more.
        self.mailbox.wake();
    }
}
