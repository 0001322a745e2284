//! What one client was told to regenerate: a bounded table that takes no more room than it needs.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::refresh::{Lease, Win};
use crate::route::refresh::decide::ItemId;
use crate::route::refresh::leases::LeaseSlot;
use crate::runtime::memory::{Holder, Share};

/// Wins that one client may hold; if it regenerates more at once, leash stores the others unchecked.
const MOST: usize = 10_000;
/// What one win takes: its place in the table, which is up to more than half empty and there twice while it grows, and
/// what is left of a slot that nobody else has: its place and two counts.
const EACH: usize = 3 * size_of::<(ItemId, Won)>() + size_of::<LeaseSlot>() + 2 * size_of::<usize>();
/// A table that grew larger than this gives its memory back once it is empty.
const KEEP: usize = 64;

/// What one client was told to regenerate.
pub(super) struct Wins {
    table: HashMap<ItemId, Won>,
    held: Share,
}

/// A win until its client comes back. Its slot may go meanwhile, with the value that somebody else brought: it is for
/// those who wait, and they have it.
struct Won {
    stale: Option<u64>,
    lease: Option<Lease>,
    told: Instant,
    slot: Weak<LeaseSlot>,
}

impl Wins {
    /// Nothing yet.
    pub(super) fn new(holder: &Holder) -> Wins {
        Wins { table: HashMap::new(), held: holder.share() }
    }

    /// Notes a win. If there is no room it is not noted, and its value is stored unchecked.
    pub(super) fn note(&mut self, item: ItemId, win: Win, holder: &Holder) {
        if (self.table.len() < MOST && holder.may_take(EACH)) || self.table.contains_key(&item) {
            let Win { stale, lease, told, slot } = win;
            self.table.insert(item, Won { stale, lease, told, slot: Arc::downgrade(&slot) });
            self.count();
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Whether the item is to be regenerated under the lease of this slot.
    pub(super) fn has(&self, item: ItemId, slot: &Arc<LeaseSlot>) -> bool {
        self.table.get(&item).is_some_and(|won| won.slot.as_ptr() == Arc::as_ptr(slot))
    }

    /// Takes the win of an item. Where its slot is gone, nobody waits for what comes of it, and another does as well.
    pub(super) fn take(&mut self, item: ItemId) -> Option<Win> {
        if self.table.is_empty() {
            return None;
        }
        let win = self.table.remove(&item);
        if self.table.is_empty() && self.table.capacity() > KEEP {
            self.table = HashMap::new();
        }
        self.count();
        win.map(|Won { stale, lease, told, slot }| Win { stale, lease, told, slot: slot.upgrade().unwrap_or_default() })
    }

    fn count(&mut self) {
        self.held.set(self.table.len() * EACH);
    }
}
