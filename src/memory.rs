//! What the buffers of one worker hold together, against what they may. Others may look, nobody else writes.
//!
//! Only what waits is counted: requests that have not arrived whole, replies that wait for their turn or for their
//! client, and requests that wait for a server that takes no more. Over the limit nobody is cut off. Clients with
//! unread replies are not read from, values that are still arriving are refused, and so is what would queue behind a
//! server that does not move.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The bytes one worker holds.
pub struct Memory {
    most: Cell<usize>,
    held: Arc<AtomicUsize>,
}

impl Memory {
    /// Nothing held, `most` allowed.
    pub fn new(most: usize) -> Rc<Memory> {
        Memory::seen_by(Arc::default(), most)
    }

    /// The same, for somebody on another thread to look at how many bytes are held.
    pub fn seen_by(held: Arc<AtomicUsize>, most: usize) -> Rc<Memory> {
        Rc::new(Memory { most: Cell::new(most), held })
    }

    /// Allows `most` from now on.
    pub fn set_most(&self, most: usize) {
        self.most.set(most);
    }

    /// Whether more is held than allowed.
    pub fn is_full(&self) -> bool {
        self.held() > self.most.get()
    }

    /// Whether `bytes` more would still be allowed.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= self.most.get()
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.held.load(Relaxed)
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
            // Every share is a part of the sum, so taking it out first cannot go below 0. One thread writes, so what is
            // read is still there when it is written.
            self.memory.held.store(self.memory.held() - self.bytes + bytes, Relaxed);
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

    #[test]
    fn another_thread_sees_how_many_bytes_are_held() {
        let seen = Arc::default();
        let memory = Memory::seen_by(Arc::clone(&seen), 100);
        let mut share = Share::new(&memory);
        share.set(70);
        assert_eq!(std::thread::spawn(move || seen.load(Relaxed)).join().unwrap(), 70);
    }
}
