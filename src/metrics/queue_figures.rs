//! How a queue is, and what was counted of it: as its holder knows it, and as `stats`, the page and scrapes tell it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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

/// What happened to one queue, or several, since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
