//! How much longer a connection is waited for because a large value is on its way over it.
//!
//! A deadline is for a server that does not answer. One that sends a value of many megabytes answers for as long as it
//! sends at an adequate rate: each byte of a large value buys the time it may take at [`LEAST_RATE`], and never more
//! than one deadline ahead. So a request is answered or failed within its deadline and the large bytes that came before
//! its reply over [`LEAST_RATE`]. A server that drips buys next to nothing, and small replies buy nothing at all.

use std::time::{Duration, Instant};

/// A value from this length on is large: it may take longer than a deadline.
pub(super) const LARGE: usize = 64 * 1024;
/// Bytes a second that keep a request waiting.
pub(super) const LEAST_RATE: u32 = 1 << 20;

/// The time bought so far.
#[derive(Default)]
pub(super) struct Progress {
    until: Option<Instant>,
}

impl Progress {
    /// Notes that `bytes` of large values arrived at `now`. No more than `most` ahead is bought.
    pub(super) fn note(&mut self, bytes: usize, now: Instant, most: Duration) {
        let from = self.until.map_or(now, |until| until.max(now));
        let bought = Duration::from_secs(bytes as u64) / LEAST_RATE;
        self.until = Some((from + bought).min(now + most));
    }

    /// When the time is used up that was bought, if that is not before `due`.
    pub(super) fn later_than(&self, due: Instant) -> Instant {
        self.until.map_or(due, |until| until.max(due))
    }

    /// Whether leash goes on waiting for a reply that is overdue at `now`.
    pub(super) fn excuses(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_millis(500);

    /// How long after the first byte of an endless value the connection is excused, if `bytes` come each `every`.
    fn excused_for(bytes: usize, every: Duration, rounds: u32) -> Duration {
        let start = Instant::now();
        let mut progress = Progress::default();
        for round in 0..rounds {
            let now = start + every * round;
            progress.note(bytes, now, DEADLINE);
            if !progress.excuses(now + every - Duration::from_millis(1)) {
                return every * round;
            }
        }
        every * rounds
    }

    #[test]
    fn a_value_that_keeps_coming_is_waited_for_and_one_that_drips_is_not() {
        let millis = Duration::from_millis;
        assert_eq!(excused_for(64 * 1024, millis(50), 1000), millis(50_000), "1.25 MiB/s");
        assert_eq!(excused_for(1 << 20, millis(50), 1000), millis(50_000), "20 MiB/s");
        assert_eq!(excused_for(1, millis(100), 1000), millis(0), "a byte each 100 ms");
        assert_eq!(excused_for(100 * 1024, millis(1000), 1000), millis(0), "0.1 MiB/s");
    }

    #[test]
    fn a_stall_is_noticed_one_deadline_after_the_last_byte_however_much_came_before() {
        let (start, mut progress) = (Instant::now(), Progress::default());
        progress.note(1 << 30, start, DEADLINE);
        assert!(progress.excuses(start + DEADLINE - Duration::from_millis(1)));
        assert!(!progress.excuses(start + DEADLINE));
        assert_eq!(progress.later_than(start), start + DEADLINE);
        assert_eq!(progress.later_than(start + 2 * DEADLINE), start + 2 * DEADLINE);
    }

    #[test]
    fn all_the_time_that_is_bought_is_what_the_bytes_may_take() {
        let (start, mut progress) = (Instant::now(), Progress::default());
        // 0.9 MiB/s: what is bought runs out between two chunks, and none of it is left over.
        let (mut bought, mut now) = (Duration::ZERO, start);
        for _ in 0..100 {
            progress.note(92 * 1024, now, DEADLINE);
            bought += progress.later_than(now) - now;
            now += Duration::from_millis(100);
        }
        assert!(bought <= Duration::from_secs(9_200 * 1024) / LEAST_RATE + Duration::from_millis(1), "{bought:?}");
    }
}
