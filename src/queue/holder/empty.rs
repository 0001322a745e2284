//! Queues are dropped: all their messages at once, those that are handed out as well.

use bytes::Bytes;

use super::QueueHolder;
use crate::queue::disk::SegmentDisk;
use crate::queue::journal::Urgency;
use crate::queue::record::{QueueEvent, QueueRecord};

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Drops all messages of a queue. Nothing is written for one of which the disk has nothing: a client may drop that again
    /// and again.
    pub(super) fn empty(&mut self, name: &Bytes) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        let record = QueueRecord { queue: name.clone(), id: queue.fifo.next(), event: QueueEvent::Emptied };
        let mut urgency = if std::mem::take(&mut queue.gave_up) { Some(Urgency::Later) } else { None };
        let ids: Vec<u64> = queue.fifo.places().from(0).map(|(id, _)| id).collect();
        for id in ids {
            let of_one = self.forget(name, id).map(|place| self.journal.urgency_of(place));
            urgency = urgency.max(of_one);
        }
        if let Some(urgency) = urgency {
            self.journal.push(&record, urgency);
        }
    }
}
