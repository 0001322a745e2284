//! The 32-bit hashes of keys that libmemcached and twemproxy offer by name. Which server a hash means is not known
//! here.
//!
//! Both have them from the same hand, so one function serves both: libmemcached 1.1.4 `src/libhashkit/`, twemproxy
//! 0.5.0 `src/hashkit/`. Where they read a key as C's `char`, a byte above 127 is negative, as it is on x86; on other
//! machines the originals place keys with such bytes elsewhere.

/// A hash of keys, by the name both give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHash {
    /// Bob Jenkins' one-at-a-time hash, libmemcached's default.
    OneAtATime,
    /// The first four bytes of MD5, the least significant first.
    Md5,
    /// 15 bits out of the middle of CRC-32, as Cache::Memcached began it.
    Crc32,
    /// The same with 1 in place of 0, as python-memcached had it up to 1.59 (`cmemcache_hash` in `memcache.py`).
    Crc32Or1,
    /// CRC-32 itself.
    Crc32a,
    /// The lower half of the 64-bit FNV-1.
    Fnv1x64,
    /// What both call the 64-bit FNV-1a: computed in 32 bits from the beginning; twemproxy's default.
    Fnv1ax64,
    /// The 32-bit FNV-1.
    Fnv1x32,
    /// The 32-bit FNV-1a.
    Fnv1ax32,
    /// MurmurHash2 with a seed made of the key's length.
    Murmur,
}

/// Where FNV begins and what it multiplies with; of the 64-bit numbers only the lower halves matter.
const FNV_64: (u32, u32) = (0x8422_2325, 0x0000_01b3);
const FNV_32: (u32, u32) = (0x811c_9dc5, 0x0100_0193);

/// The words of `key_hash`: twemproxy's. What only one client does has none.
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

impl KeyHash {
    /// The word for it.
    pub fn word(self) -> &'static str {
        KEY_HASHES.iter().find(|(_, key_hash)| *key_hash == self).map_or("", |(word, _)| word)
    }

    /// The hash of `key`.
    pub fn of(self, key: &[u8]) -> u32 {
        match self {
            KeyHash::OneAtATime => one_at_a_time(key),
            KeyHash::Md5 => md5_words(key)[0],
            KeyHash::Crc32 => crc32fast::hash(key) >> 16 & 0x7fff,
            KeyHash::Crc32Or1 => KeyHash::Crc32.of(key).max(1),
            KeyHash::Crc32a => crc32fast::hash(key),
            KeyHash::Fnv1x64 => fnv1(key, FNV_64),
            KeyHash::Fnv1ax64 => fnv1a(key, FNV_64),
            KeyHash::Fnv1x32 => fnv1(key, FNV_32),
            KeyHash::Fnv1ax32 => fnv1a(key, FNV_32),
            KeyHash::Murmur => murmur2(key),
        }
    }
}

/// MD5 as four numbers, the least significant byte first: how ketama makes four points of one name.
pub(super) fn md5_words(bytes: &[u8]) -> [u32; 4] {
    let digest = u128::from_le_bytes(md5::compute(bytes).0);
    [0, 32, 64, 96].map(|shift| (digest >> shift) as u32)
}

/// Each byte as the C code sees it: a `char`, sign and all.
fn chars(key: &[u8]) -> impl Iterator<Item = u32> {
    key.iter().map(|&byte| i32::from(byte as i8) as u32)
}

fn one_at_a_time(key: &[u8]) -> u32 {
    let mixed = chars(key).fold(0u32, |sum, c| {
        let sum = sum.wrapping_add(c);
        let sum = sum.wrapping_add(sum << 10);
        sum ^ sum >> 6
    });
    let mixed = mixed.wrapping_add(mixed << 3);
    let mixed = mixed ^ mixed >> 11;
    mixed.wrapping_add(mixed << 15)
}

fn fnv1(key: &[u8], (start, prime): (u32, u32)) -> u32 {
    chars(key).fold(start, |hash, c| hash.wrapping_mul(prime) ^ c)
}

fn fnv1a(key: &[u8], (start, prime): (u32, u32)) -> u32 {
    chars(key).fold(start, |hash, c| (hash ^ c).wrapping_mul(prime))
}

fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = key.len() as u32;
    let (blocks, rest) = key.as_chunks();
    let mut hash = length.wrapping_mul(0xdead_beef) ^ length;
    for block in blocks {
        let k = u32::from_le_bytes(*block).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (k ^ k >> 24).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, &byte| tail << 8 | u32::from(byte));
        hash = (hash ^ tail).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 13).wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_word_of_what_it_means() {
        assert!(KEY_HASHES.iter().all(|(word, key_hash)| key_hash.word() == *word));
    }

    #[test]
    fn known_answers() {
        assert_eq!(KeyHash::Md5.of(b""), 0xd98c_1dd4);
        assert_eq!(KeyHash::Crc32a.of(b"123456789"), 0xcbf4_3926);
        assert_eq!(KeyHash::Crc32.of(b"123456789"), 0x4bf4);
        assert_eq!(KeyHash::Fnv1ax32.of(b"a"), 0xe40c_292c);
        assert_eq!(KeyHash::Fnv1x32.of(b"a"), 0x050c_5d7e);
        assert_eq!(KeyHash::Fnv1x64.of(b"a"), 0x8601_b7be, "the lower half of af63bd4c8601b7be");
        assert_eq!(KeyHash::OneAtATime.of(b"a"), 0xca2e_9442);
    }

    #[test]
    fn a_hash_of_nothing_is_one_where_zero_was_avoided() {
        let key = (0..).map(|n| format!("key:{n}")).find(|key| KeyHash::Crc32.of(key.as_bytes()) == 0).unwrap();
        assert_eq!(KeyHash::Crc32Or1.of(key.as_bytes()), 1);
        assert_eq!(KeyHash::Crc32Or1.of(b"123456789"), 0x4bf4);
    }
}
