//! When a caller last got a reply from a server, over any connection of any worker.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// All workers share the place where it is noted, so it is noted once in so many milliseconds only.
const MOMENT: u128 = 16;

/// In moments after a start that they share.
pub(super) struct LastReply {
    start: Instant,
    /// When it came; 0 if there was none yet.
    came: AtomicU32,
    /// When that was asked which was asked last of all that was answered.
    asked: AtomicU32,
}

impl LastReply {
    /// Nobody has got one yet.
    pub(super) fn new(start: Instant) -> LastReply {
        LastReply { start, came: AtomicU32::new(0), asked: AtomicU32::new(0) }
    }

    /// Notes that at `now` a caller got the reply to what was asked at `asked`.
    pub(super) fn note(&self, asked: Instant, now: Instant) {
        let came = self.moment(now);
        if self.came.load(Ordering::Relaxed) != came {
            self.came.store(came, Ordering::Relaxed);
            self.asked.fetch_max(self.moment(asked), Ordering::Relaxed);
        }
    }

    /// Whether a caller has got one in a moment after `asked`: the server is not gone.
    pub(super) fn is_after(&self, asked: Instant) -> bool {
        self.came.load(Ordering::Relaxed) > self.moment(asked)
    }

    /// Whether that is so, and nothing was answered that was asked `much` later: what was asked at `asked` may wait in one
    /// queue with all the others.
    pub(super) fn waits_with_others(&self, asked: Instant, much: Duration) -> bool {
        self.is_after(asked) && self.asked.load(Ordering::Relaxed) <= self.moment(asked + much)
    }

    fn moment(&self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.start).as_millis() / MOMENT + 1).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn only_a_reply_in_a_later_moment_is_one_after_it() {
        let start = Instant::now();
        let last = LastReply::new(start);
        assert!(!last.is_after(start));
        last.note(start, start + ms(100));
        let is_after = [0, 90, 100, 105, 200].map(|asked| last.is_after(start + ms(asked)));
        assert_eq!(is_after, [true, true, false, false, false]);
    }

    #[test]
    fn who_is_overtaken_by_far_waits_in_no_queue_with_the_others() {
        let start = Instant::now();
        let last = LastReply::new(start);
        let waits = |last: &LastReply| last.waits_with_others(start, ms(250));
        assert!(!waits(&last), "nobody was answered");
        last.note(start + ms(200), start + ms(300));
        assert!(waits(&last));
        last.note(start + ms(300), start + ms(400));
        assert!(!waits(&last));
        last.note(start + ms(100), start + ms(500));
        assert!(!waits(&last), "also if another was not");
    }
}
