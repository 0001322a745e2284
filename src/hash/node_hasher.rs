//! How servers are ranked for a slot: the stable hash that the `rendezvous_hash` crate is given in place of its own,
//! which is the standard library's and may change with the compiler.

use std::hash::{Hash, Hasher};

use rendezvous_hash::NodeHasher;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Hashes a server's name together with a slot. The names come hashed, because there are few of them
/// and 65,536 slots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StableHasher;

impl NodeHasher<u64> for StableHasher {
    fn hash<T: Hash>(&self, name: &u64, slot: &T) -> u64 {
        let mut hasher = SeededXxh3(*name);
        slot.hash(&mut hasher);
        hasher.finish()
    }
}

/// XXH3-64 of what was written, the same on every machine: numbers are written in little endian.
struct SeededXxh3(u64);

impl Hasher for SeededXxh3 {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::names::name_hash;

    #[test]
    fn a_rank_is_the_same_on_every_machine_and_for_ever() {
        assert_eq!(name_hash("m0:11211"), 17_428_665_724_116_103_546);
        assert_eq!(StableHasher.hash(&name_hash("m0:11211"), &7u16), 16_990_415_079_364_309_822);
    }
}
