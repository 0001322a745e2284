//! `hash`, `key_hash`, `hash_tags` and `unhashed_prefix` of a pool: what they mean together, and what the client or
//! proxy that is imitated could not have had.

use super::setting::{text, word};
use crate::config::checked::Pool;
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, plain};
use crate::config::written;
use crate::hash::{HASHES, HashKind, KEY_HASHES, KeyHash};
use crate::protocol::MAX_KEY;

/// The pool with its hash, and what of a key is hashed.
pub(super) fn check(written: &written::Pool, pool: Pool, problems: &mut Problems, warnings: &mut Problems) -> Pool {
    let hash = hash(written.hash.as_ref(), pool.hash, problems);
    let pool = Pool {
        hash: key_hash(written, hash, problems),
        hash_tag: hash_tag(written.hash_tags.as_ref(), problems),
        unhashed_prefix: unhashed_prefix(written.unhashed_prefix.as_ref(), problems),
        ..pool
    };
    weights(written, &pool, problems);
    warn_of_tags(written, &pool, warnings);
    pool
}

/// twemproxy's `hash` is leash's `key_hash`, and users who come from twemproxy write the former.
fn hash(written: Option<&Scalar>, default: HashKind, problems: &mut Problems) -> HashKind {
    let known = |text: &str| HASHES.iter().any(|(word, _)| *word == text);
    let of_keys = |text: &str| KEY_HASHES.iter().any(|(word, _)| *word == text);
    match written {
        Some(scalar) if of_keys(&scalar.text) && !known(&scalar.text) => {
            let word = plain(&scalar.text);
            problems
                .add(&scalar.place, format!("{word} hashes keys; write key_hash: {word} and hash: twemproxy_ketama"));
            default
        }
        written => word(written, default, HASHES, problems),
    }
}

fn key_hash(written: &written::Pool, hash: HashKind, problems: &mut Problems) -> HashKind {
    let Some(scalar) = written.key_hash.as_ref().filter(|scalar| scalar.text != "auto") else { return hash };
    let chosen: KeyHash = word(Some(scalar), KeyHash::Md5, KEY_HASHES, problems);
    hash.with(chosen).unwrap_or_else(|| {
        let text = format!("hash: {} has its own way to hash keys; remove key_hash, or write auto", hash.word());
        problems.add(&scalar.place, text);
        hash
    })
}

fn hash_tag(written: Option<&Scalar>, problems: &mut Problems) -> Option<(u8, u8)> {
    let tag = text(written, problems)?;
    match tag.as_bytes() {
        b"off" => None,
        [open, close] if open.is_ascii_graphic() && close.is_ascii_graphic() => Some((*open, *close)),
        _ => {
            let text = format!("{} is not two characters; write \"{{}}\", or off", plain(tag));
            problems.add(&written?.place, text);
            None
        }
    }
}

fn unhashed_prefix(written: Option<&Scalar>, problems: &mut Problems) -> Vec<u8> {
    let Some(prefix) = text(written, problems) else { return Vec::new() };
    let wrong = if prefix.bytes().any(|b| b <= b' ' || b == 0x7f) {
        format!("\"{}\" holds a space or control character, which no key does; remove it", plain(prefix))
    // One as long as a key leaves nothing to hash.
    } else if prefix.len() >= MAX_KEY {
        format!("a prefix of {} bytes, but a key has at most {MAX_KEY}; shorten it", prefix.len())
    } else {
        return prefix.as_bytes().to_vec();
    };
    if let Some(scalar) = written {
        problems.add(&scalar.place, wrong);
    }
    Vec::new()
}

/// Weights that the original could not have known, or took no notice of.
fn weights(written: &written::Pool, pool: &Pool, problems: &mut Problems) {
    let cure = match pool.hash {
        HashKind::Murmur3 => "pymemcache knows no weights; remove this, or write weight: 1",
        HashKind::MemcachedProxy => "memcached's proxy knows no weights; remove this, or write weight: 1",
        HashKind::Modula(_) => {
            "libmemcached's modula takes no notice of weights; remove this, or did you mean hash: twemproxy_modula?"
        }
        _ => return,
    };
    let weights = written.servers.iter().flatten().filter_map(|server| server.weight.as_ref());
    weights.filter(|weight| weight.text != "1").for_each(|weight| problems.add(&weight.place, cure));
}

fn warn_of_tags(written: &written::Pool, pool: &Pool, warnings: &mut Problems) {
    let original = match pool.hash {
        HashKind::Ketama(_) | HashKind::KetamaWeighted(_) | HashKind::Modula(_) => "libmemcached",
        HashKind::Crc32 => "Cache::Memcached and python-memcached",
        HashKind::Crc32Or1 => "python-memcached",
        HashKind::Murmur3 => "pymemcache",
        HashKind::Dalli => "Dalli",
        HashKind::Rendezvous
        | HashKind::TwemproxyKetama(_)
        | HashKind::TwemproxyModula(_)
        | HashKind::MemcachedProxy => return,
    };
    if let (Some((open, close)), Some(scalar)) = (pool.hash_tag, &written.hash_tags) {
        let (open, close) = (char::from(open), char::from(close));
        let text = format!("keys with {open}…{close} are not where {original} put them, as it knows no hash tags");
        warnings.add(&scalar.place, text);
    }
}
