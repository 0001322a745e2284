//! memcached's idea of time: whole seconds, and items that end in one of them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::protocol::Exptime;

/// Whole seconds since 1970: no two moments within one second differ, as in memcached.
pub(super) type Second = u64;

/// The second that `now` falls into.
pub(super) fn second(now: SystemTime) -> Second {
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// When an item ceases to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Never,
    /// From this second on it is gone.
    At(Second),
}

impl Expiry {
    /// What `exptime` means to a client that wrote it at `now`.
    pub(super) fn new(exptime: Exptime, now: Second) -> Expiry {
        let end = exptime.end(i64::try_from(now).unwrap_or(i64::MAX));
        end.map_or(Expiry::Never, |end| Expiry::At(u64::try_from(end).unwrap_or(0)))
    }

    /// Whether the item is gone at `now`.
    pub(super) fn is_over(self, now: Second) -> bool {
        matches!(self, Expiry::At(end) if end <= now)
    }

    /// Whether the item ends sooner than `other`; one that never ends does not, nor is anything sooner than never.
    pub(super) fn is_sooner_than(self, other: Expiry) -> bool {
        matches!((self, other), (Expiry::At(mine), Expiry::At(theirs)) if mine < theirs)
    }

    /// Seconds left, -1 for never. memcached's count wraps around for an item that a touch has just ended; ours is 0,
    /// because 136 years would be believed.
    pub(super) fn remaining(self, now: Second) -> i64 {
        match self {
            Expiry::Never => -1,
            Expiry::At(end) => i64::try_from(end.saturating_sub(now)).unwrap_or(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_time_is_counted_once_from_the_second_it_was_written_in() {
        let now = 1_700_000_000;
        let expiry = |written| Expiry::new(Exptime::new(written), now);
        assert_eq!(expiry(0), Expiry::Never);
        assert!(expiry(-1).is_over(now));
        assert_eq!(expiry(2_592_000), Expiry::At(now + 2_592_000));
        assert_eq!(expiry(2_592_001), Expiry::At(2_592_001));
    }

    #[test]
    fn an_item_is_gone_in_the_very_second_of_its_expiry() {
        assert!(!Expiry::At(10).is_over(9));
        assert!(Expiry::At(10).is_over(10));
    }
}
