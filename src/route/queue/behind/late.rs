//! Messages that a holder hands out when their clients were told already that there is no answer: they go back at once, and
//! not only once `reserve` is over.

use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;

use super::QueuesBehind;
use crate::protocol::Reply;
use crate::queue::{QueueOrder, Settling};
use crate::route::queue::decide::OpenMessage;
use crate::route::queue::seat::HolderWay;
use crate::upstream::{ReplyTo, Ticket};

/// Takes the late reply to one question for a message.
struct LateMessage {
    behind: Rc<QueuesBehind>,
    queue: Bytes,
    era: u64,
    until: Instant,
}

impl QueuesBehind {
    /// Who takes a message of this queue that comes too late, if it is asked for in this era and reserved `until` then.
    pub(super) fn late(self: &Rc<Self>, queue: &Bytes, era: u64, until: Instant) -> Ticket {
        Ticket::new(Rc::new(LateMessage { behind: self.clone(), queue: queue.clone(), era, until }), 0)
    }
}

impl ReplyTo for LateMessage {
    /// A message may come without its body, for which there was no room.
    fn deliver(self: Rc<Self>, _: u64, reply: Reply) {
        let Reply::Hit(item) = reply else { return };
        let (behind, queue) = (&self.behind, self.queue.clone());
        let by = behind.nobody.queues.consumer();
        let order = QueueOrder::Settle { queue, by, id: Some(item.cas), how: Settling::GiveBack };
        let way: Rc<dyn HolderWay> = behind.clone();
        let message = OpenMessage { way, told: item.cas, era: self.era, until: self.until };
        if HolderWay::settle(&**behind, order, &message).is_some()
            && let Some(holder) = behind.holder(&self.queue)
        {
            holder.count_late_message();
        }
    }
}
