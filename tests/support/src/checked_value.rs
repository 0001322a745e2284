//! Values that can be recognised: key, version and length, then filling that follows from them.
//!
//! The filling repeats itself after a length that no buffer has, so that it also tells a piece that is missing or
//! twice.

use super::Random;

/// After so many bytes, a prime, the filling repeats itself.
const PERIOD: usize = 1021;

/// The value of this version of a key, with so much filling.
pub fn value(key: &str, version: u64, length: usize) -> Vec<u8> {
    let mut bytes = format!("{key} {version} {length} ").into_bytes();
    let whole = bytes.len() + length;
    let seed = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut random = Random::new(seed);
    let filling: Vec<u8> = (0..PERIOD.min(length)).map(|_| random.number() as u8).collect();
    while bytes.len() < whole {
        let more = filling.len().min(whole - bytes.len());
        bytes.extend_from_slice(&filling[..more]);
    }
    bytes
}

/// The version a value claims, if it is whole and belongs to the key.
pub fn version_of(key: &str, bytes: &[u8]) -> Option<u64> {
    let text = bytes.splitn(4, |&b| b == b' ').collect::<Vec<_>>();
    let [name, version, length, filling] = text[..] else { return None };
    let version = std::str::from_utf8(version).ok()?.parse().ok()?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    let is_right = name == key.as_bytes() && filling.len() == length && value(key, version, length) == bytes;
    is_right.then_some(version)
}
