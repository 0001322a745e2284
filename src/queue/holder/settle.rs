//! Messages that are handed out: acknowledged, or given back into their places. What was given back too often goes to
//! another queue.

use std::time::Duration;

use bytes::Bytes;

use super::QueueHolder;
use super::read::Unread;
use super::undo::Undone;
use crate::queue::disk::SegmentDisk;
use crate::queue::fifo::{Consumer, id_of_receipt};
use crate::queue::journal::Urgency;
use crate::queue::order::{Moment, QueueAnswer, Settling};
use crate::queue::record::{DEAD, LONGEST_NAME, QueueEvent, QueueRecord};

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Ends a reservation: that with this receipt, that which the consumer knows by this number, or the oldest that it has of
    /// the queue. By the receipt of one that is over the message can still be acknowledged, since it was done, but not given
    /// back.
    pub(super) fn settle(&mut self, name: &Bytes, by: Consumer, which: Option<u64>, how: Settling) -> QueueAnswer {
        let id = which.map(id_of_receipt).or_else(|| self.first_held(by, name));
        let fifo = self.queues.get(name).map(|queue| &queue.fifo);
        let reserved = id.filter(|id| {
            fifo.is_some_and(|fifo| match how {
                Settling::Acknowledge => fifo.reservation(*id).is_some(),
                Settling::GiveBack => fifo.is_meant(*id, by, which),
            })
        });
        match (reserved, how) {
            (None, _) => return QueueAnswer::Nothing,
            (Some(id), Settling::Acknowledge) => drop(self.gone(name, id)),
            (Some(id), Settling::GiveBack) => self.give_back(name, id),
        }
        QueueAnswer::Done
    }

    /// A message is in its place again.
    pub(super) fn give_back(&mut self, name: &Bytes, id: u64) {
        let Some(queue) = self.queues.get_mut(name) else { return };
        let Some(reservation) = queue.fifo.reservation(id) else { return };
        let times = queue.fifo.give_back(id);
        queue.counts.redelivered += 1;
        self.let_go(Some(reservation), name, id);
        if self.terms.max_redeliveries.is_some_and(|most| times > most) && self.bury(name, id) {
            return;
        }
        if !self.journal.owes() {
            // What is owed must not grow by messages that come and go while the disk is full.
            let record = QueueRecord { queue: name.clone(), id, event: QueueEvent::Back(times) };
            self.journal.push(&record, Urgency::Later);
        }
    }

    /// Moves a message to the queue for those that were given back too often. Those that are in such a queue stay.
    fn bury(&mut self, name: &Bytes, id: u64) -> bool {
        if name.ends_with(DEAD) || name.len() + DEAD.len() > LONGEST_NAME || !self.journal.is_begun() {
            return false;
        }
        let message = match self.read(name, id) {
            Ok(Some(message)) => message,
            Ok(None) => return true,
            Err(Unread) => return false,
        };
        let times = self.queue(name).fifo.times(id);
        let dead = Bytes::from([name, DEAD].concat());
        self.append(&dead, QueueEvent::Buried(id, message));
        self.serve_at(Duration::ZERO, dead);
        if let Some(from) = self.forget(name, id) {
            self.undo.push(Undone::Gone { queue: name.clone(), id, from, times });
        }
        self.queue(name).counts.dead += 1;
        true
    }

    /// A consumer is gone: it waits no more, and what it has is given back.
    pub(super) fn leave(&mut self, by: Consumer, now: Moment) {
        self.end_waits_of(by);
        for (name, id) in self.held.get(&by).cloned().unwrap_or_default() {
            self.give_back(&name, id);
            self.serve(&name, now);
        }
    }
}
