//! What is looked at without changing anything: the head, lengths, places in the line, how all queues are.

use bytes::Bytes;

use super::QueueHolder;
use crate::queue::journal::Urgency;
use crate::queue::line::LineIndex;
use crate::queue::order::{Moment, QueueAnswer, QueueOrder};
use crate::queue::segments::SegmentDisk;

/// Messages of a list at most.
const LISTED: usize = 1_000;
/// Bytes of a list at most.
const LISTED_BYTES: usize = 1 << 20;

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Answers what changes nothing.
    pub(super) fn look(&mut self, order: QueueOrder, now: Moment) -> QueueAnswer {
        match order {
            QueueOrder::Peek { queue } => self.peek(&queue, now),
            QueueOrder::Count { queue } => {
                QueueAnswer::Number(self.queues.get(&queue).map_or(0, |queue| queue.fifo.waiting()))
            }
            QueueOrder::Find { queue, body } => match self.find(&queue, &body) {
                Some(id) => QueueAnswer::Number(self.queue(&queue).fifo.ahead(id) + 1),
                None => QueueAnswer::Nothing,
            },
            QueueOrder::List { queue, most } => QueueAnswer::Listed(self.list(&queue, most, now)),
            _ => QueueAnswer::Figures(self.figures(now)),
        }
    }

    fn peek(&mut self, name: &Bytes, now: Moment) -> QueueAnswer {
        let line = self.line(name);
        let first = line.into_iter().find_map(|id| {
            let message = self.read(name, id)?;
            (!message.is_over(now.unix.as_secs())).then_some((id, message))
        });
        first.map_or(QueueAnswer::Nothing, |(id, message)| QueueAnswer::Message(id, message))
    }

    fn list(&mut self, name: &Bytes, most: usize, now: Moment) -> Vec<Bytes> {
        let (mut listed, mut bytes) = (Vec::new(), 0);
        for id in self.line(name).into_iter().take(most) {
            let Some(message) = self.read(name, id).filter(|message| !message.is_over(now.unix.as_secs())) else {
                continue;
            };
            bytes += message.body.len();
            if bytes > LISTED_BYTES {
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
    fn find(&mut self, name: &Bytes, body: &[u8]) -> Option<u64> {
        if self.queues.get(name)?.line.is_none() {
            let line = self.indexed(name);
            self.queue(name).line = Some(line);
        }
        let candidates = self.queues.get(name)?.line.as_ref()?.candidates(body);
        candidates.into_iter().find(|id| {
            let waits = self
                .queues
                .get(name)
                .is_some_and(|queue| queue.fifo.places().get(*id).is_some() && queue.fifo.reservation(*id).is_none());
            waits && self.read(name, *id).is_some_and(|message| message.body == body)
        })
    }

    fn indexed(&mut self, name: &Bytes) -> LineIndex {
        let mut line = LineIndex::default();
        let ids: Vec<u64> = self
            .queues
            .get(name)
            .map_or_else(Vec::new, |queue| queue.fifo.places().from(0).map(|(id, _)| id).collect());
        for id in ids {
            if let Some(message) = self.read(name, id) {
                line.put(id, &message.body);
            }
        }
        line
    }

    /// Takes a message out of the line.
    pub(super) fn withdraw(&mut self, name: &Bytes, body: &[u8]) -> QueueAnswer {
        match self.find(name, body) {
            Some(id) => {
                self.gone(name, id, Urgency::Later);
                QueueAnswer::Done
            }
            None => QueueAnswer::Nothing,
        }
    }
}
