//! One queue of a holder: its order, who waits for a message of it, what was counted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::metrics::QueueCounts;
use crate::queue::fifo::{Consumer, Fifo};
use crate::queue::line::LineIndex;
use crate::queue::order::Taking;

/// One queue. Who waits is told by a `T`.
pub(super) struct OneQueue<T> {
    pub(super) fifo: Fifo,
    /// By their numbers, in which they came.
    pub(super) waits: BTreeMap<u64, Waiting<T>>,
    /// When these are served though no message comes.
    pub(super) serves_at: Option<Duration>,
    pub(super) counts: QueueCounts,
    pub(super) line: Option<LineIndex>,
    /// The head that was looked at last, and when it came: looking reads the disk.
    pub(super) head: Option<(u64, Duration)>,
    /// Whether messages were given up, which the disk may read one day.
    pub(super) gave_up: bool,
}

impl<T> OneQueue<T> {
    /// One of this order, for which nobody waits.
    pub(super) fn of(fifo: Fifo) -> OneQueue<T> {
        let (waits, serves_at, counts) = Default::default();
        OneQueue { fifo, waits, serves_at, counts, line: None, head: None, gave_up: false }
    }

    /// The first message that is left, or the next one that comes; `None` if one before it may be read again.
    pub(super) fn first_left(&self) -> Option<u64> {
        let first = self.fifo.places().first_from(0).unwrap_or(self.fifo.next());
        Some(first).filter(|_| !self.gave_up)
    }

    /// Whether it can be forgotten, but for what was counted.
    pub(super) fn is_idle(&self) -> bool {
        self.fifo.is_empty() && self.waits.is_empty() && self.serves_at.is_none()
    }
}

/// A consumer that waits for a message.
pub(super) struct Waiting<T> {
    pub(super) by: Consumer,
    pub(super) how: Taking,
    pub(super) until: Duration,
    pub(super) tell: T,
}
