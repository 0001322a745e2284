//! How much one connection does in a turn of the event loop before the others have theirs: so many requests, bytes and
//! microseconds, whichever comes first. The rest of what its client sent is done in the next turns.

use std::time::{Duration, Instant};

/// Requests, and keys of a get.
const MOST_REQUESTS: u32 = 128;
/// Bytes read.
const MOST_BYTES: usize = 256 * 1024;
/// Time, for requests that cost more than others.
const MOST_TIME: Duration = Duration::from_micros(200);
/// How many requests go by between two looks at the clock, which most stints end without.
const LOOK: u32 = 16;

/// What a connection has done of its part of a turn.
#[derive(Default)]
pub(super) struct Stint {
    requests: u32,
    bytes: usize,
    began: Option<Instant>,
    is_late: bool,
}

impl Stint {
    /// Notes that these bytes were read, now.
    pub(super) fn read(&mut self, bytes: usize, now: Instant) {
        self.bytes += bytes;
        self.began.get_or_insert(now);
    }

    /// Counts a request, also one that was refused.
    pub(super) fn request(&mut self) {
        self.requests += 1;
        if self.requests.is_multiple_of(LOOK) {
            self.look(Instant::now());
        }
    }

    fn look(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        self.is_late = now.saturating_duration_since(began) >= MOST_TIME;
    }

    /// Whether it is the others' turn.
    pub(super) fn is_over(&self) -> bool {
        self.requests >= MOST_REQUESTS || self.bytes >= MOST_BYTES || self.is_late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stint_ends_with_whatever_comes_first() {
        let now = Instant::now();
        let mut short = Stint::default();
        short.read(MOST_BYTES - 1, now);
        (0..MOST_REQUESTS - 1).for_each(|_| short.requests += 1);
        short.look(now + MOST_TIME / 2);
        assert!(!short.is_over());
        let (mut long, mut large, mut slow) = (Stint::default(), Stint::default(), Stint::default());
        (0..MOST_REQUESTS).for_each(|_| long.request());
        large.read(MOST_BYTES, now);
        slow.read(1, now);
        slow.look(now + MOST_TIME);
        assert!(long.is_over() && large.is_over() && slow.is_over());
    }
}
