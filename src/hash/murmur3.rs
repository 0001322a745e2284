//! Rendezvous hashing as pymemcache's HashClient does it: every server's name is hashed together with the key, and the
//! highest hash wins. There is no table: a look-up costs one short hash for each server of the pool.
//!
//! Read from pymemcache 4.0.0: `client/rendezvous.py` (`get_node`), `client/murmur3.py`, `client/hash.py`
//! (`_make_client_key`). Keys are those given as `str`; one given as `bytes` is hashed there as Python prints it
//! (`b'…'`), and another client could not tell.

use super::fingerprint::fingerprint;
use super::names::{name_hash, with_port};

/// The servers of one pool.
pub(super) struct Murmur3 {
    nodes: Box<[Node]>,
    fingerprint: u64,
}

/// A server: its name as it is hashed, and how far the hash of it and the dash behind it has come.
struct Node {
    name: String,
    begun: Hasher,
}

impl Murmur3 {
    /// The servers by name; they know no weights.
    pub(super) fn new(servers: &[(&str, u32)]) -> Murmur3 {
        let mut names: Vec<u64> = servers.iter().map(|(name, _)| name_hash(name)).collect();
        names.sort_unstable();
        let nodes = servers.iter().map(|(name, _)| Node::new(name)).collect();
        Murmur3 { nodes, fingerprint: fingerprint("murmur3", "", names.into_iter()) }
    }

    /// The place of the server that owns `key` in the list this was made of.
    pub(super) fn server_of(&self, key: &[u8]) -> usize {
        // Of two equal hashes the greater name wins, as there.
        let ranks = self.nodes.iter().map(|node| (node.begun.then(key).finish(), node.name.as_str()));
        let best = ranks.enumerate().max_by(|(_, one), (_, other)| one.cmp(other));
        best.map_or(0, |(place, _)| place)
    }

    /// One number for the names.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

impl Node {
    fn new(name: &str) -> Node {
        let hashed = with_port(name);
        let begun = Hasher::default().then(hashed.as_bytes()).then(b"-");
        Node { name: hashed, begun }
    }
}

/// MurmurHash3, 32 bits, seed 0, with its input in pieces.
#[derive(Clone, Copy, Default)]
struct Hasher {
    hash: u32,
    /// The bytes of a block that is not full yet.
    block: u32,
    length: u32,
}

impl Hasher {
    /// With `text` behind what came before. Python's murmur3 sees characters, of which it takes the lowest eight bits.
    fn then(mut self, text: &[u8]) -> Hasher {
        match str::from_utf8(text) {
            Ok(text) if !text.is_ascii() => text.chars().for_each(|c| self.push(c as u32 as u8)),
            _ => text.iter().for_each(|&byte| self.push(byte)),
        }
        self
    }

    fn push(&mut self, byte: u8) {
        self.block |= u32::from(byte) << (self.length % 4 * 8);
        self.length = self.length.wrapping_add(1);
        if self.length.is_multiple_of(4) {
            let mixed = (self.hash ^ scrambled(self.block)).rotate_left(13);
            self.hash = mixed.wrapping_mul(5).wrapping_add(0xe654_6b64);
            self.block = 0;
        }
    }

    fn finish(self) -> u32 {
        let hash = self.hash ^ scrambled(self.block) ^ self.length;
        let hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
        let hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
        hash ^ hash >> 16
    }
}

fn scrambled(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let hash = |text: &str| Hasher::default().then(text.as_bytes()).finish();
        assert_eq!(hash(""), 0);
        assert_eq!(hash("test"), 0xba6b_d213);
        assert_eq!(hash("Hello, world!"), 0xc036_3e43);
        assert_eq!(hash("The quick brown fox jumps over the lazy dog"), 0x2e4f_f723);
    }

    #[test]
    fn pieces_make_the_whole() {
        let whole = Hasher::default().then(b"m0:11211-session:1").finish();
        assert_eq!(Hasher::default().then(b"m0:11").then(b"211-session").then(b":1").finish(), whole);
    }

    #[test]
    fn the_order_of_the_servers_does_not_matter() {
        let (one, other) = ([("a", 1), ("b", 1), ("c", 1)], [("c", 1), ("a", 1), ("b", 1)]);
        let (first, second) = (Murmur3::new(&one), Murmur3::new(&other));
        assert_eq!(first.fingerprint(), second.fingerprint());
        for key in (0..1000).map(|n| format!("key:{n}")) {
            assert_eq!(one[first.server_of(key.as_bytes())], other[second.server_of(key.as_bytes())]);
        }
    }
}
