//! Which items were large when their value last passed, and which clients were given large values and which small ones.
//! Tables of fixed size, in which a newer entry takes the place of an older one: they only say what is likely.

use std::cell::Cell;

use super::mark::{Mark, Party};

/// How many items have a place. One that lost it is noticed again as its value comes.
const PLACES: usize = 1024;

/// What is remembered of large items.
pub(super) struct LargeItems {
    places: Box<[Cell<u32>; PLACES]>,
    /// Whether no item was large so far: then there is nothing to look up.
    is_empty: Cell<bool>,
}

impl Default for LargeItems {
    fn default() -> LargeItems {
        LargeItems { places: Box::new([const { Cell::new(0) }; PLACES]), is_empty: Cell::new(true) }
    }
}

impl LargeItems {
    /// Whether the item was large the last time.
    pub(super) fn has(&self, mark: Mark) -> bool {
        !self.is_empty.get() && self.place(mark).get() == mark.item
    }

    /// Notes that a value of the item is large.
    pub(super) fn note(&self, mark: Mark) {
        self.is_empty.set(false);
        self.place(mark).set(mark.item);
    }

    /// Notes that a value is not: the item's own, or that of something beside it, which says nothing of the item.
    pub(super) fn note_small(&self, mark: Mark) {
        if !mark.is_beside && self.has(mark) {
            self.place(mark).set(0);
        }
    }

    fn place(&self, mark: Mark) -> &Cell<u32> {
        &self.places[mark.item as usize % PLACES]
    }
}

/// Some of those who ask. Of two that share a place the later one is known.
pub(super) struct Parties([Cell<u32>; Party::COUNT]);

/// What those who ask were given last.
#[derive(Default)]
pub(super) struct Takers {
    /// A small value, or none.
    pub of_small: Parties,
    /// A large one.
    pub of_large: Parties,
}

impl Default for Parties {
    fn default() -> Parties {
        Parties([const { Cell::new(0) }; Party::COUNT])
    }
}

impl Parties {
    /// Whether `whose` is known to be among them.
    pub(super) fn has(&self, whose: Party) -> bool {
        self.0[whose.index()].get() == whose.0
    }

    fn add(&self, whose: Party) {
        self.0[whose.index()].set(whose.0);
    }

    fn remove(&self, whose: Party) {
        if self.has(whose) {
            self.0[whose.index()].set(0);
        }
    }
}

impl Takers {
    /// Notes what `whose` was given.
    pub(super) fn note(&self, whose: Party, is_small: bool) {
        let (joins, leaves) =
            if is_small { (&self.of_small, &self.of_large) } else { (&self.of_large, &self.of_small) };
        joins.add(whose);
        leaves.remove(whose);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::mark::Party;
    use std::rc::Rc;

    #[test]
    fn an_item_is_large_until_its_own_value_is_small() {
        let (large, whose) = (LargeItems::default(), Party::of(&Rc::new(0)));
        let (item, other) = (Mark::new(1, whose), Mark::new(2, whose));
        assert!(!large.has(item));
        large.note(item);
        large.note_small(item.beside());
        large.note_small(other);
        assert!(large.has(item) && large.has(item.beside()) && !large.has(other));
        large.note_small(item);
        assert!(!large.has(item));
    }
}
