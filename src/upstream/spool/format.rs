//! How a remembered delete stands in the [frame](frames) that it has in a spool's file.
//!
//! ```text
//!   seconds since 1970 (8) | 1 if binary (1) | key        numbers: little-endian
//! ```

use bytes::Bytes;

use crate::protocol::{Key, MAX_KEY};
use crate::runtime::frames::{self, AROUND};

/// A delete that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is to be deleted.
    pub key: Key,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

/// Bytes of a body before its key.
const HEAD: usize = 9;
/// No record takes more room in a file.
pub(super) const LONGEST: usize = HEAD + MAX_KEY + AROUND;

impl frames::Framed for Record {
    const LONGEST: usize = HEAD + MAX_KEY;

    fn write(&self, body: &mut Vec<u8>) {
        body.extend_from_slice(&self.since.to_le_bytes());
        body.push(u8::from(self.key.is_binary()));
        body.extend_from_slice(self.key.as_bytes());
    }

    fn read(body: &[u8]) -> Option<Record> {
        let (since, rest) = body.split_first_chunk::<8>()?;
        let (kind, key) = rest.split_first()?;
        Some(Record { key: key_of(*kind, key)?, since: u64::from_le_bytes(*since) })
    }
}

/// The key of these bytes, of a kind that is 1 for a binary one.
pub(super) fn key_of(kind: u8, key: &[u8]) -> Option<Key> {
    let key = Bytes::copy_from_slice(key);
    match kind {
        0 => Key::text(key).ok(),
        1 => Key::binary(key).ok(),
        _ => None,
    }
}
