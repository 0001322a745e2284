//! TTLs as they are stored: what the application asked for, and the time a value may be stale on top.

use super::Policy;
use crate::protocol::Exptime;

/// The longest relative expiry time; memcached takes larger ones for Unix times (`REALTIME_MAXDELTA`).
const MONTH: i64 = 60 * 60 * 24 * 30;

/// An expiry time for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretched {
    /// What to send.
    pub exptime: Exptime,
    /// Whether its last `grace` seconds are stale time, so that the item must carry the marker.
    pub is_marked: bool,
    /// How many seconds the item will be there, -1 for ever.
    pub lasts: i64,
}

impl Policy {
    /// The expiry time under which a value is stored whose stale date is `asked`. `now` is the Unix time, `chance` from
    /// 0 to 1 says how much of the jitter it gets.
    ///
    /// What never expires, or has already, keeps its meaning; so does what would expire after the end of memcached's
    /// calendar.
    pub fn stretch(&self, asked: Exptime, now: i64, chance: f64) -> Stretched {
        let lasts = lasts(asked, now);
        let plain = Stretched { exptime: asked, is_marked: false, lasts };
        if lasts <= 0 {
            return plain;
        }
        let earlier = (lasts as f64 * self.jitter * chance) as i64;
        let lasts = (lasts - earlier).max(1) + i64::from(self.grace);
        let is_relative = i64::from(asked) <= MONTH && lasts <= MONTH;
        match Exptime::try_from(if is_relative { lasts } else { now + lasts }) {
            Ok(exptime) => Stretched { exptime, is_marked: true, lasts },
            Err(_) => plain,
        }
    }
}

impl Policy {
    /// Whether what is set with this expiry time at `now` may be gone while a lease runs that is out now.
    pub fn ends_before_a_lease(&self, asked: Exptime, now: i64) -> bool {
        match lasts(asked, now) {
            -1 => false,
            0 => true,
            _ => self.grace <= self.lease,
        }
    }

    /// The same of an item that is touched: only a marked one keeps its grace behind the new end.
    pub fn touched_ends_before_a_lease(&self, asked: Exptime, is_marked: bool, now: i64) -> bool {
        if is_marked {
            return self.ends_before_a_lease(asked, now);
        }
        let lasts = lasts(asked, now);
        lasts != -1 && lasts <= i64::from(self.lease)
    }
}

/// How many seconds an item lasts that is stored at `now` with this expiry time; -1 for ever, 0 not at all.
pub fn lasts(exptime: Exptime, now: i64) -> i64 {
    match i64::from(exptime) {
        0 => -1,
        ..0 => 0,
        relative @ 1..=MONTH => relative,
        unix => (unix - now).max(0),
    }
}
