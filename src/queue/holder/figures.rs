//! How all queues are, and what was counted. Of many queues only the longest are told by name.

use std::cmp::Reverse;
use std::time::Duration;

use bytes::Bytes;

use super::QueueHolder;
use crate::queue::figures::{HolderFigures, QueueCounts, QueueFigures, QueueRefusals};
use crate::queue::order::{Moment, QueueAnswer, QueueRefusal};
use crate::queue::segments::SegmentDisk;

/// So many are told by name.
const TOLD: usize = 1_000;

/// What was counted of no queue that there is.
#[derive(Default)]
pub(super) struct HolderCounts {
    /// Of queues that were forgotten.
    forgotten: QueueCounts,
    refused: QueueRefusals,
}

impl HolderCounts {
    /// A queue is forgotten.
    pub(super) fn forget(&mut self, counts: QueueCounts) {
        self.forgotten = self.forgotten.and(counts);
    }

    /// A message is refused.
    pub(super) fn refuse(&mut self, why: QueueRefusal) -> QueueAnswer {
        match why {
            QueueRefusal::Full => self.refused.full += 1,
            QueueRefusal::TooLong => self.refused.too_long += 1,
            QueueRefusal::Disk => self.refused.disk += 1,
            // These come from elsewhere, or are no refusal of a message.
            QueueRefusal::Busy | QueueRefusal::HasOne => {}
        }
        QueueAnswer::Refused(why)
    }
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// How all queues are.
    pub fn figures(&mut self, now: Moment) -> HolderFigures {
        let names: Vec<Bytes> = self.queues.keys().cloned().collect();
        let figures = names.into_iter().map(|name| (name.clone(), self.figures_of(&name, now)));
        let mut queues: Vec<(Bytes, QueueFigures)> = figures.collect();
        let before = QueueFigures { counts: self.counts.forgotten, ..QueueFigures::default() };
        let all = queues.iter().fold(before, |all, (_, figures)| all.and(*figures));
        queues
            .sort_by(|(a, x), (b, y)| (Reverse(x.waiting + x.reserved), a).cmp(&(Reverse(y.waiting + y.reserved), b)));
        let others = queues.len().saturating_sub(TOLD) as u64;
        queues.truncate(TOLD);
        let (refused, bytes, is_disk_refusing) = (self.counts.refused, self.bytes(), self.refused.any());
        HolderFigures { queues, others, all, refused, bytes, is_disk_refusing }
    }

    fn figures_of(&mut self, name: &Bytes, now: Moment) -> QueueFigures {
        let since = self.head_since(name);
        let Some(queue) = self.queues.get(name) else { return QueueFigures::default() };
        QueueFigures {
            waiting: queue.fifo.waiting(),
            reserved: queue.fifo.reserved(),
            bytes: queue.fifo.places().bytes(),
            age: since.map_or(Duration::ZERO, |since| now.unix.saturating_sub(since)),
            waiters: queue.waits.len() as u64,
            counts: queue.counts,
        }
    }

    /// When the oldest message that waits came, since 1970.
    fn head_since(&mut self, name: &Bytes) -> Option<Duration> {
        let queue = self.queues.get(name)?;
        let head = queue.fifo.head()?;
        if let Some((_, since)) = queue.head.filter(|(known, _)| *known == head) {
            return Some(since);
        }
        let since = Duration::from_millis(self.read(name, head)?.since);
        self.queues.get_mut(name)?.head = Some((head, since));
        Some(since)
    }
}
