//! A connection as its server sees it: where it stands, what is owed on it, what has not left yet.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::admission::Admission;
use super::mark::Party;
use super::progress::Progress;
use super::slots::Slots;
use super::tokens::Tokens;
use crate::protocol::{Cause, Output};
use crate::runtime::memory::{Memory, Share};
use crate::runtime::stream::Writer;

/// The connection and what is owed on it.
pub(super) struct Link {
    /// Where it stands.
    pub phase: LinkPhase,
    /// Who waits, in order.
    pub slots: Slots,
    /// What has not left yet.
    pub output: Output,
    /// How many bytes left in the last turn, as the next one will be alike.
    pub left_last: usize,
    /// Whether the kernel took less than it was given.
    pub blocked: bool,
    /// Whether the server may have hung up unseen: nothing was heard since it was last idle.
    pub unproven: bool,
    /// When the server was last heard.
    pub heard: Option<Instant>,
    /// When something last passed over it, a large value also on its way to the server.
    pub moved: Option<Instant>,
    /// When a reply last came that a caller still waited for.
    pub answered: Option<Instant>,
    /// The large value that is on its way, as far as it buys time.
    pub progress: Progress,
    /// Where it leads.
    pub peer: Option<SocketAddr>,
    /// How often the server's name had changed its meaning by then.
    pub changes: u32,
    /// Whether it is to be written at the end of this turn.
    pub flush_asked: bool,
    /// Where the token of the next question comes from.
    pub tokens: Tokens,
    /// Whether one more request may be asked.
    pub admission: Admission,
    /// How much of a large value has been received that is not whole yet.
    pub receiving: usize,
    /// The memory that counts: values that are kept or arrive, and all of the output while it cannot leave.
    waiting: Share,
}

/// Where the connection stands.
pub(super) enum LinkPhase {
    /// There is none.
    Closed,
    /// It is being made; questions gather meanwhile.
    Opening,
    /// It is there.
    Open(Writer),
    /// It must not be used again, for this reason; its task is about to end it.
    Doomed(Cause),
}

impl Link {
    /// There is none yet.
    pub(super) fn new(memory: &Rc<Memory>, deadline: Duration) -> Link {
        Link {
            phase: LinkPhase::Closed,
            slots: Slots::default(),
            output: Output::default(),
            left_last: 0,
            blocked: false,
            unproven: false,
            heard: None,
            moved: None,
            answered: None,
            progress: Progress::default(),
            peer: None,
            changes: 0,
            flush_asked: false,
            tokens: Tokens::new(),
            admission: Admission::new(deadline),
            receiving: 0,
            waiting: Share::new(memory),
        }
    }

    /// Whether what is asked now has to wait before it can leave.
    pub(super) fn is_stalled(&self) -> bool {
        self.blocked || !matches!(self.phase, LinkPhase::Open(_))
    }

    /// Whether so `many` replies are owed to `whose`, and the server takes more: one that does not needs no further
    /// connection.
    #[inline]
    pub(super) fn owes(&self, whose: Party, many: usize) -> bool {
        self.slots.part_of(whose) >= many && !self.blocked
    }

    /// Whether the server has owed replies for so `long` at `now`, has said nothing, and the connection can end. It may
    /// still do later what it was asked, so it must have been asked for plain reads alone.
    pub(super) fn is_mute(&self, now: Instant, long: Duration) -> bool {
        let asked = self.slots.first().map(|slot| slot.asked);
        let since = asked.max(self.heard);
        let is_silent = asked.is_some() && since.is_some_and(|since| now.saturating_duration_since(since) >= long);
        is_silent && matches!(self.phase, LinkPhase::Open(_)) && self.slots.are_plain_reads(|_| true)
    }

    /// Brings the count of what waits up to date.
    pub(super) fn count_waiting(&mut self) {
        let output = if self.is_stalled() { self.output.len() } else { 0 };
        // Most of an output that waits is values that are kept as well.
        self.waiting.set(output.max(self.slots.held()) + self.slots.of_nobody() + self.receiving);
    }

    /// Whether one more request of `whose` may be asked at `now`, of `queue` at most.
    pub(super) fn admits(&mut self, whose: Party, queue: usize, now: Instant) -> bool {
        let owed = self.slots.len();
        let part = self.slots.part_of(whose);
        owed < queue && self.admission.admits(owed, part, now)
    }

    /// Notes that something passes at `now`. How long it was waited for.
    pub(super) fn moves(&mut self, now: Instant) -> Duration {
        let since = self.moved.replace(now).max(self.slots.first().map(|slot| slot.asked));
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Notes that `bytes` of large values have passed at `now`, and `took` so long: they are waited for, and say nothing of
    /// how fast the server is.
    pub(super) fn goes_on(&mut self, bytes: usize, took: Duration, now: Instant, deadline: Duration) {
        self.progress.note(bytes, now, deadline);
        self.admission.passes(took);
    }

    /// Takes back what timed out before any of it was sent.
    pub(super) fn withdraw(&mut self) {
        self.slots.keep_words(self.output.text());
        let (before, bytes) = self.slots.withdraw(self.output.len());
        if bytes > 0 {
            self.output.cut(before, bytes);
            self.count_waiting();
        }
    }
}
