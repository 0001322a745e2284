//! When the next item may be begun, for a rate. Pure: the time is an argument.

use std::time::{Duration, Instant};

/// A copy that is early by less than this begins at once: timers are coarser than the time between two items.
const COARSE: Duration = Duration::from_millis(5);
/// After a delay, copies may make up for this much of it.
const MOST_BEHIND: Duration = Duration::from_millis(50);

/// So many items a second, evenly.
#[derive(Debug)]
pub(super) struct Pace {
    each: Duration,
    due: Instant,
}

impl Pace {
    /// `rate` items a second from `now` on.
    pub(super) fn new(rate: u32, now: Instant) -> Pace {
        Pace { each: Duration::from_secs(1) / rate.max(1), due: now }
    }

    /// How long to wait before the next item is begun.
    pub(super) fn next(&mut self, now: Instant) -> Duration {
        let behind = now.checked_sub(MOST_BEHIND).unwrap_or(now);
        let early = self.due.saturating_duration_since(now);
        self.due = self.due.max(behind) + self.each;
        if early < COARSE { Duration::ZERO } else { early }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many items a copier that is held up by `pause` at each begins within a second.
    fn begun(rate: u32, pause: Duration) -> u32 {
        let start = Instant::now();
        let (mut pace, mut now, mut items) = (Pace::new(rate, start), start, 0);
        loop {
            now += pace.next(now) + pause;
            if now >= start + Duration::from_secs(1) {
                return items;
            }
            items += 1;
        }
    }

    #[test]
    fn the_rate_is_kept_and_never_exceeded_by_more_than_a_blink() {
        for rate in [1, 10, 999, 10_000, 200_000] {
            let (items, blink) = (begun(rate, Duration::from_nanos(10)), rate / 100 + 1);
            assert!((rate - rate / 100..=rate + blink).contains(&items), "{items} at {rate} a second");
        }
    }

    #[test]
    fn time_that_was_lost_is_made_up_for_only_in_part() {
        let start = Instant::now();
        let mut pace = Pace::new(1000, start);
        let late = start + Duration::from_secs(60);
        let at_once = (0..1000).take_while(|_| pace.next(late).is_zero()).count();
        assert!((50..70).contains(&at_once), "{at_once} items at once after a minute");
    }
}
