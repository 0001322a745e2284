//! Whether a server gets one more request: decided by how many it owes a reply already.
//!
//! leash refuses a request at once that will not be answered in time: its caller goes on, and the server does no work
//! in vain. How fast a server is shows only while it lags. Then this connection may owe no more than what keeps the wait
//! short, replies to requests that timed out included.
//!
//! ```text
//!   all that was owed when a period began was answered in it, none refused ─▶ it keeps up: all are admitted
//!   else: at first as many as it answers in half a deadline; then after each period, by what waited least in it
//!     longer than the way takes and a sixteenth of a deadline ─▶ fewer, by as much, but by a quarter at most
//!     hardly at all ─▶ twice as many
//!     else ─▶ a few more, the root of how many
//!   it sent large values most of the time, which says nothing of its pace ─▶ a few more
//!   it had nothing to answer for a time ─▶ twice as many for each period that this lasted; all after a deadline
//!   nothing came of what was asked a deadline ago, though others were answered ─▶ as few as may always be owed, until then
//! ```
//! What waits least tells a queue that stands from a burst, which passes (CoDel, RFC 8289). Where the connections to a
//! server, those of other leashes too, wait in one queue, all see the same wait. So all of them take back at once and
//! none has to know of the others; and since they take back in proportion and add less than that, their parts become
//! alike (Chiu and Jain 1989, additive increase and multiplicative decrease; Swift 2020, a wait as the aim). While a
//! queue stands, no more may be owed than the server answers in half a deadline: these are in time even if it halves
//! its pace.
//!
//! A period is an eighth of a deadline, or a quarter more than the way takes, so that a network that takes its time is not
//! taken for a server that does. A stall hardly counts: behind it a server that is well catches up within a period.
//!
//! No asker may have more of what is owed than is left for all others: the larger its part, the sooner it is refused,
//! so one that asks a thousand things at once leaves room (dynamic thresholds, as switches share their buffers).

use std::time::{Duration, Instant};

use way::Way;

mod way;

/// So much may always be owed: what else would show that the server is better again?
const FEW: f64 = 4.0;
/// A period of which large values take more than this part says nothing of the server's pace.
const MOSTLY: f64 = 0.75;
/// After a period so much of what might be owed still may, however long it waited.
const LEAST_LEFT: f64 = 0.75;

/// What is known of one connection's pace.
pub(super) struct Admission {
    deadline: Duration,
    period: Option<Period>,
    /// Replies while the server lagged, and the seconds they took, those of the latest period counting half.
    replies: f64,
    seconds: f64,
    /// How many may be owed while it lags.
    most: Option<f64>,
    /// Whether that is a guess, as nothing came so far.
    is_guess: bool,
    /// For how long large values have passed in this period.
    passed: Duration,
    way: Way,
}

/// A time in which it is seen whether the server keeps up.
struct Period {
    since: Instant,
    /// What was owed when it began.
    owed: usize,
    answered: usize,
    /// How long that waited which waited least.
    waited: Duration,
    /// When something came last.
    heard: Instant,
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
            most: None,
            is_guess: false,
            passed: Duration::ZERO,
            way: Way::default(),
        }
    }

    /// Learns that connecting `took` so long.
    pub(super) fn connected(&mut self, took: Duration, now: Instant) {
        self.way.shows(took, now);
    }

    /// Whether an asker to whom `mine` of the `owed` replies are owed may ask one thing more at `now`.
    pub(super) fn admits(&mut self, owed: usize, mine: usize, now: Instant) -> bool {
        let Some(most) = self.most else { return true };
        if owed == 0 && self.is_quiet(now) {
            self.forget();
            return true;
        }
        let most = most as usize;
        let admits = owed < most && mine <= most - owed;
        if let Some(period) = &mut self.period
            && !admits
        {
            period.has_refused = true;
        }
        admits
    }

    fn is_quiet(&self, now: Instant) -> bool {
        self.period.as_ref().is_some_and(|period| now.saturating_duration_since(period.heard) >= self.deadline)
    }

    /// Learns from what came at `now`.
    pub(super) fn learn(&mut self, came: &Came, now: Instant) {
        let Some(period) = &mut self.period else {
            if came.owed == 0 && self.passed.is_zero() {
                self.way.shows(came.took, now);
            }
            return self.begin(came.owed, now);
        };
        self.way.is_at_most(came.took, now);
        let lasted = period.note(came, now);
        let lags = self.most.is_some();
        let is_over = lasted >= self.way.period(self.deadline);
        if period.keeps_up() && (is_over || !lags) {
            self.way.settles(period.waited, now);
            self.forget();
            self.begin(came.owed, now);
        } else if is_over {
            self.judge(lasted);
            self.begin(came.owed, now);
        }
    }

    /// A period is over in which the server did not keep up.
    fn judge(&mut self, lasted: Duration) {
        let Some(period) = &self.period else { return };
        if self.passed > lasted.mul_f64(MOSTLY) {
            self.most = self.most.map(|most| most + most.sqrt());
            return;
        }
        if let Some(most) = self.most
            && period.was_idle
        {
            // It did all that it was asked for, which says nothing of what it can do. A rest counts as many periods.
            (self.replies, self.seconds) = (0.0, 0.0);
            let periods = lasted.div_duration_f64(self.way.period(self.deadline)).floor().max(1.0);
            self.most = Some(most * periods.exp2());
            return;
        }
        let (waited, owed) = (period.waited, period.owed);
        // No more of a stall is counted: it is not the pace.
        let seconds = lasted.min(self.deadline / 2).as_secs_f64();
        self.replies = self.replies / 2.0 + period.answered as f64;
        self.seconds = self.seconds / 2.0 + seconds;
        let in_time = self.replies / self.seconds * (self.deadline / 2).as_secs_f64();
        let most = match self.most {
            Some(most) if !std::mem::take(&mut self.is_guess) => self.after(waited, owed, most),
            _ => in_time,
        };
        self.most = Some(most.min(in_time).max(FEW));
    }

    /// How many may be owed after a period in which `most` might, `owed` were, and none waited less than `waited`.
    fn after(&mut self, waited: Duration, owed: usize, most: f64) -> f64 {
        let allowed = (self.way.takes() + self.deadline / 16).min(self.deadline / 2);
        if waited > allowed {
            if most <= FEW && owed <= FEW as usize {
                self.way.is_suspected(waited);
            }
            return most * allowed.div_duration_f64(waited).max(LEAST_LEFT);
        }
        self.way.is_cleared();
        let is_short = waited < self.way.takes() + self.deadline / 64;
        if is_short { most * 2.0 } else { most + most.sqrt() }
    }

    /// Learns that nothing of what was asked a deadline ago has come, though the server answers others: more would wait even
    /// longer.
    pub(super) fn waits_in_vain(&mut self) {
        if self.most.is_none() {
            // How fast it is shows once something comes.
            (self.period, self.most, self.is_guess) = (None, Some(FEW), true);
        }
    }

    /// Whether the server does not keep up, as far as is known.
    pub(super) fn lags(&self) -> bool {
        self.most.is_some()
    }

    /// Learns that for so long only a large value passed.
    pub(super) fn passes(&mut self, took: Duration) {
        self.passed += took;
    }

    /// Forgets the pace, as the server keeps up.
    pub(super) fn forget(&mut self) {
        (self.period, self.most, self.is_guess) = (None, None, false);
        (self.replies, self.seconds) = (0.0, 0.0);
        self.way.forget_guess();
    }

    fn begin(&mut self, owed: usize, now: Instant) {
        let lags = self.lags();
        self.passed = Duration::ZERO;
        self.period = (owed > 0 || lags).then_some(Period {
            since: now,
            owed,
            answered: 0,
            waited: Duration::MAX,
            heard: now,
            has_refused: false,
            was_idle: owed == 0,
        });
    }
}

impl Period {
    /// Counts what came at `now`, and how long it has lasted then.
    fn note(&mut self, came: &Came, now: Instant) -> Duration {
        self.answered += came.count;
        self.was_idle |= came.owed == 0;
        self.waited = self.waited.min(came.took);
        self.heard = now;
        now.saturating_duration_since(self.since)
    }

    fn keeps_up(&self) -> bool {
        self.answered >= self.owed && !self.has_refused
    }
}

#[cfg(test)]
mod tests;
