//! What the buffers of one worker hold together, against what they may.
//!
//! Only what waits is counted: requests that have not arrived whole, replies that wait for their turn or for their
//! client, and requests that wait for a server that takes no more. Over the limit nobody is cut off. Clients with
//! unread replies are not read from, values that are still arriving are refused, and so is what would queue behind a
//! server that does not move.

use std::cell::Cell;
use std::rc::Rc;

/// The bytes one worker holds.
pub struct Memory {
    most: Cell<usize>,
    held: Cell<usize>,
}

impl Memory {
    /// Nothing held, `most` allowed.
    pub fn new(most: usize) -> Rc<Memory> {
        Rc::new(Memory { most: Cell::new(most), held: Cell::new(0) })
    }

    /// Allows `most` from now on.
    pub fn set_most(&self, most: usize) {
        self.most.set(most);
    }

    /// Whether more is held than allowed.
    pub fn is_full(&self) -> bool {
        self.held.get() > self.most.get()
    }

    /// Whether `bytes` more would still be allowed.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.held.get().saturating_add(bytes) <= self.most.get()
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.held.get()
    }
}

/// One buffer's part of what is held; given back when the buffer goes.
pub struct Share {
    memory: Rc<Memory>,
    bytes: usize,
}

impl Share {
    /// A share of `memory`, of nothing yet.
    pub fn new(memory: &Rc<Memory>) -> Share {
        Share { memory: memory.clone(), bytes: 0 }
    }

    /// The buffer now holds `bytes`.
    pub fn set(&mut self, bytes: usize) {
        if bytes != self.bytes {
            // Every share is a part of the sum, so taking it out first cannot go below 0.
            self.memory.held.set(self.memory.held.get() - self.bytes + bytes);
            self.bytes = bytes;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_the_sum_of_the_shares_that_are_left() {
        let memory = Memory::new(100);
        let (mut one, mut other) = (Share::new(&memory), Share::new(&memory));
        one.set(60);
        other.set(40);
        assert!(!memory.is_full() && !memory.has_room(1));
        other.set(41);
        assert!(memory.is_full());
        drop(one);
        assert_eq!(memory.held(), 41);
        drop(other);
        assert_eq!(memory.held(), 0);
    }
}
