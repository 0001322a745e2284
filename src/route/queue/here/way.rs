//! The way of one client to the queues of this process, for when it is gone.

use std::rc::Weak;
use std::sync::Weak as WeakArc;

use super::QueuesHere;
use crate::queue::{Consumer, Keeper, QueueOrder};
use crate::route::queue::seat::QueuePlace;
use crate::runtime::turn::Flush;

/// Neither a tree nor its queues are kept by clients who used them.
pub(super) struct WayHere {
    pub here: Weak<QueuesHere>,
    pub keeper: WeakArc<Keeper>,
}

impl QueuePlace for WayHere {
    /// Of a tree that is gone, nothing is waited for.
    fn stop_waiting(&self, by: Consumer) {
        if let Some(here) = self.here.upgrade() {
            here.gather(QueueOrder::StopWaiting(by), None);
            here.flush();
        }
    }

    fn leave(&self, by: Consumer) {
        match self.here.upgrade() {
            // What the client has ordered comes first.
            Some(here) => {
                here.gather(QueueOrder::Leave(by), None);
                here.flush();
            }
            None => self.keeper.upgrade().into_iter().for_each(|keeper| keeper.leave(by)),
        }
    }
}
