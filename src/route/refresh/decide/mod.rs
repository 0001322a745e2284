//! Decides about stale values, and carries nothing out: time and chance are arguments.
//!
//! ```text
//!   stored at            stale date                gone
//!     ├── TTL asked for ─────┼────── grace ──────────┤      marked by one bit of the client flags
//!     │   fresh              │ stale: one regenerates, all others still get the value
//! ```
//! A value is stored with the TTL the application asked for plus `grace`; its remaining TTL, which the server counts,
//! tells on which side of its stale date it is. No clocks of two machines are compared.
//!
//! Where leash itself regenerates, values may be kept longer by `fail_safe`: past their grace they count as gone, but for
//! readers who would be told nothing because the regeneration failed.

mod built;
mod early;
mod holding;
mod lease;
mod ttl;

pub use early::EarlyRefresh;
pub use holding::{ClaimResult, Holding};
pub use lease::{ItemId, Lack, LeaseToken, Look, REVOKED, Terms, Undo, is_lease};
pub use ttl::Stretched;

use std::time::Duration;

use crate::protocol::Item;

/// memcached counts in whole seconds: what lasts a second may be over at once.
pub const TICK: Duration = Duration::from_secs(1);
/// For the same reason the end of the same value may look this much later at the next glance.
pub const BLUR: Duration = Duration::from_secs(2);

/// How stale values of one route are treated.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Seconds a value may be served past its stale date.
    pub grace: u32,
    /// Seconds it is kept after that, for when it cannot be regenerated.
    pub fail_safe: u32,
    /// Seconds one caller may take to regenerate a value before the next one may.
    pub lease: u32,
    /// How long callers who find nothing wait for the one who regenerates it; zero: they do not.
    pub cold_wait: Duration,
    /// By how much of its TTL, at most, a value goes stale earlier: a share from 0 to 1.
    pub jitter: f64,
    /// The one bit of the client flags that marks a value whose last `grace` seconds are stale time.
    pub marker: u32,
    /// Whether and how eagerly values are refreshed before their stale date.
    pub early: Option<EarlyRefresh>,
}

/// How old a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Not stored by this policy, or without an end: it is what the server says it is.
    Unjudged,
    /// So many seconds before its stale date.
    Fresh(u32),
    /// So many seconds past its stale date.
    Stale(u32),
    /// So many seconds past its stale date, and past its grace: gone, unless it cannot be regenerated.
    Outlived(u32),
}

impl Policy {
    /// How long a lease lasts.
    pub fn lease_time(&self) -> Duration {
        Duration::from_secs(self.lease.into())
    }

    /// Whether a lease that was asked for `since` ago may have run out: memcached's clock ticks once a second.
    pub fn may_have_run_out(&self, since: Duration) -> bool {
        since + TICK >= self.lease_time()
    }

    /// When to ask again for a lease that another caller has for `seconds` more. memcached rounds that up, so half of
    /// the last second is left out: the end of a lease goes unnoticed for half a second at most, and a lease that
    /// lasts on is asked for at most twice more.
    pub fn asks_again_after(&self, seconds: i64) -> Duration {
        Duration::from_secs(seconds.clamp(0, self.lease.into()) as u64).saturating_sub(TICK / 2)
    }

    /// Whether `item` carries the marker.
    pub fn is_marked(&self, item: &Item) -> bool {
        item.client_flags & self.marker != 0
    }

    /// How old `item` is, of which the client flags and the remaining TTL must be known.
    pub fn age(&self, item: &Item) -> Age {
        if !self.is_marked(item) || item.ttl < 0 {
            return Age::Unjudged;
        }
        let (stale_time, fail_safe) = (self.stale_time(), i64::from(self.fail_safe));
        if item.ttl > stale_time {
            return Age::Fresh(u32::try_from(item.ttl - stale_time).unwrap_or(u32::MAX));
        }
        let past = (stale_time - item.ttl) as u32;
        if fail_safe > 0 && item.ttl <= fail_safe { Age::Outlived(past) } else { Age::Stale(past) }
    }

    /// For how many seconds a value is there past its stale date.
    pub fn stale_time(&self) -> i64 {
        i64::from(self.grace) + i64::from(self.fail_safe)
    }

    /// Whether `item` is stale: to every command but a read it is then an expired item.
    pub fn is_stale(&self, item: &Item) -> bool {
        matches!(self.age(item), Age::Stale(_) | Age::Outlived(_))
    }

    /// Whether it is past its grace: gone for readers too, unless it cannot be regenerated.
    pub fn is_outlived(&self, item: &Item) -> bool {
        matches!(self.age(item), Age::Outlived(_))
    }

    /// The item as clients see it: without the marker, and with the TTL that was asked for.
    pub fn as_told(&self, mut item: Item) -> Item {
        if self.is_marked(&item) {
            item.client_flags &= !self.marker;
            if item.ttl >= 0 {
                item.ttl = (item.ttl - self.stale_time()).max(0);
            }
        }
        item
    }
}

#[cfg(test)]
mod tests;
