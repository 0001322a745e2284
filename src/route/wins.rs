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
            if self.table.len() == self.table.capacity() {
                self.let_go_of_slots();
            }
            let Win { stale, lease, told, slot } = win;
            self.table.insert(item, Won { stale, lease, told, slot: Arc::downgrade(&slot) });
            self.count();
        }
    }

    /// Gives back what is left of the slots that are gone, before the table grows, which looks at all that is in it anyway. A
    /// small block for each win would need thousands of pages, and each page has a record that the allocator never gives back.
    fn let_go_of_slots(&mut self) {
        let gone = self.table.values_mut().filter(|won| won.slot.strong_count() == 0);
        gone.for_each(|won| won.slot = Weak::new());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wins_whose_slots_are_gone_keep_little_of_them_and_those_whose_slots_live_know_theirs() {
        let holder = Holder::unbounded();
        let mut wins = Wins::new(&holder);
        let item = |number: usize| ItemId::of_name(0, &number.to_le_bytes());
        let win = |slot: &Arc<LeaseSlot>| Win { stale: None, lease: None, told: Instant::now(), slot: slot.clone() };
        let lives = Arc::default();
        wins.note(item(0), win(&lives), &holder);
        (1..1000).for_each(|number| wins.note(item(number), win(&Arc::default()), &holder));
        let kept = wins.table.values().filter(|won| !won.slot.ptr_eq(&Weak::new())).count();
        assert!(kept < 500, "what is left of {kept} slots of 1000 is kept");
        assert!(wins.has(item(0), &lives) && !wins.has(item(1), &lives));
        assert!(wins.take(item(0)).is_some_and(|win| Arc::ptr_eq(&win.slot, &lives)));
        assert!(wins.take(item(1)).is_some_and(|win| !Arc::ptr_eq(&win.slot, &lives)));
    }
}
