//! How long the way to a server and back takes: what a reply takes that waits for no other. No admission shortens it.
//!
//! It shows while the server keeps up, and is kept, since in an overload no reply shows it. Until one has shown it,
//! connecting has. Something between may hide it, as a tunnel does that is near and leads far away. Then even as few
//! requests as may always be owed wait for long, however often; so what they wait is taken for the way. So it is where the way
//! has become longer.

use std::time::{Duration, Instant};

/// The way may have become longer since it was last seen to be short.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// After so many periods in which few waited for long, they do not wait for each other.
const OFTEN: u32 = 8;

#[derive(Default)]
pub(super) struct Way {
    /// What it took, and when that was seen.
    seen: Option<(Duration, Instant)>,
    /// What it is taken to be instead.
    guess: Option<Duration>,
    suspected: u32,
}

impl Way {
    /// What it takes.
    pub(super) fn takes(&self) -> Duration {
        self.guess.or(self.seen.map(|(took, _)| took)).unwrap_or_default()
    }

    /// How long it takes to see whether a server keeps up: an eighth of a `deadline`, or a quarter more than the way.
    pub(super) fn period(&self, deadline: Duration) -> Duration {
        (deadline / 8).max(self.takes() * 5 / 4).min(deadline / 2)
    }

    /// What waited for nothing `took` so long.
    pub(super) fn shows(&mut self, took: Duration, now: Instant) {
        if self.seen.is_none_or(|(_, then)| now.saturating_duration_since(then) > KEPT_FOR) {
            self.seen = Some((took, now));
        }
        self.is_at_most(took, now);
    }

    /// Something `took` so long that may have waited.
    pub(super) fn is_at_most(&mut self, took: Duration, now: Instant) {
        if let Some(seen) = &mut self.seen
            && took <= seen.0
        {
            *seen = (took, now);
        }
    }

    /// In a period in which very few were owed none waited less than `waited`.
    pub(super) fn is_suspected(&mut self, waited: Duration) {
        self.suspected += 1;
        if self.suspected >= OFTEN {
            (self.guess, self.suspected) = (Some(waited), 0);
        }
    }

    /// What was asked has not waited for long.
    pub(super) fn is_cleared(&mut self) {
        self.suspected = 0;
    }

    /// The server kept up, and none waited less than `waited`: what the way was taken to be is what it is.
    pub(super) fn settles(&mut self, waited: Duration, now: Instant) {
        if let Some(guess) = self.guess {
            self.seen = Some((guess, now));
        }
        self.shows(waited, now);
    }

    /// What it was taken to be says nothing any more.
    pub(super) fn forget_guess(&mut self) {
        (self.guess, self.suspected) = (None, 0);
    }
}
