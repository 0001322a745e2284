//! One client as far as routes are concerned: what it was told to regenerate, and what it is busy with.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::refresh::Win;
use super::turns::Turns;
use crate::leases::Slot;
use crate::refresh::ItemId;

/// Wins one client may hold; who regenerates more at once has the others stored unchecked.
const MOST_WINS: usize = 10_000;

/// What routes remember of one client. It goes with the connection.
pub struct Client {
    /// Its turns at keys.
    pub(super) turns: Rc<Turns<ItemId>>,
    wins: RefCell<HashMap<ItemId, Win>>,
    /// Told whenever the client begins to write.
    writes: Notify,
    gone: Notify,
    is_gone: Cell<bool>,
}

impl Client {
    /// A client that has asked nothing yet.
    #[allow(clippy::new_without_default, reason = "a client is somebody, not a default")]
    pub fn new() -> Rc<Client> {
        Rc::new(Client {
            turns: Turns::new(),
            wins: RefCell::default(),
            writes: Notify::new(),
            gone: Notify::new(),
            is_gone: Cell::new(false),
        })
    }

    /// Says that the client has hung up: whoever waits on its behalf stops.
    pub fn leave(&self) {
        self.is_gone.set(true);
        self.gone.notify_waiters();
    }

    /// Whether nothing the client asked takes further steps.
    pub fn is_idle(&self) -> bool {
        self.turns.is_idle()
    }

    /// Ready once the client has hung up.
    pub(super) async fn gone(&self) {
        let leaving = self.gone.notified();
        if !self.is_gone.get() {
            leaving.await;
        }
    }

    /// Notes what the client was told to regenerate.
    pub(super) fn won(&self, item: ItemId, win: Win) {
        let mut wins = self.wins.borrow_mut();
        if wins.len() < MOST_WINS || wins.contains_key(&item) {
            wins.insert(item, win);
        }
    }

    /// The win that a store of this item ends.
    pub(super) fn take_win(&self, item: ItemId) -> Option<Win> {
        let mut wins = self.wins.borrow_mut();
        if wins.is_empty() { None } else { wins.remove(&item) }
    }

    /// Whether the client itself regenerates this item under this lease.
    pub(super) fn regenerates(&self, item: ItemId, slot: &Arc<Slot>) -> bool {
        self.wins.borrow().get(&item).is_some_and(|win| Arc::ptr_eq(&win.slot, slot))
    }

    /// Says that the client begins to write something, having its turn or a place in the line.
    pub(super) fn begins_to_write(&self) {
        self.writes.notify_waiters();
    }

    /// Ready once a later request of the client, a write of this item, is under way.
    pub(super) async fn overtaken(&self, item: ItemId) {
        while !self.turns.is_busy(item) {
            self.writes.notified().await;
        }
    }
}
