//! Dalli's ring (Ruby): servers have points on a circle, and a key belongs to the last point at or before its CRC-32.
//!
//! Read from Dalli 3.0.6 and 4 (`lib/dalli/ring.rb`; the same since 1.0): the points are the first four bytes of the
//! SHA-1 of `name:0`, `name:1`, …, so many as the weight says. Its failover to other servers is left out: here a dead
//! server keeps its keys. Where points of two servers are equal Ruby's sort decides, which promises nothing: of thirty
//! pools of a hundred servers one has such a pair, and then a key in four thousand million is in doubt.

use super::circle::Circle;
use super::key_hash::KeyHash;
use super::names::{given_order, with_port};

/// Points of a server of average weight.
const POINTS: f64 = 160.0;

/// The ring of one pool.
pub(super) struct Dalli(Circle);

impl Dalli {
    /// The ring for servers given by name and weight.
    pub(super) fn new(servers: &[(&str, u32)]) -> Dalli {
        let total: u32 = servers.iter().map(|(_, weight)| weight).sum();
        let points = |name: &str, weight| {
            let name = with_port(name);
            (0..points(weight, total, servers.len())).map(|n| point(&format!("{name}:{n}"))).collect()
        };
        Dalli(Circle::of("dalli", KeyHash::Crc32a, servers, &given_order(servers), points))
    }

    /// The place of the server that owns `key` in the list the ring was made of.
    pub(super) fn server_of(&self, key: &[u8]) -> usize {
        self.0.at_or_before(KeyHash::Crc32a.of(key))
    }

    /// One number for the names and all points.
    pub(super) fn fingerprint(&self) -> u64 {
        self.0.fingerprint()
    }
}

/// Points of a server's share, in the order of the original's arithmetic.
fn points(weight: u32, total: u32, servers: usize) -> u32 {
    (servers as f64 * POINTS * f64::from(weight) / f64::from(total)).floor() as u32
}

/// The first four bytes of the SHA-1, as the original reads them from its hexadecimal form.
fn point(text: &str) -> u32 {
    let digest = sha1_smol::Sha1::from(text).digest().bytes();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_begins_the_sha_1() {
        assert_eq!(point("abc"), 0xa999_3e36);
    }

    #[test]
    fn a_small_share_may_be_nothing() {
        assert_eq!([1, 2, 5].map(|weight| points(weight, 8, 3)), [60, 120, 300]);
        assert_eq!(points(1, 1000, 3), 0);
    }
}
