//! What is known of the messages of a crowd: which are stored for sure, which were delivered, and how often.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// One message, as far as it is known.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// Whether its producer was told that it is stored.
    is_stored: bool,
    /// How often consumers were given it.
    delivered: u32,
    /// How often consumers were told that it is done with.
    done: u32,
}

/// All messages of one story.
#[derive(Default)]
pub struct Ledger(Mutex<HashMap<String, Entry>>, AtomicUsize);

impl Ledger {
    fn note(&self, message: &str, note: impl FnOnce(&mut Entry)) {
        note(self.0.lock().unwrap().entry(message.to_string()).or_default());
    }

    pub fn stored(&self, message: &str) {
        self.note(message, |entry| entry.is_stored = true);
    }

    pub fn delivered(&self, message: &str) {
        self.note(message, |entry| entry.delivered += 1);
    }

    pub fn done(&self, message: &str) {
        self.note(message, |entry| entry.done += 1);
    }

    /// A consumer was given an older message behind a newer one of the same producer.
    pub fn out_of_order(&self) {
        self.1.fetch_add(1, SeqCst);
    }

    /// How often that was.
    pub fn count_out_of_order(&self) -> usize {
        self.1.load(SeqCst)
    }

    fn count(&self, is: impl Fn(&Entry) -> bool) -> usize {
        self.0.lock().unwrap().values().filter(|entry| is(entry)).count()
    }

    pub fn count_stored(&self) -> usize {
        self.count(|entry| entry.is_stored)
    }

    pub fn count_delivered(&self) -> usize {
        self.count(|entry| entry.delivered > 0)
    }

    /// Messages that are stored and came to no consumer so far.
    pub fn count_missing(&self) -> usize {
        self.count(|entry| entry.is_stored && entry.delivered == 0)
    }

    /// Messages that came more than once.
    pub fn count_again(&self) -> usize {
        self.count(|entry| entry.delivered > 1)
    }

    /// Messages of which more than one consumer was told that it is done with.
    pub fn count_done_twice(&self) -> usize {
        self.count(|entry| entry.done > 1)
    }

    /// Messages that came and that no producer was told to be stored.
    pub fn count_doubtful(&self) -> usize {
        self.count(|entry| !entry.is_stored && entry.delivered > 0)
    }
}
