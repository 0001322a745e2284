//! The copy of an item that is brought over: raw client flags, and the time it had left.

use std::time::Duration;

use super::claim::is_claim;
use crate::protocol::{Exptime, Item, Returns, Store, StoreMode};

/// The store that puts a copy over the claim with the CAS unique `over`, of an item whose value, client flags and
/// remaining TTL were read `since` ago; `unix` is the time now. `None` if there is nothing to bring over: the item ends
/// now, it is the claim of an earlier migration, or it has one of memcached's own marks, which no store can give to a
/// copy.
pub fn copy(item: &Item, over: u64, unix: i64, since: Duration) -> Option<Store> {
    let is_marked = item.marks[0] != 0;
    let value = item.value.clone().filter(|_| !is_marked && !is_claim(item))?;
    Some(Store {
        mode: StoreMode::Set,
        value,
        client_flags: item.client_flags,
        ttl: Some(exptime(item.ttl, unix, since)?),
        compare_cas: Some(over),
        returns: Returns::CAS,
        ..Store::default()
    })
}

/// The expiry time of a copy of an item that had `ttl` seconds left: never, if the item never ends, and otherwise no
/// later.
fn exptime(ttl: i64, unix: i64, since: Duration) -> Option<Exptime> {
    let left = match ttl {
        -1 => return Some(Exptime::NEVER),
        ttl => ttl - i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
    };
    // The end of memcached's calendar is sooner than what lasts until after it.
    (left > 0).then(|| Exptime::lasting(left, unix).unwrap_or(Exptime::LATEST))
}
