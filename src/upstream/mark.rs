//! What tells a question from others on its way to a server: the item it is about, and who asks.

use std::rc::Rc;

/// The item and the asker of one question. Two items may have the same mark; their questions then only share a lane
/// more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Most of a hash of the item's key.
    pub(super) item: u32,
    /// Who asks.
    pub(super) whose: Party,
    /// Whether it is about something that lives beside the item.
    pub(super) is_beside: bool,
    /// Whether it must be asked once at most, since each time takes or puts another message of a queue; nor does a server
    /// that missed it have to hear of it later.
    pub(super) is_once: bool,
}

/// Who asks a question. Two askers may be counted as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Party(pub(super) u32);

impl Mark {
    /// A question about the item with a key of this [hash](crate::hash::item_hash), the same one wherever it is asked.
    #[inline]
    pub fn new(hash: u64, whose: Party) -> Mark {
        Mark { item: hash as u32, whose, is_beside: false, is_once: false }
    }

    /// The same about something that lives beside the item.
    pub fn beside(self) -> Mark {
        Mark { is_beside: true, ..self }
    }

    /// The same about what is asked of the queue with that name, in the order in which it is asked.
    pub fn of_queue(self) -> Mark {
        Mark { is_beside: true, is_once: true, ..self }
    }

    /// A question about no item.
    pub fn of_no_item(whose: Party) -> Mark {
        Mark { item: 0, whose, is_beside: true, is_once: false }
    }
}

impl Party {
    /// How many are counted apart. Not many, so that counting is cheap.
    pub(super) const COUNT: usize = 1 << u8::BITS;

    /// The party of `asker`, told by its address in memory: good for as long as the asker lives.
    pub fn of<T>(asker: &Rc<T>) -> Party {
        // The low bits of addresses are alike: a multiplication brings the others up.
        let mixed = (Rc::as_ptr(asker).addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Party((mixed >> 32) as u32)
    }

    pub(super) fn index(self) -> usize {
        (self.0 >> 24) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn neighbours_in_memory_are_told_apart() {
        let clients: Vec<Rc<[u64; 20]>> = (0..100).map(|_| Rc::default()).collect();
        let parties: HashSet<usize> = clients.iter().map(|client| Party::of(client).index()).collect();
        assert!(parties.len() > 60, "{} of 100", parties.len());
    }
}
