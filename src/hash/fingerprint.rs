//! Fingerprints of placements other than the slot table, which makes its own.

use std::fmt::Debug;

use xxhash_rust::xxh3::Xxh3;

/// One number for a placement: its kind, its hash of keys, and what distinguishes it from others of that kind, in an
/// order of its own.
pub(super) fn fingerprint(kind: &str, key_hash: impl Debug, told: impl Iterator<Item = u64>) -> u64 {
    let mut sum = Xxh3::new();
    sum.update(format!("{kind} {key_hash:?}\n").as_bytes());
    told.for_each(|number| sum.update(&number.to_le_bytes()));
    sum.digest()
}
