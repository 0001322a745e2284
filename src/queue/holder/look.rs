//! What is looked at without changing anything: the head, lengths, places in the line, how all queues are.

use bytes::Bytes;

use super::QueueHolder;
use super::read::Unread;
use super::take::PASSED;
use crate::queue::disk::SegmentDisk;
use crate::queue::line::LineIndex;
use crate::queue::order::{Moment, QueueAnswer, QueueOrder, QueueRefusal};

/// Messages of a list at most.
const LISTED: usize = 1_000;
/// Messages that are looked through for a line in one batch at most.
const INDEXED: usize = 1_000;
/// Bytes of a list at most.
const LISTED_BYTES: usize = 1 << 20;

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Answers what changes nothing.
    pub(super) fn look(&mut self, order: QueueOrder, now: Moment) -> QueueAnswer {
        match order {
            QueueOrder::Peek { queue } => self.peek(&queue, now),
            QueueOrder::Count { queue } => {
                self.pass_over(&queue, now);
                QueueAnswer::Number(self.queues.get(&queue).map_or(0, |queue| queue.fifo.waiting()))
            }
            QueueOrder::Find { queue, body } => match self.find(&queue, &body, now) {
                Some(id) => QueueAnswer::Number(self.queue(&queue).fifo.ahead(id) + 1),
                None => QueueAnswer::Nothing,
            },
            QueueOrder::List { queue, most } => QueueAnswer::Listed(self.list(&queue, most, now)),
            _ => QueueAnswer::Nothing,
        }
    }

    fn peek(&mut self, name: &Bytes, now: Moment) -> QueueAnswer {
        for id in self.line(name) {
            match self.read(name, id) {
                Err(Unread) => return QueueAnswer::Refused(QueueRefusal::Disk),
                Ok(Some(message)) if !message.is_over(now.unix.as_secs()) => return QueueAnswer::Message(id, message),
                Ok(_) => {}
            }
        }
        QueueAnswer::Nothing
    }

    fn list(&mut self, name: &Bytes, most: usize, now: Moment) -> Vec<Bytes> {
        let (mut listed, mut bytes) = (Vec::new(), 0);
        for id in self.line(name).into_iter().take(most) {
            let message = self.read(name, id).ok().flatten();
            let Some(message) = message.filter(|message| !message.is_over(now.unix.as_secs())) else { continue };
            bytes += message.body.len();
            if bytes > LISTED_BYTES && !listed.is_empty() {
                break;
            }
            listed.push(message.body);
        }
        listed
    }

    /// The first messages of the line.
    fn line(&self, name: &Bytes) -> Vec<u64> {
        let queue = self.queues.get(name);
        queue.map_or_else(Vec::new, |queue| queue.fifo.line().take(LISTED).map(|(id, _)| id).collect())
    }

    /// The oldest message that waits and says this.
    fn find(&mut self, name: &Bytes, body: &[u8], now: Moment) -> Option<u64> {
        self.pass_over(name, now);
        let candidates = self.queues.get(name)?.line.as_ref()?.candidates(body);
        candidates.into_iter().find(|id| {
            let waits = self
                .queues
                .get(name)
                .is_some_and(|queue| queue.fifo.places().get(*id).is_some() && queue.fifo.reservation(*id).is_none());
            waits && self.read(name, *id).is_ok_and(|message| message.is_some_and(|message| message.body == body))
        })
    }

    /// Whether all messages of a queue are known by what they say. They are looked through some in each batch, so that
    /// all queues go on meanwhile.
    pub(super) fn knows_line(&mut self, name: &Bytes) -> bool {
        let Some(queue) = self.queues.get_mut(name) else { return true };
        let next = queue.fifo.next();
        let unknown = queue.line.get_or_insert_with(|| LineIndex::of(next)).unknown();
        let of_queue = queue.fifo.places().from(unknown.start).map(|(id, _)| id).take_while(|id| *id < unknown.end);
        let ids: Vec<u64> = of_queue.take(INDEXED.saturating_sub(self.indexed)).collect();
        self.indexed += ids.len();
        for id in &ids {
            self.index(name, *id);
        }
        let is_done = self.indexed < INDEXED || unknown.is_empty();
        let known = if is_done { unknown.end } else { ids.last().map_or(unknown.start, |id| id + 1) };
        self.queue(name).line.as_mut().into_iter().for_each(|line| line.knows_to(known));
        is_done
    }

    fn index(&mut self, name: &Bytes, id: u64) {
        let message = self.read(name, id).ok().flatten();
        let line = self.queues.get_mut(name).and_then(|queue| queue.line.as_mut());
        if let (Some(message), Some(line)) = (message, line) {
            line.put(id, &message);
        }
    }

    /// Messages that are over leave a line that is asked for places, so that no place counts them.
    fn pass_over(&mut self, name: &Bytes, now: Moment) {
        for _ in 0..PASSED {
            if self.journal.owes_too_much() {
                return;
            }
            let Some(queue) = self.queues.get_mut(name) else { return };
            let over = queue.line.as_mut().and_then(|line| line.next_over(now.unix.as_secs()));
            let Some(id) = over else { return };
            let waits = queue.fifo.reservation(id).is_none();
            if waits && self.gone(name, id).is_some() {
                self.queue(name).counts.expired += 1;
            }
        }
    }

    /// Takes a message out of the line.
    pub(super) fn withdraw(&mut self, name: &Bytes, body: &[u8], now: Moment) -> QueueAnswer {
        match self.find(name, body, now) {
            Some(_) if self.journal.owes_too_much() => QueueAnswer::Refused(QueueRefusal::Disk),
            Some(id) => {
                self.gone(name, id);
                QueueAnswer::Done
            }
            None => QueueAnswer::Nothing,
        }
    }
}
