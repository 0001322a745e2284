//! Expiry times: what a client writes, and what it means. All of leash's arithmetic with them is here. No clock: the
//! time is an argument, in seconds since 1970.
//!
//! ```text
//!   0                  never (protocol.txt, "Storage commands")
//!   negative           at once
//!   1 to 2,592,000     so many seconds from now
//!   more               that Unix time
//! ```
//! The border is `REALTIME_MAXDELTA`, and `realtime()` reads what lies on either side of it (memcached, `memcached.c`);
//! a negative one is taken for a date just beyond the border, which is long past (`EXPTIME_TO_POSITIVE_TIME`).

use std::fmt;

use super::number;

/// An expiry time as it is written, in any of its four spellings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exptime(i32);

impl Exptime {
    /// Never.
    pub const NEVER: Exptime = Exptime::new(0);
    /// At once.
    pub const PAST: Exptime = Exptime::new(-1);
    /// The end of memcached's calendar, in 2038.
    pub const LATEST: Exptime = Exptime::new(i32::MAX);
    /// The most seconds that count from now.
    pub const MOST_SECONDS: i64 = 60 * 60 * 24 * 30;

    /// What a client wrote.
    pub const fn new(written: i32) -> Exptime {
        Exptime(written)
    }

    /// Reads one as memcached does.
    pub(super) fn read(token: &[u8]) -> Option<Exptime> {
        number::i32(token).map(Exptime::new)
    }

    /// What a client of the binary protocol wrote, whose expiry times have no sign. From 2^31 on they are dates up to
    /// 2106, which no meta command can say: the item stays.
    pub(super) fn unsigned(written: u32) -> Exptime {
        i32::try_from(written).map_or(Exptime::NEVER, Exptime::new)
    }

    /// Ends `seconds` after it is stored, by the clock of the server that stores it: at once for 0 or less, and after
    /// 30 days at the latest.
    pub fn from_now(seconds: i64) -> Exptime {
        match seconds {
            ..=0 => Exptime::PAST,
            1.. => Exptime::new(seconds.min(Exptime::MOST_SECONDS) as i32),
        }
    }

    /// Ends `seconds` after `now`: counted from then if that can be said, else a date. `None` beyond memcached's
    /// calendar.
    pub fn lasting(seconds: i64, now: i64) -> Option<Exptime> {
        match seconds {
            ..=Exptime::MOST_SECONDS => Some(Exptime::from_now(seconds)),
            _ => Exptime::date(now.saturating_add(seconds)),
        }
    }

    /// The same for what was written like this: a date stays a date.
    pub fn changed_to_last(self, seconds: i64, now: i64) -> Option<Exptime> {
        match self.is_date() {
            true => Exptime::date(now.saturating_add(seconds)),
            false => Exptime::lasting(seconds, now),
        }
    }

    /// As it is written.
    pub const fn as_written(self) -> i32 {
        self.0
    }

    /// The second in which an item ends that is stored at `now`; `None`: never.
    pub fn end(self, now: i64) -> Option<i64> {
        match i64::from(self.0) {
            0 => None,
            ..0 => Some(0),
            seconds @ 1..=Exptime::MOST_SECONDS => Some(now.saturating_add(seconds)),
            date => Some(date),
        }
    }

    /// How many seconds an item lasts that is stored at `now`, 0 for not at all; `None`: for ever.
    pub fn lasts(self, now: i64) -> Option<i64> {
        self.end(now).map(|end| (end - now).max(0))
    }

    /// The same as servers tell it: -1 for ever.
    pub fn ttl(self, now: i64) -> i64 {
        self.lasts(now).unwrap_or(-1)
    }

    fn date(unix: i64) -> Option<Exptime> {
        i32::try_from(unix).ok().map(Exptime::new).filter(|exptime| exptime.is_date())
    }

    fn is_date(self) -> bool {
        i64::from(self.0) > Exptime::MOST_SECONDS
    }
}

/// As it is written.
impl fmt::Display for Exptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: std::ops::Range<i64> = 1_700_000_000..2_000_000_000;
    const MONTH: i64 = Exptime::MOST_SECONDS;

    fn any_exptime() -> impl Strategy<Value = Exptime> {
        let near_the_border = MONTH as i32 - 3..MONTH as i32 + 3;
        prop_oneof![any::<i32>(), -5..100, near_the_border, 1_700_000_000..=i32::MAX].prop_map(Exptime::new)
    }

    #[test]
    fn the_four_spellings_mean_what_they_mean_to_memcached() {
        let now = 1_700_000_000;
        let ends = |written| Exptime::new(written).end(now);
        assert_eq!((ends(0), ends(1), ends(2_592_000)), (None, Some(now + 1), Some(now + 2_592_000)));
        assert_eq!((ends(2_592_001), ends(i32::MAX)), (Some(2_592_001), Some(i64::from(i32::MAX))));
        let lasts = |written| Exptime::new(written).lasts(now);
        assert_eq!((lasts(0), lasts(-1), lasts(i32::MIN), lasts(2_592_001)), (None, Some(0), Some(0), Some(0)));
        assert_eq!((lasts(7), lasts(1_700_000_007), lasts(1_700_000_000)), (Some(7), Some(7), Some(0)));
        assert_eq!((Exptime::NEVER.ttl(now), Exptime::PAST.ttl(now), Exptime::new(7).ttl(now)), (-1, 0, 7));
    }

    proptest! {
        #[test]
        fn what_is_made_to_last_lasts_so_long(seconds in prop_oneof![-3..100i64, MONTH - 3..MONTH + 3, any::<i32>().prop_map(i64::from)], now in NOW) {
            match Exptime::lasting(seconds, now) {
                Some(exptime) => prop_assert_eq!(exptime.lasts(now), Some(seconds.max(0))),
                None => prop_assert!(now + seconds > i64::from(i32::MAX)),
            }
        }

        #[test]
        fn what_counts_from_now_is_no_date_and_no_longer_than_it_may_be(seconds in any::<i64>(), now in NOW) {
            let exptime = Exptime::from_now(seconds);
            prop_assert!(!exptime.is_date());
            prop_assert_eq!(exptime.lasts(now), Some(seconds.clamp(0, MONTH)));
        }

        #[test]
        fn a_change_keeps_the_spelling_where_it_can(asked in any_exptime(), seconds in 1..100_000_000i64, now in NOW) {
            let Some(changed) = asked.changed_to_last(seconds, now) else {
                prop_assert!(now + seconds > i64::from(i32::MAX));
                return Ok(());
            };
            prop_assert_eq!(changed.lasts(now), Some(seconds));
            prop_assert_eq!(changed.is_date(), asked.is_date() || seconds > MONTH);
        }

        #[test]
        fn what_is_left_shrinks_with_time_only_for_dates(asked in any_exptime(), now in NOW, later in 0..1000i64) {
            let (first, second) = (asked.lasts(now), asked.lasts(now + later));
            match asked.is_date() {
                true => prop_assert_eq!(second, first.map(|left| (left - later).max(0))),
                false => prop_assert_eq!(second, first),
            }
        }

        #[test]
        fn every_expiry_time_is_written_as_it_was_read(written in any::<i32>()) {
            prop_assert_eq!(Exptime::new(written).as_written(), written);
        }
    }
}
