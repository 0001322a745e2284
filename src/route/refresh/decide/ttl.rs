//! TTLs as they are stored: what the application asked for, and the time a value may be stale on top.

use super::Policy;
use crate::protocol::Exptime;

/// An expiry time for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretched {
    /// What to send.
    pub exptime: Exptime,
    /// Whether its last seconds, `grace` and `fail_safe`, are stale time, so that the item must carry the marker.
    pub is_marked: bool,
}

impl Policy {
    /// The expiry time under which a value is stored whose stale date is `asked`. `now` is the Unix time, `chance` from
    /// 0 to 1 says how much of the jitter it gets.
    ///
    /// Expiry times of "never" and in the past stay as they are; so do those that would end after memcached's calendar
    /// does.
    pub fn stretch(&self, asked: Exptime, now: i64, chance: f64) -> Stretched {
        let plain = Stretched { exptime: asked, is_marked: false };
        let Some(lasts @ 1..) = asked.lasts(now) else { return plain };
        let earlier = (lasts as f64 * self.jitter * chance) as i64;
        let lasts = (lasts - earlier).max(1) + self.stale_time();
        match asked.changed_to_last(lasts, now) {
            Some(exptime) => Stretched { exptime, is_marked: true },
            None => plain,
        }
    }
}

impl Policy {
    /// Whether what is set with this expiry time at `now` may be gone while a lease runs that is out now.
    pub fn ends_before_a_lease(&self, asked: Exptime, now: i64) -> bool {
        match asked.lasts(now) {
            None => false,
            Some(0) => true,
            Some(_) => self.stale_time() <= i64::from(self.lease),
        }
    }

    /// The same of an item that is touched: only a marked one keeps its grace behind the new end.
    pub fn touched_ends_before_a_lease(&self, asked: Exptime, is_marked: bool, now: i64) -> bool {
        if is_marked {
            return self.ends_before_a_lease(asked, now);
        }
        asked.lasts(now).is_some_and(|lasts| lasts <= i64::from(self.lease))
    }
}
