//! Where the messages of a route are: the only thing in which a holder and a sidecar differ. What is ordered there, and what
//! the answer means, is the same.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::decide::QueueWishKind;
use crate::queue::{Keeper, QueueAnswer, QueueOrder, Taking};
use crate::route::Client;
use crate::upstream::ServerOrStore;

/// A disk that takes longer than this has failed.
const DISK: Duration = Duration::from_secs(10);

/// Where the messages of a route are.
#[derive(Clone)]
pub enum QueueHolding {
    /// In this process, which is their holder.
    Here(Arc<Keeper>),
}

/// An answer that is on its way.
pub(super) type Answering = Pin<Box<dyn Future<Output = QueueAnswer>>>;

impl QueueHolding {
    /// Orders on behalf of `client`; what is ordered here, at once.
    pub(super) fn order(&self, order: QueueOrder, client: &Rc<Client>) -> Answering {
        match self {
            QueueHolding::Here(keeper) => {
                let place = Arc::as_ptr(keeper).addr();
                client.queues.sits_at(place, || {
                    // A route that is gone must not be kept by those who used it.
                    let keeper = Arc::downgrade(keeper);
                    Box::new(move |by| keeper.upgrade().into_iter().for_each(|keeper| keeper.leave(by)))
                });
                Box::pin(keeper.order(order))
            }
        }
    }

    /// Whether what the same client asks next of the queue must wait until this is answered.
    pub(super) fn needs_turn(&self, what: &QueueWishKind) -> bool {
        match self {
            QueueHolding::Here(_) => matches!(what, QueueWishKind::Take { wait, .. } if !wait.is_zero()),
        }
    }

    /// How long an answer may take, above what its servers are given.
    pub(super) fn patience(&self) -> Duration {
        match self {
            QueueHolding::Here(_) => DISK,
        }
    }

    /// The servers that are asked.
    pub(super) fn servers(&self) -> Vec<&ServerOrStore> {
        match self {
            QueueHolding::Here(_) => Vec::new(),
        }
    }
}

/// What is ordered to undo that a message was handed out, if it can be.
pub(super) fn undone(order: &QueueOrder, answer: &QueueAnswer) -> Option<QueueOrder> {
    match (order, answer) {
        (
            QueueOrder::Take { queue, by, how: Taking::Reserve | Taking::ReserveOne, .. },
            QueueAnswer::Message(id, _),
        ) => {
            let (queue, by, id) = (queue.clone(), *by, Some(*id));
            Some(QueueOrder::Settle { queue, by, id, how: crate::queue::Settling::GiveBack })
        }
        _ => None,
    }
}
