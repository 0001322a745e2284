//! When a caller last got a reply from a server, over any connection of any worker.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// All workers share the place where it is noted, so it is noted once in so long only.
const MOMENT: u128 = 16;

/// To the moment, of 16 milliseconds.
pub(super) struct LastReply {
    start: Instant,
    /// How many moments after the start; 0 if none got one yet.
    moment: AtomicU32,
}

impl LastReply {
    /// Nobody has got one yet.
    pub(super) fn new(start: Instant) -> LastReply {
        LastReply { start, moment: AtomicU32::new(0) }
    }

    /// Notes that a caller got a reply at `now`.
    pub(super) fn note(&self, now: Instant) {
        let moment = self.moment(now);
        if self.moment.load(Ordering::Relaxed) != moment {
            self.moment.store(moment, Ordering::Relaxed);
        }
    }

    /// Whether a caller has got one in a moment after `asked`: what was asked then and is not answered waits for a server
    /// that is busy or has no room, not for one that is gone.
    pub(super) fn is_after(&self, asked: Instant) -> bool {
        self.moment.load(Ordering::Relaxed) > self.moment(asked)
    }

    fn moment(&self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.start).as_millis() / MOMENT + 1).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_a_reply_in_a_later_moment_is_one_after_it() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let last = LastReply::new(start);
        assert!(!last.is_after(start));
        last.note(start + ms(100));
        let is_after = [0, 90, 100, 105, 200].map(|asked| last.is_after(start + ms(asked)));
        assert_eq!(is_after, [true, true, false, false, false]);
    }
}
