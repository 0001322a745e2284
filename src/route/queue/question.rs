//! One request of a client, as it is carried out wherever its queue is.

use std::rc::Rc;

use super::decide::{QueueTelling, QueueWish};
use crate::route::Client;
use crate::route::refresh::decide::ItemId;
use crate::route::turns::KeyTurn;

/// What a client asks.
pub(super) struct QueueQuestion {
    pub wish: QueueWish,
    pub telling: QueueTelling,
    /// What the same client asks next of the queue waits for as long as this is kept.
    pub turn: Option<KeyTurn<ItemId>>,
    /// Kept for as long as the client waits for a message to come.
    pub waiting: Option<QueueWaiting>,
}

/// A client that waits for a message, for as long as this lives.
pub(super) struct QueueWaiting(Rc<Client>);

impl QueueWaiting {
    /// This one.
    pub(super) fn of(client: &Rc<Client>) -> QueueWaiting {
        client.queues.waits_more(1);
        QueueWaiting(client.clone())
    }
}

impl Drop for QueueWaiting {
    fn drop(&mut self) {
        self.0.queues.waits_more(-1);
    }
}
