//! Modula: the hash of a key, modulo a list of buckets in which every server stands as often as its weight says. Names
//! are not hashed: the order of the servers decides, and one server more or less moves most keys: for pools that were
//! filled that way, not for new ones.
//!
//! Read from Cache::Memcached 1.30 (`init_buckets`, `get_sock`), python-memcached 1.62 and 1.59 (`_init_buckets`,
//! `_get_server`), twemproxy 0.5.0 (`src/hashkit/nc_modula.c`) and libmemcached 1.1.4 (`dispatch_host`), whose modula
//! takes no notice of weights. What they try when a server is dead is left out: here a dead server keeps its keys.

use super::fingerprint::fingerprint;
use super::key_hash::KeyHash;
use super::names::{given_order, name_hash, twemproxy_order};

/// The buckets of one pool.
pub(super) struct Modula {
    key_hash: KeyHash,
    buckets: Box<[u16]>,
    fingerprint: u64,
}

impl Modula {
    /// Buckets for servers given by name and weight, in this order.
    pub(super) fn new(servers: &[(&str, u32)], key_hash: KeyHash) -> Modula {
        Modula::of(servers, &given_order(servers), key_hash)
    }

    /// Buckets as twemproxy has them: in the order of the names.
    pub(super) fn twemproxy(servers: &[(&str, u32)], key_hash: KeyHash) -> Modula {
        Modula::of(servers, &twemproxy_order(servers), key_hash)
    }

    fn of(servers: &[(&str, u32)], order: &[u16], key_hash: KeyHash) -> Modula {
        let weight = |place: u16| servers[usize::from(place)].1 as usize;
        let buckets: Box<[u16]> = order.iter().flat_map(|&place| std::iter::repeat_n(place, weight(place))).collect();
        let told = buckets.iter().map(|&place| name_hash(servers[usize::from(place)].0));
        let fingerprint = fingerprint("modula", key_hash, told);
        Modula { key_hash, buckets, fingerprint }
    }

    /// The place of the server that owns `key` in the list the buckets were made of.
    pub(super) fn server_of(&self, key: &[u8]) -> usize {
        let bucket = self.key_hash.of(key) as usize % self.buckets.len();
        usize::from(self.buckets[bucket])
    }

    /// One number for the names in the order of the buckets.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_stands_as_often_as_its_weight_says() {
        let modula = Modula::new(&[("a", 1), ("b", 3), ("c", 1)], KeyHash::Crc32);
        assert_eq!(*modula.buckets, [0, 1, 1, 1, 2]);
        let modula = Modula::twemproxy(&[("b", 1), ("c", 2), ("a", 1)], KeyHash::Crc32);
        assert_eq!(*modula.buckets, [2, 0, 1, 1]);
    }

    #[test]
    fn the_fingerprint_knows_the_order() {
        let of = |servers: &[(&str, u32)]| Modula::new(servers, KeyHash::Crc32).fingerprint();
        assert_ne!(of(&[("a", 1), ("b", 1)]), of(&[("b", 1), ("a", 1)]));
        assert_ne!(of(&[("a", 1), ("b", 1)]), of(&[("a", 2), ("b", 1)]));
    }
}
