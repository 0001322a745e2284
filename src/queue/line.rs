//! Where a message stands in a line, found by what it says: the waiting room. Made when a queue is first asked for a place,
//! so that only queues which are used so pay for it, with some 30 bytes a message.

use std::collections::BTreeSet;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::record::Message;

/// The messages of one queue by the hashes of their bodies.
pub(super) struct LineIndex {
    /// The ids of messages that were there before it was made and have not been looked through.
    unknown: Range<u64>,
    /// Hashes and ids. Messages that are gone are found out when they are looked up, or when they are too many.
    known: BTreeSet<(u64, u64)>,
    /// When those are over that do not wait for ever, and ids.
    ends: BTreeSet<(u64, u64)>,
}

impl LineIndex {
    /// Of a queue whose next message has this id. It is told of messages as they come; those that are there already are to
    /// be looked through.
    pub(super) fn of(next: u64) -> LineIndex {
        LineIndex { unknown: 0..next, known: BTreeSet::new(), ends: BTreeSet::new() }
    }

    /// The ids that are to be looked through.
    pub(super) fn unknown(&self) -> Range<u64> {
        self.unknown.clone()
    }

    /// All below `id` were looked through.
    pub(super) fn knows_to(&mut self, id: u64) {
        self.unknown.start = id;
    }

    /// A message came.
    pub(super) fn put(&mut self, id: u64, message: &Message) {
        self.known.insert((xxh3_64(&message.body), id));
        if message.expires != 0 {
            self.ends.insert((message.expires, id));
        }
    }

    /// The id of a message that is over at this second since 1970; each is told once.
    pub(super) fn next_over(&mut self, unix: u64) -> Option<u64> {
        self.ends.first().filter(|(end, _)| *end <= unix)?;
        self.ends.pop_first().map(|(_, id)| id)
    }

    /// The ids of messages that may say this, the oldest first.
    pub(super) fn candidates(&self, body: &[u8]) -> Vec<u64> {
        let hash = xxh3_64(body);
        self.known.range((hash, 0)..=(hash, u64::MAX)).map(|(_, id)| *id).collect()
    }

    /// Forgets those that are gone, if these may be more than the `live` ones.
    pub(super) fn prune(&mut self, live: u64, is_there: impl Fn(u64) -> bool) {
        if self.known.len() as u64 > 2 * live + 1024 {
            self.known.retain(|(_, id)| is_there(*id));
            self.ends.retain(|(_, id)| is_there(*id));
        }
    }
}
