//! How remembered deletes stand in a file: a line that says whose they are, then records that can be told whole from torn.
//!
//! ```text
//!   leash spool 1 <pool> <server> LF
//!   record: CRC-32 of the rest (4) | seconds since 1970 (8) | 1 if binary (1) | length (1) | key
//! ```
//! Numbers are little-endian. What follows the first record that is not whole is worth nothing: it was being written when
//! the process or the machine ended.

use bytes::Bytes;

use crate::protocol::Key;

/// A delete that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is to be deleted.
    pub key: Key,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

/// Bytes of a record before its key.
const HEAD: usize = 14;
/// No record is longer.
pub const LONGEST: usize = HEAD + u8::MAX as usize;

/// The line before the records.
pub fn title(pool: &str, server: &str) -> Vec<u8> {
    format!("leash spool 1 {pool} {server}\n").into_bytes()
}

/// Appends `record` to `bytes`.
pub fn push(record: &Record, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    let key = record.key.as_bytes();
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&record.since.to_le_bytes());
    bytes.push(u8::from(record.key.is_binary()));
    // A key has at most 250 bytes.
    bytes.push(key.len() as u8);
    bytes.extend_from_slice(key);
    let sum = crc32fast::hash(&bytes[start + 4..]);
    bytes[start..start + 4].copy_from_slice(&sum.to_le_bytes());
}

/// The record at the start of `bytes`, and how long it is; `None` if there is no whole one.
pub fn next(bytes: &[u8]) -> Option<(Record, usize)> {
    let (sum, rest) = bytes.split_first_chunk::<4>()?;
    let length = HEAD + usize::from(*bytes.get(HEAD - 1)?);
    let body = rest.get(..length - 4)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (since, rest) = body.split_first_chunk::<8>()?;
    let key = Bytes::copy_from_slice(&rest[2..]);
    let key = match rest[0] {
        0 => Key::text(key).ok()?,
        1 => Key::binary(key).ok()?,
        _ => return None,
    };
    Some((Record { key, since: u64::from_le_bytes(*since) }, length))
}
