//! Where the keys of one pool are: one of the ways to place them, and which part of a key counts.

use super::dalli::Dalli;
use super::ketama::Ketama;
use super::key_hash::KeyHash;
use super::kind::HashKind;
use super::memcached_proxy::MemcachedProxy;
use super::modula::Modula;
use super::murmur3::Murmur3;
use super::names::name_hash;
use super::slots::{SlotNumber, SlotTable};
use super::tag::{tag, tag_or_nothing};

/// The part of a key that is hashed; all of it, unless something is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What stands before the part that is hashed, in keys that begin with it.
    pub not_prefix: Box<[u8]>,
    /// The two characters around the part that is hashed, in keys that have them.
    pub tag: Option<(u8, u8)>,
}

/// The placement of keys over the servers of one pool.
pub struct Placement {
    table: Table,
    /// None where whole keys count, so that they need one look only.
    counts: Option<Box<Counts>>,
}

enum Table {
    Slots(SlotTable),
    Ketama(Ketama),
    Modula(Modula),
    Murmur3(Murmur3),
    Dalli(Dalli),
    MemcachedProxy(MemcachedProxy),
}

impl Placement {
    /// Over these servers, each with its name and weight.
    pub fn new(kind: HashKind, servers: &[(&str, u32)], counts: Counts) -> Placement {
        let table = match kind {
            HashKind::Rendezvous => Table::Slots(SlotTable::new(servers)),
            HashKind::Ketama(key_hash) => Table::Ketama(Ketama::new(servers, key_hash)),
            HashKind::KetamaWeighted(key_hash) => Table::Ketama(Ketama::weighted(servers, key_hash)),
            HashKind::TwemproxyKetama(key_hash) => Table::Ketama(Ketama::twemproxy(servers, key_hash)),
            HashKind::Modula(key_hash) => Table::Modula(Modula::new(servers, key_hash)),
            HashKind::TwemproxyModula(key_hash) => Table::Modula(Modula::twemproxy(servers, key_hash)),
            HashKind::Crc32 => Table::Modula(Modula::new(servers, KeyHash::Crc32)),
            HashKind::Crc32Or1 => Table::Modula(Modula::new(servers, KeyHash::Crc32Or1)),
            HashKind::Murmur3 => Table::Murmur3(Murmur3::new(servers)),
            HashKind::Dalli => Table::Dalli(Dalli::new(servers)),
            HashKind::MemcachedProxy => Table::MemcachedProxy(MemcachedProxy::new(servers)),
        };
        Placement { table, counts: (counts != Counts::default()).then(|| Box::new(counts)) }
    }

    /// The slot of `key`, where there are slots.
    pub fn slot_of(&self, key: &[u8]) -> Option<SlotNumber> {
        match &self.table {
            Table::Slots(table) => Some(table.slot_of(self.what_counts(key))),
            _ => None,
        }
    }

    /// The index of the server `key` belongs to. Never allocates.
    pub fn server_of(&self, key: &[u8]) -> usize {
        let key = self.what_counts(key);
        match &self.table {
            Table::Slots(table) => table.server_of(key),
            Table::Ketama(ketama) => ketama.server_of(key),
            Table::Modula(modula) => modula.server_of(key),
            Table::Murmur3(murmur3) => murmur3.server_of(key),
            Table::Dalli(dalli) => dalli.server_of(key),
            Table::MemcachedProxy(proxy) => proxy.server_of(key),
        }
    }

    /// The same for a caller that needs the [`item_hash`](super::item_hash) of `key` as well, and makes it once.
    #[inline]
    pub fn server_of_hashed(&self, key: &[u8], hash: impl FnOnce() -> u64) -> usize {
        match (&self.table, &self.counts) {
            (Table::Slots(table), None) => table.owner(SlotNumber::of_hash(hash())),
            _ => self.server_of(key),
        }
    }

    /// The same for two pools exactly if both place every key alike; a fleet must agree on it.
    pub fn fingerprint(&self) -> u64 {
        let table = match &self.table {
            Table::Slots(table) => table.fingerprint(),
            Table::Ketama(ketama) => ketama.fingerprint(),
            Table::Modula(modula) => modula.fingerprint(),
            Table::Murmur3(murmur3) => murmur3.fingerprint(),
            Table::Dalli(dalli) => dalli.fingerprint(),
            Table::MemcachedProxy(proxy) => proxy.fingerprint(),
        };
        table ^ self.counts.as_ref().map_or(0, |counts| counts.fingerprint())
    }

    #[inline]
    fn what_counts<'k>(&self, key: &'k [u8]) -> &'k [u8] {
        match &self.counts {
            None => key,
            Some(counts) => counts.of(key, matches!(self.table, Table::MemcachedProxy(_))),
        }
    }
}

impl Counts {
    /// `nothing_counts` tells whether a tag with nothing in it is hashed as nothing, or not taken for a tag.
    fn of<'k>(&self, key: &'k [u8], nothing_counts: bool) -> &'k [u8] {
        let key = key.strip_prefix(&*self.not_prefix).filter(|rest| !rest.is_empty()).unwrap_or(key);
        match self.tag {
            None => key,
            Some((open, close)) if nothing_counts => tag_or_nothing(key, open, close),
            Some((open, close)) => tag(key, open, close),
        }
    }

    fn fingerprint(&self) -> u64 {
        let tagged = self.tag.map_or(0, |(open, close)| u64::from(open) << 8 | u64::from(close));
        let prefix = if self.not_prefix.is_empty() { 0 } else { name_hash(&String::from_utf8_lossy(&self.not_prefix)) };
        tagged ^ prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: [(&str, u32); 3] = [("m0:11211", 1), ("m1:11211", 1), ("m2:11211", 1)];
    const KINDS: [HashKind; 7] = [
        HashKind::Rendezvous,
        HashKind::Ketama(KeyHash::OneAtATime),
        HashKind::KetamaWeighted(KeyHash::Fnv1ax64),
        HashKind::Modula(KeyHash::Crc32),
        HashKind::Murmur3,
        HashKind::Dalli,
        HashKind::MemcachedProxy,
    ];

    fn placement(kind: HashKind, not_prefix: &[u8], tag: Option<(u8, u8)>) -> Placement {
        Placement::new(kind, &SERVERS, Counts { not_prefix: not_prefix.into(), tag })
    }

    #[test]
    fn tags_and_prefixes_that_do_not_count_work_with_every_kind() {
        for kind in KINDS {
            let (whole, part) = (placement(kind, b"", None), placement(kind, b"shop:", Some((b'{', b'}'))));
            for n in 0..200 {
                let server = whole.server_of(format!("{n}").as_bytes());
                for key in [format!("{n}"), format!("shop:{n}"), format!("a{{{n}}}b"), format!("shop:a{{{n}}}b")] {
                    assert_eq!(part.server_of(key.as_bytes()), server, "{kind:?} {key}");
                }
            }
            assert_eq!(part.server_of(b"shop:"), whole.server_of(b"shop:"), "a key is never hashed as nothing");
        }
    }

    #[test]
    fn only_rendezvous_has_slots() {
        let slots = KINDS.map(|kind| placement(kind, b"", None).slot_of(b"a").is_some());
        assert_eq!(slots, [true, false, false, false, false, false, false]);
    }

    #[test]
    fn fingerprints_differ_by_kind_and_by_what_counts() {
        let mut all: Vec<u64> = KINDS.map(|kind| placement(kind, b"", None).fingerprint()).to_vec();
        all.push(placement(HashKind::Rendezvous, b"", Some((b'{', b'}'))).fingerprint());
        all.push(placement(HashKind::Rendezvous, b"shop:", None).fingerprint());
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), KINDS.len() + 2);
    }
}
