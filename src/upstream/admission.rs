//! Whether a server gets one more request: decided by how long the request is likely to wait behind those it has
//! already.
//!
//! leash refuses a request at once that will not be answered in time: its caller goes on, and the server does no work
//! in vain. How fast a server is shows only while it lags. Then a new request waits for all replies that are owed,
//! those to requests that timed out included, divided by the rate of the server's replies.
//!
//! ```text
//!   all that was owed when a period began was answered in it, none refused ─▶ it keeps up: all are admitted
//!   else, and always busy ──▶ its rate is what was answered; a little less may wait from now on
//!         idle in between ──▶ too many were refused: twice as much may wait
//! ```
//! A period is an eighth of a deadline: longer than a round trip, so that a network that takes its time is not taken
//! for a server that does. What is admitted may wait half a deadline, so a burst is taken in, and is in time even if
//! the server halves its pace. While the overload lasts the queue becomes as short as keeps the server busy: a longer
//! one only adds waiting. A stall hardly counts: behind it a server that is well catches up within a period.
//!
//! No asker may have more of what is owed than is left for all others: the larger its part, the sooner it is refused,
//! so one that asks a thousand things at once leaves room (dynamic thresholds, as switches share their buffers).

use std::time::{Duration, Instant};

/// So much may always be owed: what else would show that the server is better again?
const FEW: usize = 4;

/// What is known of one connection's pace.
pub(super) struct Admission {
    deadline: Duration,
    period: Option<Period>,
    /// Replies while the server lagged, and the seconds they took, those of the latest period counting half.
    replies: f64,
    seconds: f64,
    /// How long what is admitted may wait.
    patience: Duration,
    /// What the quickest replies take, which no queue explains. Forgotten slowly.
    quickest: Duration,
    most: Option<usize>,
}

/// A time in which it is seen whether the server keeps up.
struct Period {
    since: Instant,
    /// What was owed when it began.
    owed: usize,
    answered: usize,
    has_refused: bool,
    was_idle: bool,
}

/// What one read brought.
pub(super) struct Came {
    /// How many.
    pub count: usize,
    /// What is owed still.
    pub owed: usize,
    /// What the last of them took.
    pub took: Duration,
}

impl Admission {
    /// Nothing is known yet of a server whose requests have `deadline` to be answered.
    pub(super) fn new(deadline: Duration) -> Admission {
        Admission {
            deadline,
            period: None,
            replies: 0.0,
            seconds: 0.0,
            patience: deadline / 2,
            quickest: deadline,
            most: None,
        }
    }

    /// Whether an asker to whom `mine` of the `owed` replies are owed may ask one thing more.
    pub(super) fn admits(&mut self, owed: usize, mine: usize) -> bool {
        let Some(most) = self.most else { return true };
        let admits = owed < most && mine <= most - owed;
        if let Some(period) = &mut self.period
            && !admits
        {
            period.has_refused = true;
        }
        admits
    }

    /// Learns from what came at `now`.
    pub(super) fn learn(&mut self, came: &Came, now: Instant) {
        self.quickest = self.quickest.min(came.took);
        let Some(period) = &mut self.period else { return self.begin(came.owed, now) };
        period.answered += came.count;
        period.was_idle |= came.owed == 0;
        if period.answered >= period.owed && !period.has_refused {
            self.forget();
            return self.begin(came.owed, now);
        }
        let took = now.saturating_duration_since(period.since);
        if took >= self.deadline / 8 {
            self.judge(took);
            self.begin(came.owed, now);
        }
    }

    /// A period is over in which the server did not keep up.
    fn judge(&mut self, took: Duration) {
        let Some(period) = &self.period else { return };
        if period.was_idle {
            self.patience = (self.patience * 2).min(self.deadline / 2);
        } else {
            // No more of a stall is counted than two periods: it is not the pace.
            let seconds = took.min(self.deadline / 4).as_secs_f64();
            self.replies = self.replies / 2.0 + period.answered as f64;
            self.seconds = self.seconds / 2.0 + seconds;
            // Less than two round trips would leave the server without work.
            let least = (self.deadline / 16).max(self.quickest * 2).min(self.deadline / 2);
            self.patience = (self.patience * 7 / 8).max(least);
            self.quickest += self.quickest / 1024;
        }
        if self.seconds > 0.0 {
            let in_time = self.replies / self.seconds * self.patience.as_secs_f64();
            self.most = Some((in_time as usize).max(FEW));
        }
    }

    /// Forgets the pace: the server keeps up, or is busy with something that says nothing of its pace.
    pub(super) fn forget(&mut self) {
        (self.period, self.most) = (None, None);
        (self.replies, self.seconds) = (0.0, 0.0);
        self.patience = self.deadline / 2;
    }

    fn begin(&mut self, owed: usize, now: Instant) {
        let lags = self.most.is_some();
        let period = Period { since: now, owed, answered: 0, has_refused: false, was_idle: owed == 0 };
        self.period = (owed > 0 || lags).then_some(period);
    }
}

#[cfg(test)]
mod tests;
