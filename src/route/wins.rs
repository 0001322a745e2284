//! What one client was told to regenerate: a bounded table that takes no more room than it needs.

use std::collections::HashMap;

use super::refresh::Win;
use crate::route::refresh::decide::ItemId;
use crate::route::refresh::leases::LeaseSlot;
use crate::runtime::memory::{Holder, Share};

/// Wins that one client may hold; if it regenerates more at once, leash stores the others unchecked.
const MOST: usize = 10_000;
/// What one win takes: its place in the table, which is up to half empty, and the lease that it keeps.
const EACH: usize = 2 * size_of::<(ItemId, Win)>() + size_of::<LeaseSlot>();
/// A table that grew larger than this gives its memory back once it is empty.
const KEEP: usize = 64;

/// What one client was told to regenerate.
pub(super) struct Wins {
    table: HashMap<ItemId, Win>,
    held: Share,
}

impl Wins {
    /// Nothing yet.
    pub(super) fn new(holder: &Holder) -> Wins {
        Wins { table: HashMap::new(), held: holder.share() }
    }

    /// Notes a win. If there is no room it is not noted, and its value is stored unchecked.
    pub(super) fn note(&mut self, item: ItemId, win: Win, holder: &Holder) {
        if (self.table.len() < MOST && holder.may_take(EACH)) || self.table.contains_key(&item) {
            self.table.insert(item, win);
            self.count();
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The win of an item.
    pub(super) fn get(&self, item: ItemId) -> Option<&Win> {
        self.table.get(&item)
    }

    /// Takes the win of an item.
    pub(super) fn take(&mut self, item: ItemId) -> Option<Win> {
        if self.table.is_empty() {
            return None;
        }
        let win = self.table.remove(&item);
        if self.table.is_empty() && self.table.capacity() > KEEP {
            self.table = HashMap::new();
        }
        self.count();
        win
    }

    fn count(&mut self) {
        self.held.set(self.table.len() * EACH);
    }
}
