//! The placement of memcached's built-in proxy: jump consistent hashing of a key's XXH3-64. Names are not hashed: the
//! order of the servers decides. It costs no table, and the more servers the more steps: some five for eight of them.
//!
//! Read from memcached 1.6.18 (`proxy_jump_hash.c`, `mcplib_pool` in `proxy_lua.c`): what `mcp.pool(servers)` does
//! without `seed` and without another `dist` or `hash`. The proxy's `dist_ring_hash` is not imitated.

use xxhash_rust::xxh3::xxh3_64;

use super::fingerprint::fingerprint;
use super::names::name_hash;

/// Servers in the order of the proxy's table.
pub(super) struct MemcachedProxy {
    servers: usize,
    fingerprint: u64,
}

impl MemcachedProxy {
    /// For servers given by name, in this order; they know no weights.
    pub(super) fn new(servers: &[(&str, u32)]) -> MemcachedProxy {
        let names = servers.iter().map(|(name, _)| name_hash(name));
        MemcachedProxy { servers: servers.len(), fingerprint: fingerprint("memcached_proxy", "", names) }
    }

    /// The place of the server that owns `key` in the list this was made of.
    pub(super) fn server_of(&self, key: &[u8]) -> usize {
        jump(xxh3_64(key), self.servers)
    }

    /// One number for the names in their order.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

/// Where a ball lands that jumps from bucket to bucket until it would jump out (Lamping and Veach, 2014). The numbers
/// are doubles as in the original: rounding decides here.
fn jump(mut hash: u64, buckets: usize) -> usize {
    let (mut bucket, mut next) = (0, 0);
    while next < buckets {
        bucket = next;
        hash = hash.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let stretch = (1u64 << 31) as f64 / ((hash >> 33) + 1) as f64;
        next = ((bucket + 1) as f64 * stretch) as usize;
    }
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_more_takes_its_share_and_moves_nothing_else() {
        for buckets in 1..20 {
            let moved: Vec<_> = (0..10_000u64)
                .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .filter(|&hash| jump(hash, buckets) != jump(hash, buckets + 1))
                .collect();
            assert!(moved.iter().all(|&hash| jump(hash, buckets + 1) == buckets), "only the new one gains");
            let share = 10_000.0 / (buckets + 1) as f64;
            assert!((moved.len() as f64 / share - 1.0).abs() < 0.2, "{} of {share} expected", moved.len());
        }
    }

    #[test]
    fn the_fingerprint_knows_the_order() {
        let of = |servers: &[(&str, u32)]| MemcachedProxy::new(servers).fingerprint();
        assert_ne!(of(&[("a", 1), ("b", 1)]), of(&[("b", 1), ("a", 1)]));
    }
}
