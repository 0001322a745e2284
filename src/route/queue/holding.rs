//! Where the messages of a route are: the only thing in which a holder and a sidecar differ. What is ordered there, and what
//! the answer means, is the same.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::behind::QueuesBehind;
use super::decide::QueueWishKind;
use super::seat::Answering;
use crate::protocol::Reply;
use crate::queue::{Keeper, QueueAnswer, QueueOrder, Settling, Taking};
use crate::route::Client;
use crate::upstream::ServerOrStore;

/// A disk that takes longer than this has failed.
const DISK: Duration = Duration::from_secs(10);
/// Each question to a holder elsewhere has an end of its own. This ends what is still not done.
const HOLDERS: Duration = Duration::from_secs(300);

/// Where the messages of a route are.
#[derive(Clone)]
pub enum QueueHolding {
    /// In this process, which is their holder.
    Here(Arc<Keeper>),
    /// In other processes, which are reached over a pool.
    Behind(Rc<QueuesBehind>),
}

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
                let answer = keeper.order(order);
                Box::pin(async { Ok(answer.await) })
            }
            QueueHolding::Behind(holders) => holders.order(order, client),
        }
    }

    /// Orders that all messages go; `None` where this process has none.
    pub(super) fn empty_all(&self) -> Option<impl Future<Output = QueueAnswer> + use<>> {
        match self {
            QueueHolding::Here(keeper) => Some(keeper.order(QueueOrder::EmptyAll)),
            QueueHolding::Behind(_) => None,
        }
    }

    /// Whether what the same client asks next of the queue must wait until this is answered.
    pub(super) fn needs_turn(&self, what: &QueueWishKind) -> bool {
        match self {
            QueueHolding::Here(_) => matches!(what, QueueWishKind::Take { wait, .. } if !wait.is_zero()),
            // What the client has then is known when the answer is there.
            QueueHolding::Behind(_) => match what {
                QueueWishKind::Take { closes, how, wait } => *closes || *how == Taking::ReserveOne || !wait.is_zero(),
                QueueWishKind::End(_) | QueueWishKind::Settle(None, _) => true,
                _ => false,
            },
        }
    }

    /// How long an answer may take, above what its servers are given.
    pub(super) fn patience(&self) -> Duration {
        match self {
            QueueHolding::Here(_) => DISK,
            QueueHolding::Behind(_) => HOLDERS,
        }
    }

    /// The servers that are asked.
    pub(super) fn servers(&self) -> Vec<&ServerOrStore> {
        match self {
            QueueHolding::Here(_) => Vec::new(),
            QueueHolding::Behind(holders) => holders.servers(),
        }
    }

    /// The server that is asked about the queue of this name.
    pub(super) fn serving(&self, name: &Bytes) -> Option<&ServerOrStore> {
        match self {
            QueueHolding::Here(_) => None,
            QueueHolding::Behind(holders) => holders.holder(name),
        }
    }

    /// What is left to order about a message that was handed out, before the client is told of it, or is not.
    pub(super) fn left(
        &self,
        order: &QueueOrder,
        answer: &Result<QueueAnswer, Reply>,
        is_told: bool,
    ) -> Option<QueueOrder> {
        let (QueueOrder::Take { queue, by, how, .. }, Ok(QueueAnswer::Message(id, _))) = (order, answer) else {
            return None;
        };
        let end = match (self, how, is_told) {
            (_, Taking::Reserve | Taking::ReserveOne, true) => return None,
            // It is gone, whatever becomes of the client.
            (QueueHolding::Here(_), Taking::Remove, _) => return None,
            (QueueHolding::Behind(_), Taking::Remove, true) => Settling::Acknowledge,
            (.., false) => Settling::GiveBack,
        };
        // Of a message that is the only one the client has of its queue, it knows no receipt.
        let id = Some(*id).filter(|_| *how != Taking::ReserveOne);
        Some(QueueOrder::Settle { queue: queue.clone(), by: *by, id, how: end })
    }
}
