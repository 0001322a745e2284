//! One client as far as routes are concerned: what it was told to regenerate, and what it is busy with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;
use tokio::sync::Notify;

use super::queue::QueueSeat;
use super::refresh::Win;
use super::turns::KeyTurns;
use super::wins::Wins;
use crate::route::refresh::decide::ItemId;
use crate::route::refresh::leases::LeaseSlot;
use crate::runtime::memory::Holder;

/// A table that grew larger than this gives its memory back once it is empty.
const KEEP: usize = 64;

/// What routes remember of one client. It goes with the connection.
pub struct Client {
    /// Its turns at keys.
    pub(super) turns: Rc<KeyTurns<ItemId>>,
    /// Accounts for the memory that is held for it.
    pub(super) holder: Holder,
    /// Where it may have messages of queues.
    pub(super) queues: QueueSeat,
    wins: RefCell<Wins>,
    /// Its sets that are under way, but for those that take turns.
    storing: RefCell<Vec<ItemId>>,
    /// Its reads that wait for the value of another client.
    waits: RefCell<Slab<Rc<Wait>>>,
    stopped: Notify,
    /// Whether nothing waits on its behalf any more.
    waits_no_more: Cell<bool>,
    is_gone: Cell<bool>,
    may_store: Cell<bool>,
}

impl Client {
    /// A client for requests that leash makes of its own accord; what it may hold is not limited.
    #[allow(clippy::new_without_default, reason = "each client is another one, there is no default")]
    pub fn new() -> Rc<Client> {
        Client::of(Holder::unbounded())
    }

    /// A client that has asked nothing yet.
    pub fn of(holder: Holder) -> Rc<Client> {
        Rc::new(Client {
            turns: KeyTurns::new(),
            wins: RefCell::new(Wins::new(&holder)),
            holder,
            queues: QueueSeat::default(),
            storing: RefCell::default(),
            waits: RefCell::default(),
            stopped: Notify::new(),
            waits_no_more: Cell::new(false),
            is_gone: Cell::new(false),
            may_store: Cell::new(true),
        })
    }

    /// Says that the client sends no more, though not all that it sent was read: it may have hung up. If it waits for a message
    /// of a queue it waits for nothing from now on, and what it has asked behind that is not done. What is read of it later is.
    pub(crate) fn may_have_hung_up(&self) {
        if self.queues.is_waiting() && !self.waits_no_more() {
            self.stop_waiting();
            self.queues.stop_waiting();
        }
    }

    /// Says that the client has hung up: requests that wait on its behalf stop waiting, and the messages that it has are
    /// given back.
    pub fn leave(&self) {
        self.is_gone.set(true);
        self.stop_waiting();
        self.queues.leave();
    }

    fn stop_waiting(&self) {
        self.waits_no_more.set(true);
        self.stopped.notify_waiters();
    }

    /// Whether the client has hung up.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    /// Whether nothing waits on its behalf any more, as it may have hung up.
    pub(super) fn waits_no_more(&self) -> bool {
        self.waits_no_more.get()
    }

    /// Says whether the client may store values, which it may unless it is said.
    pub(crate) fn set_may_store(&self, may_store: bool) {
        self.may_store.set(may_store);
    }

    /// Whether the client may store values: one that may not is never told to regenerate any.
    pub(super) fn may_store(&self) -> bool {
        self.may_store.get()
    }

    /// Whether nothing the client asked takes further steps.
    pub fn is_idle(&self) -> bool {
        self.turns.is_idle()
    }

    /// Ready once nothing waits on its behalf any more.
    pub(super) async fn stopped(&self) {
        let stopping = self.stopped.notified();
        if !self.waits_no_more() {
            stopping.await;
        }
    }

    /// Notes what the client was told to regenerate.
    pub(super) fn won(&self, item: ItemId, win: Win) {
        self.wins.borrow_mut().note(item, win, &self.holder);
    }

    /// Whether the client was told to regenerate anything.
    pub(super) fn has_wins(&self) -> bool {
        !self.wins.borrow().is_empty()
    }

    /// The win that a store of this item ends.
    pub(super) fn take_win(&self, item: ItemId) -> Option<Win> {
        self.wins.borrow_mut().take(item)
    }

    /// Whether the client itself regenerates this item under this lease.
    pub(super) fn regenerates(&self, item: ItemId, slot: &Arc<LeaseSlot>) -> bool {
        self.wins.borrow().has(item, slot)
    }

    /// Notes a set that is about to be sent.
    pub(super) fn begins_to_store(&self, item: ItemId) {
        self.storing.borrow_mut().push(item);
    }

    /// Notes that a set was answered.
    pub(super) fn has_stored(&self, item: ItemId) {
        let mut storing = self.storing.borrow_mut();
        if let Some(place) = storing.iter().position(|known| *known == item) {
            storing.remove(place);
        }
        if storing.is_empty() && storing.capacity() > KEEP {
            *storing = Vec::new();
        }
    }

    /// Whether a request about this item is under way that the client made after the one that is being answered:
    /// replies of one server come in the order of the requests.
    pub(super) fn is_overtaken(&self, item: ItemId) -> bool {
        self.turns.is_busy(item) || self.storing.borrow().contains(&item)
    }

    /// Notes that one of its reads waits for the value of another client.
    pub(super) fn waits(self: &Rc<Self>, item: ItemId) -> Waits {
        let wait = Rc::new(Wait { item, overtaken: Notify::new() });
        let place = self.waits.borrow_mut().insert(wait.clone());
        Waits { client: self.clone(), wait, place }
    }

    /// Whether any of its reads waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waits.borrow().is_empty()
    }

    /// Ends the waits for an item that the client itself is about to write: its own work is not what they wait for.
    pub(super) fn begins_to_write(&self, item: ItemId) {
        let waits = self.waits.borrow();
        waits.iter().filter(|(_, wait)| wait.item == item).for_each(|(_, wait)| wait.overtaken.notify_one());
    }
}

/// A read that waits.
struct Wait {
    item: ItemId,
    /// Keeps the news until it is heard.
    overtaken: Notify,
}

/// A read of a client that waits, for as long as this lives.
pub(super) struct Waits {
    client: Rc<Client>,
    wait: Rc<Wait>,
    place: usize,
}

impl Waits {
    /// Ready once the client has gone on to write the item.
    pub(super) async fn overtaken(&self) {
        self.wait.overtaken.notified().await;
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        let mut waits = self.client.waits.borrow_mut();
        waits.remove(self.place);
        if waits.is_empty() && waits.capacity() > KEEP {
            *waits = Slab::new();
        }
    }
}
