//! The owner of each slot, packed: as few bits a slot as the number of servers needs.
//!
//! Keys come in no order, so every look-up touches another line of the table, and a proxy shares its caches with the
//! servers it talks to. Under load a plain table of 16-bit owners cost a cache miss of 50 ns a key; one of two servers
//! is 8 KiB when packed and stays near.

/// Owners of slots 0, 1, 2, …
#[derive(Clone)]
pub(super) struct Owners {
    words: Box<[u64]>,
    /// The binary logarithm of the bits each owner takes: 0 to 4.
    width: u32,
}

/// The binary logarithm of the bits in a word.
const WORD: u32 = u64::BITS.ilog2();

impl Owners {
    /// Packs `owners`, each of which is less than `servers`.
    pub(super) fn new(owners: impl IntoIterator<Item = u16>, servers: usize) -> Owners {
        let width = (0..4).find(|&width| servers <= 1 << (1 << width)).unwrap_or(4);
        let mut words = Vec::new();
        for (slot, owner) in owners.into_iter().enumerate() {
            let (word, shift) = place(slot, width);
            if words.len() <= word {
                words.push(0);
            }
            words[word] |= u64::from(owner) << shift;
        }
        Owners { words: words.into(), width }
    }

    /// The owner of `slot`.
    #[inline]
    pub(super) fn get(&self, slot: u16) -> usize {
        let (word, shift) = place(usize::from(slot), self.width);
        let mask = (1 << (1 << self.width)) - 1;
        (self.words[word] >> shift & mask) as usize
    }
}

/// The word a slot's owner is in, and how far up.
#[inline]
fn place(slot: usize, width: u32) -> (usize, usize) {
    let in_a_word = WORD - width;
    (slot >> in_a_word, (slot & ((1 << in_a_word) - 1)) << width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_whatever_the_number_of_servers() {
        for servers in [1, 2, 3, 4, 5, 16, 17, 256, 257, 65_536] {
            let owner = |slot: u16| (usize::from(slot).wrapping_mul(40_503) % servers) as u16;
            let owners = Owners::new((0..=u16::MAX).map(owner), servers);
            assert!((0..=u16::MAX).all(|slot| owners.get(slot) == usize::from(owner(slot))), "{servers}");
        }
    }

    #[test]
    fn a_table_of_two_servers_is_small() {
        assert_eq!(Owners::new((0..=u16::MAX).map(|slot| slot & 1), 2).words.len() * 8, 8 * 1024);
    }
}
