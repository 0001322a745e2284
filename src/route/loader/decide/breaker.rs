//! A breaker: whether more is asked of an origin that fails, by what became of what was asked lately. It knows neither
//! HTTP nor leases.
//!
//! ```text
//!       of at least 5 in the last 30 s half failed, or 20 in a row
//!   closed ───────────────────────────────────────────────▶ open ◀─┐ the probe failed: a longer pause
//!     ▲                                                      │ pause│
//!     └────────────── anything succeeds ──────────── probing ◀┴──────┘
//! ```
//! Many that succeeded a moment ago say nothing for an origin that has gone since: hence the row.
//! While it is open, one at a time is let through as a probe, after 1 s doubled up to 10 s, less up to a quarter by
//! chance, so that a fleet does not probe in step.

use std::time::{Duration, Instant};

/// How long what was asked counts.
const WINDOW: usize = 30;
/// Fewer say nothing.
const LEAST: u32 = 5;
/// So many in a row say enough.
const IN_A_ROW: u32 = 20;
/// The first pause between two probes, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Whether an origin is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// As if there were no breaker.
    Closed,
    /// Only now and then, to see whether it is back.
    Open,
}

/// What became of the question whether to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Ask.
    Free,
    /// Ask, as a probe.
    Probe,
    /// Do not ask.
    Refused,
}

/// What happened in one second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    /// Which, counted from the start.
    number: u64,
    succeeded: u32,
    failed: u32,
}

/// The breaker of one origin.
#[derive(Debug)]
pub(super) struct Breaker {
    start: Instant,
    seconds: [Second; WINDOW],
    /// Failures since the last success.
    in_a_row: u32,
    opened: Option<Opened>,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    /// When the next probe may go, whether or not the last one has come back.
    next: Instant,
    /// Probes that failed.
    failed: u32,
}

impl Breaker {
    /// Closed; seconds are counted from `start`.
    pub(super) fn new(start: Instant) -> Breaker {
        Breaker { start, seconds: [Second::default(); WINDOW], in_a_row: 0, opened: None }
    }

    /// How it stands.
    pub(super) fn state(&self) -> BreakerState {
        if self.opened.is_some() { BreakerState::Open } else { BreakerState::Closed }
    }

    /// Whether the origin may be asked now.
    pub(super) fn permit(&mut self, now: Instant) -> Permit {
        let Some(opened) = &mut self.opened else { return Permit::Free };
        if now < opened.next {
            return Permit::Refused;
        }
        // A probe that never comes back holds up the next one no longer than one that fails.
        opened.next = now + PAUSES.1;
        Permit::Probe
    }

    /// Notes that the origin did what was asked.
    pub(super) fn succeeded(&mut self, now: Instant) {
        self.in_a_row = 0;
        if self.opened.take().is_some() {
            // What failed before says nothing of an origin that is back.
            self.seconds = [Second::default(); WINDOW];
        }
        self.second(now).succeeded += 1;
    }

    /// Notes that it did not; `chance` is from 0 to 1.
    pub(super) fn failed(&mut self, permit: Permit, now: Instant, chance: f64) {
        match &mut self.opened {
            Some(opened) if permit == Permit::Probe => {
                opened.failed += 1;
                opened.next = now + pause(opened.failed, chance);
            }
            Some(_) => {}
            None => {
                self.second(now).failed += 1;
                self.in_a_row += 1;
                if self.is_failing(now) {
                    self.opened = Some(Opened { next: now + pause(0, chance), failed: 0 });
                }
            }
        }
    }

    fn is_failing(&self, now: Instant) -> bool {
        let newest = self.number(now);
        let counted = self.seconds.iter().filter(|second| newest - second.number.min(newest) < WINDOW as u64);
        let (succeeded, failed) = counted.fold((0, 0), |(s, f), second| (s + second.succeeded, f + second.failed));
        self.in_a_row >= IN_A_ROW || (failed + succeeded >= LEAST && failed >= succeeded)
    }

    fn second(&mut self, now: Instant) -> &mut Second {
        let number = self.number(now);
        let second = &mut self.seconds[number as usize % WINDOW];
        if second.number != number {
            *second = Second { number, ..Second::default() };
        }
        second
    }

    fn number(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs()
    }
}

fn pause(failed: u32, chance: f64) -> Duration {
    let whole = PAUSES.0.saturating_mul(1 << failed.min(8)).min(PAUSES.1);
    whole.mul_f64(1.0 - chance / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    fn broken(start: Instant) -> Breaker {
        let mut breaker = Breaker::new(start);
        (0..5).for_each(|_| breaker.failed(Permit::Free, start, 0.0));
        breaker
    }

    #[test]
    fn it_opens_when_half_of_at_least_five_have_failed() {
        let start = Instant::now();
        let mut breaker = Breaker::new(start);
        (0..4).for_each(|_| breaker.failed(Permit::Free, start, 0.0));
        assert_eq!(breaker.state(), BreakerState::Closed, "four say nothing");
        (0..5).for_each(|_| breaker.succeeded(start));
        breaker.failed(Permit::Free, start, 0.0);
        assert_eq!(breaker.state(), BreakerState::Open, "five of ten");
    }

    #[test]
    fn fewer_than_half_leave_it_closed_and_old_failures_are_forgotten() {
        let start = Instant::now();
        let mut breaker = Breaker::new(start);
        (0..4).for_each(|_| breaker.failed(Permit::Free, start, 0.0));
        breaker.failed(Permit::Free, after(start, 30_000), 0.0);
        assert_eq!(breaker.state(), BreakerState::Closed, "30 s later the four count no more");
        (0..9).for_each(|_| breaker.succeeded(after(start, 31_000)));
        (0..7).for_each(|_| breaker.failed(Permit::Free, after(start, 32_000), 0.0));
        assert_eq!(breaker.state(), BreakerState::Closed, "eight of seventeen");
        breaker.failed(Permit::Free, after(start, 32_000), 0.0);
        assert_eq!(breaker.state(), BreakerState::Open, "nine of eighteen");
    }

    #[test]
    fn twenty_in_a_row_open_it_whatever_succeeded_before() {
        let start = Instant::now();
        let mut breaker = Breaker::new(start);
        (0..1000).for_each(|_| breaker.succeeded(start));
        (0..19).for_each(|_| breaker.failed(Permit::Free, start, 0.0));
        assert_eq!(breaker.state(), BreakerState::Closed);
        breaker.failed(Permit::Free, start, 0.0);
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn one_probe_at_a_time_goes_after_longer_and_longer_pauses() {
        let start = Instant::now();
        let (mut breaker, mut at, mut pauses) = (broken(start), start, Vec::new());
        for _ in 0..6 {
            let asked =
                (1..).map(|millis| after(at, millis)).find(|now| breaker.permit(*now) == Permit::Probe).unwrap();
            assert_eq!(breaker.permit(asked), Permit::Refused, "one at a time");
            pauses.push((asked - at).as_millis());
            at = asked;
            breaker.failed(Permit::Probe, at, 0.0);
        }
        assert_eq!(pauses, [1000, 2000, 4000, 8000, 10_000, 10_000]);
    }

    #[test]
    fn any_success_closes_it_and_what_failed_before_is_forgotten() {
        let start = Instant::now();
        let mut breaker = broken(start);
        assert_eq!(breaker.permit(after(start, 1000)), Permit::Probe);
        breaker.succeeded(after(start, 1100));
        assert_eq!((breaker.state(), breaker.permit(after(start, 1100))), (BreakerState::Closed, Permit::Free));
        breaker.failed(Permit::Free, after(start, 1200), 0.0);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_probe_that_never_comes_back_does_not_hold_up_the_next_for_ever() {
        let start = Instant::now();
        let mut breaker = broken(start);
        assert_eq!(breaker.permit(after(start, 1000)), Permit::Probe);
        assert_eq!(breaker.permit(after(start, 10_999)), Permit::Refused);
        assert_eq!(breaker.permit(after(start, 11_000)), Permit::Probe);
    }

    #[test]
    fn what_was_asked_before_it_opened_does_not_lengthen_the_pause_and_chance_shortens_it() {
        let start = Instant::now();
        let mut breaker = broken(start);
        (0..50).for_each(|_| breaker.failed(Permit::Free, after(start, 500), 0.0));
        assert_eq!(breaker.permit(after(start, 1000)), Permit::Probe);
        breaker.failed(Permit::Probe, after(start, 1000), 1.0);
        assert_eq!(breaker.permit(after(start, 2499)), Permit::Refused);
        assert_eq!(breaker.permit(after(start, 2500)), Permit::Probe);
    }
}
