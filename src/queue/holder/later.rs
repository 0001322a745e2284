//! Orders that go on with the next batch, so that no batch takes long or much memory, and what must not overtake them.

use super::QueueHolder;
use crate::queue::disk::SegmentDisk;
use crate::queue::order::QueueOrder;

/// Once the messages that are handed out in one batch have so many bytes, the rest of it waits for the next one.
const ANSWERED: usize = 16 << 20;

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Whether an order belongs to the next batch: this one has handed out enough, or the order would overtake one that
    /// goes on with the next.
    pub(super) fn must_wait(&self, order: &QueueOrder) -> bool {
        let would_overtake = match order {
            QueueOrder::Figures => false,
            QueueOrder::EmptyAll | QueueOrder::StopWaiting(_) | QueueOrder::Leave(_) => !self.busy.is_empty(),
            of_queue => of_queue.queue().is_some_and(|queue| self.busy.contains(queue)),
        };
        would_overtake || self.answered >= ANSWERED
    }

    /// An order goes on with the next batch, and those about the same queue behind it.
    pub(super) fn go_on_later(&mut self, order: QueueOrder, tell: T) {
        self.busy.extend(order.queue().cloned());
        self.begun.push((order, tell));
    }
}
