//! How queues are, and what was counted.

use std::time::Duration;

use bytes::Bytes;

/// How one queue is, and what happened to it since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that are handed out.
    pub reserved: u64,
    /// Bytes of both on the disk.
    pub bytes: u64,
    /// How long the oldest that waits has been there.
    pub age: Duration,
    /// Consumers that wait for a message.
    pub waiters: u64,
    /// What was counted.
    pub counts: QueueCounts,
}

/// How all queues of a directory are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolderFigures {
    /// Those with the most messages, the longest first.
    pub queues: Vec<(Bytes, QueueFigures)>,
    /// How many more there are.
    pub others: u64,
    /// All of them as one: sums, and the greatest age.
    pub all: QueueFigures,
    /// Messages that were refused.
    pub refused: QueueRefusals,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether the disk refuses to work.
    pub is_disk_refusing: bool,
    /// Files that were found damaged, cut short or missing when these queues were opened.
    pub damaged_files: u64,
}

/// How often messages were refused, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueRefusals {
    /// The queue was full.
    pub full: u64,
    /// The message was too long.
    pub too_long: u64,
    /// The disk did not take it.
    pub disk: u64,
    /// The holder had too much to do.
    pub busy: u64,
}

/// What happened to one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Messages that came.
    pub put: u64,
    /// Messages that were handed out.
    pub taken: u64,
    /// Messages that were given back.
    pub redelivered: u64,
    /// Messages that were over before a consumer came.
    pub expired: u64,
    /// Messages that went to the queue of those given back too often.
    pub dead: u64,
    /// Messages that the disk could not read any more.
    pub damaged: u64,
}

impl QueueFigures {
    /// The same with those of another queue.
    pub(crate) fn and(self, other: QueueFigures) -> QueueFigures {
        QueueFigures {
            waiting: self.waiting + other.waiting,
            reserved: self.reserved + other.reserved,
            bytes: self.bytes + other.bytes,
            age: self.age.max(other.age),
            waiters: self.waiters + other.waiters,
            counts: self.counts.and(other.counts),
        }
    }
}

impl QueueCounts {
    /// The same with those of another queue.
    pub(crate) fn and(self, other: QueueCounts) -> QueueCounts {
        QueueCounts {
            put: self.put + other.put,
            taken: self.taken + other.taken,
            redelivered: self.redelivered + other.redelivered,
            expired: self.expired + other.expired,
            dead: self.dead + other.dead,
            damaged: self.damaged + other.damaged,
        }
    }
}
