//! memcached's idea of time: whole seconds, and expiry times in four spellings.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::protocol::Exptime;

/// The longest expiry time that counts from now; a longer one is a Unix time (`REALTIME_MAXDELTA`).
const LONGEST_RELATIVE: Exptime = 60 * 60 * 24 * 30;

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
        match u64::try_from(exptime) {
            Err(_) => Expiry::At(0),
            Ok(0) => Expiry::Never,
            Ok(seconds) if exptime <= LONGEST_RELATIVE => Expiry::At(now + seconds),
            Ok(unix) => Expiry::At(unix),
        }
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
    fn the_four_spellings_of_an_expiry_time() {
        let now = 1_700_000_000;
        assert_eq!(Expiry::new(0, now), Expiry::Never);
        assert!(Expiry::new(-1, now).is_over(now));
        assert_eq!(Expiry::new(LONGEST_RELATIVE, now), Expiry::At(now + 2_592_000));
        assert_eq!(Expiry::new(LONGEST_RELATIVE + 1, now), Expiry::At(2_592_001));
        assert!(Expiry::new(LONGEST_RELATIVE + 1, now).is_over(now));
    }

    #[test]
    fn an_item_is_gone_in_the_very_second_of_its_expiry() {
        assert!(!Expiry::At(10).is_over(9));
        assert!(Expiry::At(10).is_over(10));
    }
}
