//! Values that can be recognised: key, version, then filling that follows from them, then a checksum over all of it.

use super::Random;

/// The value of this version of a key, of at least this length.
pub fn value(key: &str, version: u64, length: usize) -> Vec<u8> {
    let mut bytes = format!("{key} {version} ").into_bytes();
    let mut random = Random::new(version ^ key.len() as u64 ^ checksum(key.as_bytes()));
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// FNV-1a, eight bytes at a time where there are eight.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
    }
    sum
}

/// The version a value claims, if it is whole and belongs to the key.
pub fn version_of(key: &str, bytes: &[u8]) -> Option<u64> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
    let right = checksum(body).to_le_bytes() == sum;
    let text = body.splitn(3, |&b| b == b' ').collect::<Vec<_>>();
    let [name, version, _] = text[..] else { return None };
    if !right || name != key.as_bytes() {
        return None;
    }
    std::str::from_utf8(version).ok()?.parse().ok()
}
