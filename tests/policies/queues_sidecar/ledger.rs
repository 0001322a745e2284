//! What is known of the messages of a crowd: which are stored for sure, which were delivered, and how often.

use std::collections::HashMap;
use std::sync::Mutex;

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

/// Whether a message is so.
type IsSo = fn(Entry) -> bool;

/// How many messages are so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub stored: usize,
    pub delivered: usize,
    /// Stored, and not delivered so far.
    pub missing: usize,
    /// Delivered more than once.
    pub again: usize,
    /// Done with, as more than one consumer was told.
    pub done_twice: usize,
    /// Delivered, though no producer was told that they are stored.
    pub doubtful: usize,
    /// Delivered behind a newer one of the same producer.
    pub out_of_order: usize,
}

/// All messages of one story. Counts are kept as it goes on: there are many, and many ask.
#[derive(Default)]
pub struct Ledger(Mutex<(HashMap<String, Entry>, Counts)>);

impl Ledger {
    fn note(&self, message: &str, note: impl FnOnce(&mut Entry)) {
        let (entries, counts) = &mut *self.0.lock().unwrap();
        let entry = entries.entry(message.to_string()).or_default();
        let before = *entry;
        note(entry);
        let kinds: [(&mut usize, IsSo); 6] = [
            (&mut counts.stored, |entry| entry.is_stored),
            (&mut counts.delivered, |entry| entry.delivered > 0),
            (&mut counts.missing, |entry| entry.is_stored && entry.delivered == 0),
            (&mut counts.again, |entry| entry.delivered > 1),
            (&mut counts.done_twice, |entry| entry.done > 1),
            (&mut counts.doubtful, |entry| !entry.is_stored && entry.delivered > 0),
        ];
        for (count, is) in kinds {
            *count = *count + usize::from(is(*entry)) - usize::from(is(before));
        }
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
        self.0.lock().unwrap().1.out_of_order += 1;
    }

    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap().1
    }
}
