//! From a pool's configuration to the placement of its keys: the one place that knows the words and what they do.

use crate::config::{self, HashKind, Pool};
use crate::hash::{Counts, KeyHash, Kind, Placement};

/// Where the keys of `pool` are.
pub fn of(pool: &Pool) -> Placement {
    let servers: Vec<(&str, u32)> = pool.servers.iter().map(|server| (&*server.name, server.weight)).collect();
    let counts = Counts { not_prefix: pool.unhashed_prefix.as_slice().into(), tag: pool.hash_tag };
    Placement::new(kind(pool.hash), &servers, counts)
}

fn kind(hash: HashKind) -> Kind {
    match hash {
        HashKind::Rendezvous => Kind::Rendezvous,
        HashKind::Ketama(of_keys) => Kind::Ketama(key_hash(of_keys)),
        HashKind::KetamaWeighted(of_keys) => Kind::KetamaWeighted(key_hash(of_keys)),
        HashKind::TwemproxyKetama(of_keys) => Kind::TwemproxyKetama(key_hash(of_keys)),
        HashKind::TwemproxyModula(of_keys) => Kind::TwemproxyModula(key_hash(of_keys)),
        HashKind::Modula(of_keys) => Kind::Modula(key_hash(of_keys)),
        HashKind::Crc32 => Kind::Modula(KeyHash::Crc32),
        HashKind::Crc32Or1 => Kind::Modula(KeyHash::Crc32Or1),
        HashKind::Murmur3 => Kind::Murmur3,
    }
}

fn key_hash(word: config::KeyHash) -> KeyHash {
    match word {
        config::KeyHash::OneAtATime => KeyHash::OneAtATime,
        config::KeyHash::Md5 => KeyHash::Md5,
        config::KeyHash::Crc32 => KeyHash::Crc32,
        config::KeyHash::Crc32a => KeyHash::Crc32a,
        config::KeyHash::Fnv1x64 => KeyHash::Fnv1x64,
        config::KeyHash::Fnv1ax64 => KeyHash::Fnv1ax64,
        config::KeyHash::Fnv1x32 => KeyHash::Fnv1x32,
        config::KeyHash::Fnv1ax32 => KeyHash::Fnv1ax32,
        config::KeyHash::Murmur => KeyHash::Murmur,
    }
}
