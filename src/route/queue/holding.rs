//! Where the messages of a route are: the only thing in which a holder and a sidecar differ. What is ordered there, and what
//! the answer means, is the same.

use std::rc::Rc;

use bytes::Bytes;

use super::behind::QueuesBehind;
use super::decide::QueueWishKind;
use super::here::QueuesHere;
use crate::queue::{QueueAnswer, Taking};
use crate::upstream::ServerOrStore;

/// Where the messages of a route are.
#[derive(Clone)]
pub enum QueueHolding {
    /// In this process, which is their holder.
    Here(Rc<QueuesHere>),
    /// In other processes, which are reached over a pool.
    Behind(Rc<QueuesBehind>),
}

impl QueueHolding {
    /// Orders that all messages go; `None` where this process has none.
    pub(super) fn empty_all(&self) -> Option<impl Future<Output = QueueAnswer> + use<>> {
        match self {
            QueueHolding::Here(here) => Some(here.empty_all()),
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
}
