//! Keeps a warning that repeats from filling the log.
//!
//! One limiter stands beside each warning, or beside each thing warned about; it knows no text and no clock.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Lets one line through per period, and counts those it keeps back.
#[derive(Debug)]
pub struct Repeated {
    period: Duration,
    last: Cell<Option<Instant>>,
    suppressed: Cell<u64>,
}

impl Repeated {
    /// A limiter that lets the first line through, then one per `period`.
    pub const fn new(period: Duration) -> Repeated {
        Repeated { period, last: Cell::new(None), suppressed: Cell::new(0) }
    }

    /// Whether to write the line now: if so, how many were kept back since the last one.
    pub fn allow(&self, now: Instant) -> Option<u64> {
        let too_soon = self.last.get().is_some_and(|last| now.saturating_duration_since(last) < self.period);
        if too_soon {
            self.suppressed.set(self.suppressed.get() + 1);
            return None;
        }
        self.last.set(Some(now));
        Some(self.suppressed.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_passes_then_one_a_period_that_tells_how_many_were_kept_back() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let repeated = Repeated::new(10 * second);
        let answers = [0, 1, 9, 10, 11, 60].map(|seconds| repeated.allow(start + seconds * second));
        assert_eq!(answers, [Some(0), None, None, Some(2), None, Some(1)]);
    }

    #[test]
    fn a_clock_that_steps_back_lets_nothing_through() {
        let start = Instant::now() + Duration::from_secs(100);
        let repeated = Repeated::new(Duration::from_secs(10));
        assert_eq!(repeated.allow(start), Some(0));
        assert_eq!(repeated.allow(start - Duration::from_secs(50)), None);
    }
}
