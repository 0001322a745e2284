//! What a batch did and the disk did not take: messages that came never came, those that were moved stand where they stood.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;

use super::QueueHolder;
use crate::queue::disk::SegmentDisk;
use crate::queue::order::{QueueAnswer, QueueRefusal};
use crate::queue::places::MessagePlace;

/// A step that is worth nothing unless it is written.
pub(super) enum Undone {
    /// A message came.
    Put { queue: Bytes, id: u64 },
    /// It was written anew.
    Moved { queue: Bytes, id: u64, from: MessagePlace, to: MessagePlace },
    /// It went to another queue.
    Gone { queue: Bytes, id: u64, from: MessagePlace, times: u16 },
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Undoes the batch, the last step first, and says so to those that were told of it.
    pub(super) fn undo(&mut self) {
        let mut never = HashSet::new();
        for step in std::mem::take(&mut self.undo).into_iter().rev() {
            match step {
                Undone::Put { queue, id } => {
                    self.forget(&queue, id);
                    never.insert((queue, id));
                }
                Undone::Moved { queue, id, from, to } => {
                    let stands = self.queues.get(&queue).and_then(|queue| queue.fifo.places().get(id));
                    if stands == Some(to) {
                        self.stands(&queue, id, from);
                    }
                }
                Undone::Gone { queue, id, from, times } => {
                    self.stands(&queue, id, from);
                    let stays = self.queue(&queue);
                    stays.fifo.set_times(id, times);
                    stays.counts.dead = stays.counts.dead.saturating_sub(1);
                    self.serve_at(Duration::ZERO, queue);
                }
            }
        }
        for answered in &mut self.answers {
            let Some(about) = answered.about.as_ref().filter(|about| never.contains(*about)) else { continue };
            answered.answer = match answered.answer {
                QueueAnswer::Stored(_) => self.counts.refuse(QueueRefusal::Disk),
                _ => QueueAnswer::Nothing,
            };
            self.queues
                .get_mut(&about.0)
                .into_iter()
                .for_each(|queue| queue.counts.put = queue.counts.put.saturating_sub(1));
        }
    }
}
