//! How deletes stood in the files of earlier versions of leash. They are read, and written no more.
//!
//! ```text
//!   leash spool 1 <pool> <server> LF
//!   record: CRC-32 of the rest (4) | seconds since 1970 (8) | 1 if binary (1) | length (1) | key
//! ```
//! Numbers are little-endian.

use super::format::{Record, key_of};

/// Bytes of a record before its key.
const HEAD: usize = 14;
/// No record is longer.
pub(super) const LONGEST: usize = HEAD + u8::MAX as usize;

/// The record at the start of `bytes`, and how long it is; `None` if there is no whole one.
pub(super) fn next(bytes: &[u8]) -> Option<(Record, usize)> {
    let (sum, rest) = bytes.split_first_chunk::<4>()?;
    let length = HEAD + usize::from(*bytes.get(HEAD - 1)?);
    let body = rest.get(..length - 4)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (since, rest) = body.split_first_chunk::<8>()?;
    Some((Record { key: key_of(rest[0], &rest[2..])?, since: u64::from_le_bytes(*since) }, length))
}
