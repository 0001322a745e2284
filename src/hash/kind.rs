//! The ways to place a pool's keys, and the words for them: `hash` in a configuration. What each does is in a file of
//! its own.

use super::key_hash::KeyHash;

/// How keys are spread over servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashKind {
    /// leash's own: weighted rendezvous hashing. Taking a server away moves only its own keys.
    Rendezvous,
    /// libmemcached's `KETAMA`.
    Ketama(KeyHash),
    /// libmemcached's `KETAMA_WEIGHTED`.
    KetamaWeighted(KeyHash),
    /// twemproxy's `distribution: ketama`.
    TwemproxyKetama(KeyHash),
    /// libmemcached's `MODULA`, its default: a hash of the key modulo the weights, the servers in their own order.
    Modula(KeyHash),
    /// twemproxy's `distribution: modula`: the same with the servers in the order of their names.
    TwemproxyModula(KeyHash),
    /// Cache::Memcached, and python-memcached since 1.60.
    Crc32,
    /// python-memcached up to 1.59.
    Crc32Or1,
    /// pymemcache's HashClient.
    Murmur3,
    /// Dalli's ring.
    Dalli,
    /// memcached's built-in proxy: jump consistent hashing, the servers in their own order.
    MemcachedProxy,
}

/// The words of `hash`, each with the hash of keys that the original begins with.
pub const HASHES: &[(&str, HashKind)] = &[
    ("rendezvous", HashKind::Rendezvous),
    ("ketama", HashKind::Ketama(KeyHash::OneAtATime)),
    ("ketama_weighted", HashKind::KetamaWeighted(KeyHash::Md5)),
    ("twemproxy_ketama", HashKind::TwemproxyKetama(KeyHash::Fnv1ax64)),
    ("modula", HashKind::Modula(KeyHash::OneAtATime)),
    ("twemproxy_modula", HashKind::TwemproxyModula(KeyHash::Fnv1ax64)),
    ("crc32", HashKind::Crc32),
    ("crc32_or_1", HashKind::Crc32Or1),
    ("murmur3", HashKind::Murmur3),
    ("dalli", HashKind::Dalli),
    ("memcached_proxy", HashKind::MemcachedProxy),
];

impl HashKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        let same = |kind: HashKind| std::mem::discriminant(&kind) == std::mem::discriminant(&self);
        HASHES.iter().find(|(_, kind)| same(*kind)).map_or("", |(word, _)| word)
    }

    /// The hash of keys, where it is a matter of choice.
    pub fn key_hash(self) -> Option<KeyHash> {
        match self {
            HashKind::Ketama(key_hash)
            | HashKind::KetamaWeighted(key_hash)
            | HashKind::TwemproxyKetama(key_hash)
            | HashKind::Modula(key_hash)
            | HashKind::TwemproxyModula(key_hash) => Some(key_hash),
            HashKind::Rendezvous
            | HashKind::Crc32
            | HashKind::Crc32Or1
            | HashKind::Murmur3
            | HashKind::Dalli
            | HashKind::MemcachedProxy => None,
        }
    }

    /// The same with another hash of keys, where that is a matter of choice.
    pub fn with(self, key_hash: KeyHash) -> Option<HashKind> {
        match self {
            HashKind::Ketama(_) => Some(HashKind::Ketama(key_hash)),
            HashKind::KetamaWeighted(_) => Some(HashKind::KetamaWeighted(key_hash)),
            HashKind::TwemproxyKetama(_) => Some(HashKind::TwemproxyKetama(key_hash)),
            HashKind::Modula(_) => Some(HashKind::Modula(key_hash)),
            HashKind::TwemproxyModula(_) => Some(HashKind::TwemproxyModula(key_hash)),
            HashKind::Rendezvous
            | HashKind::Crc32
            | HashKind::Crc32Or1
            | HashKind::Murmur3
            | HashKind::Dalli
            | HashKind::MemcachedProxy => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_word_of_what_it_means_whatever_hashes_its_keys() {
        assert!(HASHES.iter().all(|(word, kind)| kind.word() == *word));
        for (word, kind) in HASHES {
            assert_eq!(kind.with(KeyHash::Crc32).and_then(HashKind::key_hash), kind.key_hash().map(|_| KeyHash::Crc32));
            assert_eq!(kind.with(KeyHash::Crc32).map_or(*word, HashKind::word), *word);
        }
    }
}
