//! Which items a `flush_all` has killed. Nothing is swept: the next command for a dead item finds it dead.
//!
//! At most one flush is due at a time, as in memcached. When a delayed flush takes the place of an earlier one,
//! memcached may bring items back that the earlier one killed and no client asked for since; here they stay dead.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use super::clock::{Expiry, Second};
use super::item::StoredItem;
use crate::protocol::Exptime;

/// The flushes of one store.
#[derive(Debug, Default)]
pub(super) struct Flushes {
    /// How many took effect at once. An item belongs to the number it was stored under.
    done: AtomicU64,
    /// The second of the latest flush: once it has come, what was not accessed after it is dead. 0 for none.
    last: AtomicU64,
}

impl Flushes {
    /// How many flushes took effect at once. A command reads this before it looks at an item, and gives it to the
    /// item's replacement: so a flush in between kills the replacement as well.
    pub(super) fn done(&self) -> u64 {
        self.done.load(SeqCst)
    }

    /// Whether a flush killed `item` by `now`.
    pub(super) fn killed(&self, item: &StoredItem, done: u64, now: Second) -> bool {
        let last = self.last.load(SeqCst);
        item.flushes < done || (last != 0 && last <= now && item.accessed() <= last)
    }

    /// Kills all items at once, or when `delay` is over. Tells whether it took effect at once: a delay of one second
    /// does, because memcached flushes up to the second before.
    pub(super) fn flush(&self, delay: Exptime, now: Second) -> bool {
        let moment = match Expiry::new(Exptime::new(delay.as_written().max(0)), now) {
            Expiry::Never => now,
            Expiry::At(moment) => moment,
        };
        let last = moment.saturating_sub(1);
        self.last.store(last, SeqCst);
        // A date that has passed reaches what was not accessed since: nothing, if it was long ago.
        let has_passed = i64::from(delay.as_written()) > Exptime::MOST_SECONDS && moment < now;
        let is_due = last <= now && !has_passed;
        if is_due {
            self.done.fetch_add(1, SeqCst);
        }
        is_due
    }
}
