//! What one client is owed: replies that wait for their turn, and output that waits for the client.

use std::time::Instant;
use std::vec::IntoIter;

use bytes::Bytes;

use super::replies::Replies;
use crate::protocol::{Exptime, Form, Key, Output, Request};
use crate::runtime::memory::{Holder, Share};

/// How large values are taken to be before any came: a client that begins with a deep pipeline is asked for so much of
/// it at first that even large values fit.
const FIRST_LIKELY: usize = 64 * 1024;

/// What a connection takes that asks nothing: its task, its socket's state, its places in tables.
const CONNECTION: usize = 4 * 1024;

/// So much of one client's replies may wait for their turn without being counted.
const UNCOUNTED: usize = 1024;

/// What one client is owed.
pub(super) struct Outbox {
    pub replies: Replies,
    pub output: Output,
    /// Whether the kernel took less than it was given.
    pub blocked: bool,
    pub flush_asked: bool,
    /// Whether the task waits for replies to leave.
    pub paused: bool,
    /// Whether that is because the client does not read, and was counted.
    pub unread: bool,
    /// A get whose keys are not all asked for yet; until they are, nothing behind it is begun.
    pub asking: Option<Asking>,
    /// A command that is carried out alone; until it is, nothing behind it is begun.
    pub alone: Option<Alone>,
    /// Whether requests in flight were asked of an older tree, or one is a `flush_all`: until they are answered leash
    /// begins none behind them, which could overtake them on its way to another server, or on another connection.
    pub settling: bool,
    /// Whether the client takes no replies any more: none is waited for on its behalf.
    pub takes_none: bool,
    /// Whether the client is gone.
    pub broken: bool,
    /// Whether that is because it was sent away, and may not have read why.
    pub dismissed: bool,
    /// When a client that takes less than there is last took something.
    pub taken_at: Instant,
    /// What a connection takes by itself, its replies and its output.
    held: Share,
    /// What was parked when that was counted.
    counted: usize,
    /// The value the next reply may well have: the largest of late.
    likely: usize,
}

/// What is left of a get to be asked for. Its reply is the youngest one that is owed.
pub(super) struct Asking {
    /// The next key.
    pub request: Request,
    pub rest: IntoIter<Key>,
    /// How it takes messages, should keys be queues.
    pub takes: Takes,
    /// Whether the next key is not asked for before those in front of it are answered.
    pub is_waiting: bool,
}

/// Which messages a get of several keys takes of those that are queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// One of each.
    Each,
    /// One of the first that has any, where clients reserve messages: `gets`.
    First,
    /// None, as it does not tell them: its line is wrong.
    None,
}

/// What a client asks that must not overtake what came before it.
pub(super) enum Alone {
    /// `flush_all`, which goes past the routes and takes one of a server's connections: once everything is answered.
    Flush(Exptime, Form),
    /// `stats`, which knows of everything that was answered: once everything is.
    Stats(Bytes, Form),
    /// `stats` that is being answered.
    Answering,
}

impl Outbox {
    pub(super) fn new(holder: &Holder, now: Instant) -> Outbox {
        let mut held = holder.share();
        held.set(CONNECTION);
        Outbox {
            replies: Replies::default(),
            output: Output::default(),
            blocked: false,
            flush_asked: false,
            paused: false,
            unread: false,
            asking: None,
            alone: None,
            settling: false,
            takes_none: false,
            broken: false,
            dismissed: false,
            taken_at: now,
            held,
            counted: 0,
            likely: FIRST_LIKELY,
        }
    }

    /// Learns how large values are: upwards at once, downwards slowly, so that a large value among small ones is not
    /// forgotten at once.
    pub(super) fn expect_more_like(&mut self, size: usize) {
        self.likely = size.max(self.likely - self.likely / 16);
    }

    /// Whether the next key of a get must wait until those in front of it are answered.
    pub(super) fn waits_for_keys(&self) -> bool {
        let is_waiting = self.asking.as_ref().is_some_and(|asking| asking.is_waiting);
        is_waiting && self.replies.youngest_get().is_some_and(|get| get.waiting() > 0)
    }

    pub(super) fn unsent(&self) -> usize {
        self.output.len() + self.replies.parked()
    }

    /// How many bytes it will be once all that is in flight has come.
    pub(super) fn likely_unsent(&self) -> usize {
        self.unsent() + self.replies.in_flight().saturating_mul(self.likely)
    }

    /// Brings the count of what is held up to date.
    #[inline]
    pub(super) fn count(&mut self) {
        self.counted = self.replies.parked();
        self.held.set(CONNECTION + self.output.room() + self.replies.room());
    }

    /// The same for a reply that waits for its turn, once there are enough of them to matter.
    #[inline]
    pub(super) fn count_parked(&mut self) {
        if self.replies.parked() >= self.counted + UNCOUNTED {
            self.count();
        }
    }

    /// Whether what the client asks next has to wait for something, as far as that was noted.
    pub(super) fn is_waiting(&self) -> bool {
        self.paused || self.settling || self.alone.is_some()
    }

    /// Whether it is owed nothing.
    pub(super) fn is_at_rest(&self) -> bool {
        self.replies.is_empty() && self.output.is_empty()
    }

    /// Gives back what is not in use.
    pub(super) fn trim(&mut self) {
        self.output.trim();
        self.replies.trim();
        self.count();
    }

    /// The client is gone: nothing is kept for it but what servers still owe it.
    pub(super) fn close(&mut self) {
        self.broken = true;
        self.asking = None;
        self.output = Output::default();
        self.replies.abandon();
        self.count();
    }
}
