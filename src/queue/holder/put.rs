//! Messages come in: within what the queue may hold.

use bytes::Bytes;

use super::QueueHolder;
use super::one_queue::OneQueue;
use crate::queue::disk::SegmentDisk;
use crate::queue::fifo::Fifo;
use crate::queue::journal::Urgency;
use crate::queue::order::{Moment, QueueAnswer, QueueRefusal};
use crate::queue::record::{LONGEST_MESSAGE, Message, QueueEvent, QueueRecord};

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Takes a message, and tells its id.
    pub(super) fn put(
        &mut self,
        name: &Bytes,
        client_flags: u32,
        expires: u64,
        body: Bytes,
        now: Moment,
    ) -> (QueueAnswer, Option<u64>) {
        if body.len() > self.terms.max_message.min(LONGEST_MESSAGE) {
            return (self.counts.refuse(QueueRefusal::TooLong), None);
        }
        let (items, bytes) = self.queues.get(name).map_or((0, 0), |queue| {
            let places = queue.fifo.places();
            (places.len(), places.bytes())
        });
        let is_one_too_many = self.queues.len() >= self.terms.max_queues && self.queues.get(name).is_none();
        if is_one_too_many || items >= self.terms.max_items || bytes + body.len() as u64 > self.terms.max_bytes {
            return (self.counts.refuse(QueueRefusal::Full), None);
        }
        if !self.journal.is_begun() {
            return (self.counts.refuse(QueueRefusal::Disk), None);
        }
        let since = now.unix.as_millis() as u64;
        let id = self.append(name, QueueEvent::Put(Message { client_flags, expires, since, body }));
        self.queue(name).counts.put += 1;
        (QueueAnswer::Stored(id), Some(id))
    }

    /// Puts the message that comes with `event` behind all others of a queue.
    pub(super) fn append(&mut self, name: &Bytes, event: QueueEvent) -> u64 {
        let queue = self.queue(name);
        let id = queue.fifo.next();
        if let (Some(line), QueueEvent::Put(message) | QueueEvent::Buried(_, message)) = (&mut queue.line, &event) {
            line.put(id, message);
            line.prune(queue.fifo.places().len(), |id| queue.fifo.places().get(id).is_some());
        }
        let record = QueueRecord { queue: name.clone(), id, event };
        let place = self.journal.push(&record, Urgency::Now);
        self.ids = self.ids.max(id + 1);
        self.stands(name, id, place);
        self.undo.push(super::undo::Undone::Put { queue: name.clone(), id });
        id
    }

    /// The queue of this name, which may be new.
    pub(super) fn queue(&mut self, name: &Bytes) -> &mut OneQueue<T> {
        let next = self.ids;
        self.queues.get_or_insert_with(name, || OneQueue::of(Fifo::new(next)))
    }
}
