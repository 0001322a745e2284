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
    /// The items whose leases it is asking for.
    asking: RefCell<Vec<ItemId>>,
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
            asking: RefCell::default(),
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

    /// Whether the client was told to regenerate anything.
    pub(super) fn has_wins(&self) -> bool {
        !self.wins.borrow().is_empty()
    }

    /// The win that a store of this item ends.
    pub(super) fn take_win(&self, item: ItemId) -> Option<Win> {
        let mut wins = self.wins.borrow_mut();
        if wins.is_empty() { None } else { wins.remove(&item) }
    }

    /// Notes that a lease is being asked for on the client's behalf, until the guard is dropped.
    pub(super) fn asks(self: &Rc<Self>, item: ItemId) -> Asking {
        self.asking.borrow_mut().push(item);
        Asking { client: self.clone(), item }
    }

    /// Whether the client itself regenerates this item under this lease, or is about to.
    pub(super) fn regenerates(&self, item: ItemId, slot: &Arc<Slot>) -> bool {
        let has_won = |win: &Win| Arc::ptr_eq(&win.slot, slot);
        self.asking.borrow().contains(&item) || self.wins.borrow().get(&item).is_some_and(has_won)
    }
}

/// A lease that is being asked for on a client's behalf.
pub(super) struct Asking {
    client: Rc<Client>,
    item: ItemId,
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut asking = self.client.asking.borrow_mut();
        if let Some(place) = asking.iter().position(|item| *item == self.item) {
            asking.swap_remove(place);
        }
    }
}
