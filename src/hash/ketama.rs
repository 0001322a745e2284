//! Ketama: servers have points on a circle of 2^32, and a key belongs to the first point at or after its hash. Used
//! where libmemcached or twemproxy placed a pool's keys before; it says nothing about what happens when a server dies.
//!
//! Read from libmemcached 1.1.4 (`update_continuum` in `src/libmemcached/hosts.cc`, `dispatch_host` in `hash.cc`) and
//! twemproxy 0.5.0 (`ketama_update` and `ketama_dispatch` in `src/hashkit/nc_ketama.c`). Their weighted circles are the
//! same; they differ in the hash of keys they begin with and in who has a point that two servers share. A look-up is
//! that hash and a binary search.

use super::circle::Circle;
use super::key_hash::{KeyHash, md5_words};
use super::names::{given_order, twemproxy_order, without_default_port};

/// Points of a server where no server has a weight.
const PLAIN_POINTS: usize = 100;
/// Points of a server of average weight where servers have weights; four come from one digest.
const WEIGHTED_POINTS: f32 = 160.0;
const POINTS_PER_DIGEST: f32 = 4.0;

/// The circle of one pool.
pub(super) struct Ketama {
    key_hash: KeyHash,
    circle: Circle,
}

impl Ketama {
    /// libmemcached's `KETAMA`: plain, until a server has a weight above 1. The points of a plain circle are made with
    /// the hash of the keys.
    pub(super) fn new(servers: &[(&str, u32)], key_hash: KeyHash) -> Ketama {
        if servers.iter().any(|&(_, weight)| weight > 1) {
            return Ketama::weighted(servers, key_hash);
        }
        let points = |name: &str, _| {
            let name = without_default_port(name);
            (0..PLAIN_POINTS).map(|n| key_hash.of(format!("{name}-{n}").as_bytes())).collect()
        };
        Ketama::of(servers, &given_order(servers), key_hash, points)
    }

    /// libmemcached's `KETAMA_WEIGHTED`: the points are made with MD5.
    pub(super) fn weighted(servers: &[(&str, u32)], key_hash: KeyHash) -> Ketama {
        Ketama::with_weights(servers, &given_order(servers), key_hash)
    }

    /// twemproxy's `distribution: ketama`: the same, but for the order in which servers on one point have it.
    pub(super) fn twemproxy(servers: &[(&str, u32)], key_hash: KeyHash) -> Ketama {
        Ketama::with_weights(servers, &twemproxy_order(servers), key_hash)
    }

    fn with_weights(servers: &[(&str, u32)], order: &[u16], key_hash: KeyHash) -> Ketama {
        let total: u32 = servers.iter().map(|(_, weight)| weight).sum();
        let points = |name: &str, weight| {
            let name = without_default_port(name);
            let digests = digests(weight, total, servers.len());
            (0..digests).flat_map(|n| md5_words(format!("{name}-{n}").as_bytes())).collect()
        };
        Ketama::of(servers, order, key_hash, points)
    }

    /// `order` tells which of two servers on one point has it: the earlier one.
    fn of(servers: &[(&str, u32)], order: &[u16], key_hash: KeyHash, points: impl Fn(&str, u32) -> Vec<u32>) -> Ketama {
        Ketama { key_hash, circle: Circle::of("ketama", key_hash, servers, order, points) }
    }

    /// The place of the server that owns `key` in the list the circle was made of.
    pub(super) fn server_of(&self, key: &[u8]) -> usize {
        self.circle.at_or_after(self.key_hash.of(key))
    }

    /// One number for the names and all points.
    pub(super) fn fingerprint(&self) -> u64 {
        self.circle.fingerprint()
    }
}

/// Digests for a server's share, in the order and the width of the original's arithmetic: rounding decides here.
fn digests(weight: u32, total: u32, servers: usize) -> u32 {
    let share = weight as f32 / total as f32;
    (share * WEIGHTED_POINTS / POINTS_PER_DIGEST * servers as f32 + 1e-10).floor() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_loses_points_as_the_original_does() {
        assert_eq!(digests(1, 3, 3), 40);
        let lost = (1..200).filter(|&n| digests(1, n, n as usize) == 39).count();
        assert!(lost > 0, "some numbers of servers lose four points each");
        assert_eq!(digests(1, 1000, 8), 0, "a small share may be nothing");
    }

    #[test]
    fn the_fingerprint_knows_names_weights_and_the_hash_of_keys() {
        let of = |servers: &[(&str, u32)], hash| Ketama::weighted(servers, hash).fingerprint();
        let base = of(&[("a", 1), ("b", 1)], KeyHash::Md5);
        assert_eq!(base, of(&[("b", 1), ("a", 1)], KeyHash::Md5));
        assert_ne!(base, of(&[("a", 1), ("c", 1)], KeyHash::Md5));
        assert_ne!(base, of(&[("a", 1), ("b", 2)], KeyHash::Md5));
        assert_ne!(base, of(&[("a", 1), ("b", 1)], KeyHash::Fnv1ax64));
    }
}
