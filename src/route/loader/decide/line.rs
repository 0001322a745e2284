//! Which calls to one endpoint are due: so many at a time, those that wait by turns, and only now and then while it fails.
//! What a call is, and what it asks for, is not its business.
//!
//! ```text
//!   take ─▶ room and leave to ask: due ─────────▶ ended ─▶ next, until there is none
//!             ├▶ no room: waits, a turn for each party ──────┘ waited for too long, or wanted no more: refused
//!             ├▶ no room to wait: refused
//!             └▶ the endpoint fails: refused; one now and then is due, as a probe
//! ```

use std::hash::Hash;
use std::time::{Duration, Instant};

use super::breaker::{Breaker, BreakerState, Permit};
use super::queue::FairQueue;

/// How much is asked at once.
#[derive(Clone, Copy, Debug)]
pub struct CallBounds {
    /// So many calls are under way at a time.
    pub max_in_flight: usize,
    /// So many wait for their turn.
    pub queue: usize,
    /// For so long one waits.
    pub patience: Duration,
}

/// What becomes of a call that is wanted.
#[derive(Debug)]
pub enum CallTurn<C> {
    /// It is made now.
    Due(C, Permit),
    /// It waits for its turn.
    Waits,
    /// It is not made.
    Refused(C, CallRefusal),
}

/// Why a call is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRefusal {
    /// The endpoint fails.
    HeldBack,
    /// Too many wait already, or it waited for too long.
    Queue,
}

/// The calls to one endpoint, `C`, on behalf of parties, `P`.
#[derive(Debug)]
pub struct CallLine<P, C> {
    in_flight: usize,
    queue: FairQueue<P, (Instant, C)>,
    breaker: Breaker,
}

impl<P: Copy + Eq + Hash, C> CallLine<P, C> {
    /// Nothing has been asked yet.
    pub fn new(now: Instant) -> CallLine<P, C> {
        CallLine { in_flight: 0, queue: FairQueue::new(), breaker: Breaker::new(now) }
    }

    /// How many calls are under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many wait for their turn.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether the endpoint is asked only now and then.
    pub fn state(&self) -> BreakerState {
        self.breaker.state()
    }

    /// Takes a call that is wanted by `party`.
    pub fn take(&mut self, party: P, call: C, bounds: CallBounds, now: Instant) -> CallTurn<C> {
        let has_room = self.in_flight < bounds.max_in_flight;
        match (self.breaker.state(), has_room) {
            (_, true) => self.asked_for(call, now),
            (BreakerState::Open, false) => CallTurn::Refused(call, CallRefusal::HeldBack),
            (BreakerState::Closed, false) => match self.queue.push(party, (now, call), bounds.queue) {
                Ok(()) => CallTurn::Waits,
                Err((_, call)) => CallTurn::Refused(call, CallRefusal::Queue),
            },
        }
    }

    /// Notes that a call has ended, and whether the endpoint did what was asked; `chance` is from 0 to 1.
    pub fn ended(&mut self, permit: Permit, has_answered: bool, now: Instant, chance: f64) {
        self.in_flight -= 1;
        match has_answered {
            true => self.breaker.succeeded(now),
            false => self.breaker.failed(permit, now, chance),
        }
    }

    /// What becomes of the next one that waits, once a call has ended.
    pub fn next(&mut self, bounds: CallBounds, now: Instant, is_wanted: impl Fn(&C) -> bool) -> Option<CallTurn<C>> {
        if self.in_flight >= bounds.max_in_flight {
            return None;
        }
        let (since, call) = self.queue.pop()?;
        let is_late = now.saturating_duration_since(since) >= bounds.patience;
        Some(match is_late || !is_wanted(&call) {
            true => CallTurn::Refused(call, CallRefusal::Queue),
            false => self.asked_for(call, now),
        })
    }

    fn asked_for(&mut self, call: C, now: Instant) -> CallTurn<C> {
        match self.breaker.permit(now) {
            Permit::Refused => CallTurn::Refused(call, CallRefusal::HeldBack),
            permit => {
                self.in_flight += 1;
                CallTurn::Due(call, permit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const BOUNDS: CallBounds = CallBounds { max_in_flight: 1, queue: 2, patience: SECOND };

    fn told<C: std::fmt::Debug>(turn: Option<CallTurn<C>>) -> String {
        match turn {
            Some(CallTurn::Due(call, permit)) => format!("{call:?} {permit:?}"),
            Some(CallTurn::Refused(call, why)) => format!("{call:?} {why:?}"),
            Some(CallTurn::Waits) => "waits".into(),
            None => "none".into(),
        }
    }

    #[test]
    fn one_that_finds_no_room_waits_and_one_that_finds_no_room_to_wait_is_refused() {
        let now = Instant::now();
        let mut line = CallLine::new(now);
        let taken = ['a', 'a', 'b', 'c'].map(|party| told(Some(line.take(party, party, BOUNDS, now))));
        assert_eq!(taken, ["'a' Free", "waits", "waits", "'c' Queue"]);
        assert_eq!((told(line.next(BOUNDS, now, |_| true)), line.waiting()), ("none".into(), 2));
        line.ended(Permit::Free, true, now, 0.0);
        assert_eq!(told(line.next(BOUNDS, now, |_| true)), "'a' Free");
        assert_eq!((line.in_flight(), line.waiting()), (1, 1));
    }

    #[test]
    fn one_whose_turn_comes_too_late_or_that_is_wanted_no_more_is_not_made() {
        let now = Instant::now();
        let mut line = CallLine::new(now);
        for call in 1..4 {
            line.take('a', call, BOUNDS, now);
        }
        line.ended(Permit::Free, true, now, 0.0);
        assert_eq!(told(line.next(BOUNDS, now, |call| *call != 2)), "2 Queue");
        assert_eq!(told(line.next(BOUNDS, now + SECOND, |_| true)), "3 Queue");
        assert_eq!((line.in_flight(), told(line.next(BOUNDS, now, |_| true))), (0, "none".into()));
    }

    #[test]
    fn while_the_endpoint_fails_none_waits_and_a_probe_is_not_spent_without_room_for_it() {
        let now = Instant::now();
        let mut line = CallLine::new(now);
        for call in 0..5 {
            assert_eq!(told(Some(line.take('a', call, BOUNDS, now))), format!("{call} Free"));
            line.ended(Permit::Free, false, now, 0.0);
        }
        assert_eq!(line.state(), BreakerState::Open);
        assert_eq!(told(Some(line.take('a', 5, BOUNDS, now))), "5 HeldBack");
        assert_eq!(told(Some(line.take('a', 6, BOUNDS, now + SECOND))), "6 Probe");
        assert_eq!(told(Some(line.take('a', 7, BOUNDS, now + 15 * SECOND))), "7 HeldBack", "no room");
        line.ended(Permit::Free, false, now, 0.0);
        assert_eq!(told(Some(line.take('a', 8, BOUNDS, now + 15 * SECOND))), "8 Probe");
    }
}
