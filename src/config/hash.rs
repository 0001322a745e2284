//! How a pool's keys are placed, and the words for it: `hash` and `key_hash`. What they do is not known here.

/// How keys are spread over servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashKind {
    /// Weighted rendezvous hashing: taking a server away moves only its own keys.
    Rendezvous,
    /// libmemcached's `KETAMA`.
    Ketama(KeyHash),
    /// libmemcached's `KETAMA_WEIGHTED`.
    KetamaWeighted(KeyHash),
    /// twemproxy's `distribution: ketama`.
    TwemproxyKetama(KeyHash),
    /// libmemcached's `MODULA`, its default.
    Modula(KeyHash),
    /// twemproxy's `distribution: modula`.
    TwemproxyModula(KeyHash),
    /// Cache::Memcached, and python-memcached since 1.60.
    Crc32,
    /// python-memcached up to 1.59.
    Crc32Or1,
    /// pymemcache's HashClient.
    Murmur3,
}

/// libmemcached's and twemproxy's hashes of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words below are all there is to say")]
pub enum KeyHash {
    OneAtATime,
    Md5,
    Crc32,
    Crc32a,
    Fnv1x64,
    Fnv1ax64,
    Fnv1x32,
    Fnv1ax32,
    Murmur,
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
];

/// The words of `key_hash`: twemproxy's.
pub const KEY_HASHES: &[(&str, KeyHash)] = &[
    ("one_at_a_time", KeyHash::OneAtATime),
    ("md5", KeyHash::Md5),
    ("crc32", KeyHash::Crc32),
    ("crc32a", KeyHash::Crc32a),
    ("fnv1_64", KeyHash::Fnv1x64),
    ("fnv1a_64", KeyHash::Fnv1ax64),
    ("fnv1_32", KeyHash::Fnv1x32),
    ("fnv1a_32", KeyHash::Fnv1ax32),
    ("murmur", KeyHash::Murmur),
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
            HashKind::Rendezvous | HashKind::Crc32 | HashKind::Crc32Or1 | HashKind::Murmur3 => None,
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
            HashKind::Rendezvous | HashKind::Crc32 | HashKind::Crc32Or1 | HashKind::Murmur3 => None,
        }
    }
}

impl KeyHash {
    /// The word for it.
    pub fn word(self) -> &'static str {
        KEY_HASHES.iter().find(|(_, key_hash)| *key_hash == self).map_or("", |(word, _)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_word_of_what_it_means() {
        assert!(HASHES.iter().all(|(word, kind)| kind.word() == *word));
        assert!(KEY_HASHES.iter().all(|(word, key_hash)| key_hash.word() == *word));
        for (word, kind) in HASHES {
            assert_eq!(kind.with(KeyHash::Crc32).and_then(HashKind::key_hash), kind.key_hash().map(|_| KeyHash::Crc32));
            assert_eq!(kind.with(KeyHash::Crc32).map_or(*word, HashKind::word), *word);
        }
    }
}
