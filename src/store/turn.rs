//! One request's turn at the store: what the deciders know besides the item, and what they may decide.
//!
//! Each command has a decider in a file of its own: a function of the request, the item found and the turn, that says
//! what becomes of the item and what is answered. It takes no lock and touches no table.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;

use super::clock::{Expiry, Second};
use super::counters::{Count, Counters};
use super::item::StoredItem;
use super::size;
use crate::protocol::Exptime;
use crate::protocol::Key;
use crate::protocol::Reply;

/// What becomes of the item.
#[derive(Debug)]
pub(super) enum Change {
    Keep,
    Put(StoredItem),
    Remove,
}

/// What a decider decided.
pub(super) type Decision = (Change, Reply);

/// The circumstances of one request.
pub(super) struct StoreTurn<'a> {
    pub(super) key: &'a Key,
    pub(super) now: Second,
    /// How many flushes were done when the turn began.
    pub(super) flushes: u64,
    /// The largest item in memcached's account.
    pub(super) item_limit: usize,
    /// The CAS unique given out last.
    pub(super) last_cas: &'a AtomicU64,
    pub(super) counters: &'a Counters,
}

impl StoreTurn<'_> {
    /// A CAS unique for a new state of an item: `asked` or the next one.
    pub(super) fn cas(&self, asked: Option<u64>) -> u64 {
        asked.unwrap_or_else(|| self.last_cas.fetch_add(1, Relaxed) + 1)
    }

    pub(super) fn expiry(&self, exptime: Exptime) -> Expiry {
        Expiry::new(exptime, self.now)
    }

    pub(super) fn count(&self, count: Count) {
        self.counters.add(count);
    }

    /// Whether memcached would refuse such an item.
    pub(super) fn is_too_large(&self, value: usize, client_flags: u32) -> bool {
        size::total(self.key.as_bytes().len(), value, client_flags) > self.item_limit
    }

    /// A new item, which may replace another: unread, unmarked, with a CAS unique of its own.
    pub(super) fn item(&self, value: Bytes, client_flags: u32, expiry: Expiry, new_cas: Option<u64>) -> StoredItem {
        self.count(Count::TotalItems);
        StoredItem {
            binary_key: self.key.is_binary(),
            flushes: self.flushes,
            ..StoredItem::new(value, client_flags, expiry, self.cas(new_cas), self.now)
        }
    }

    /// A new state of the same item: what was noted about it stays.
    pub(super) fn next_state(&self, item: &StoredItem) -> StoredItem {
        StoredItem { flushes: self.flushes, written: self.now, ..item.clone() }
    }
}
