//! Where the keys of one pool are: a slot table, and which part of a key counts.

use super::slots::{Slot, SlotTable};
use super::tag::tag;

/// The placement of keys over the servers of one pool.
pub struct Placement {
    table: SlotTable,
    tag: Option<(u8, u8)>,
}

impl Placement {
    /// Over these servers, each with its name and weight. Where `tag` is given, only what stands between the two
    /// characters counts, in keys that have them.
    pub fn new(servers: &[(&str, u32)], tag: Option<(u8, u8)>) -> Placement {
        Placement { table: SlotTable::new(servers), tag }
    }

    /// The slot of `key`.
    pub fn slot_of(&self, key: &[u8]) -> Slot {
        self.table.slot_of(self.what_counts(key))
    }

    /// The index of the server `key` belongs to.
    pub fn server_of(&self, key: &[u8]) -> usize {
        self.table.server_of(self.what_counts(key))
    }

    /// The same for two pools exactly if both place every key alike; a fleet must agree on it.
    pub fn fingerprint(&self) -> u64 {
        let tagged = self.tag.map_or(0, |(open, close)| u64::from(open) << 8 | u64::from(close));
        self.table.fingerprint() ^ tagged
    }

    fn what_counts<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        self.tag.map_or(key, |(open, close)| tag(key, open, close))
    }
}
