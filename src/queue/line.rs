//! Where a message stands in a line, found by what it says: the waiting room. Made when a queue is first asked for a place,
//! so that only queues which are used so pay for it, with some 30 bytes a message.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64;

/// The messages of one queue by the hashes of their bodies.
#[derive(Default)]
pub(super) struct LineIndex {
    /// Hashes and ids. Messages that are gone are found out when they are looked up, or when they are too many.
    known: BTreeSet<(u64, u64)>,
}

impl LineIndex {
    /// A message came.
    pub(super) fn put(&mut self, id: u64, body: &[u8]) {
        self.known.insert((xxh3_64(body), id));
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
        }
    }
}
