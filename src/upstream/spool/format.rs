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

/// What was read of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Contents {
    /// The records that are whole.
    pub records: Vec<Record>,
    /// How many bytes from the start they and the line before them take.
    pub whole: usize,
}

/// Bytes of a record before its key.
const HEAD: usize = 14;

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

/// Reads a file of the server with this title; `None` if it is something else. A title that is not whole is an empty
/// file: it was about to be written.
pub fn read(title: &[u8], bytes: &[u8]) -> Option<Contents> {
    if bytes.len() < title.len() {
        return title.starts_with(bytes).then(|| Contents { records: Vec::new(), whole: 0 });
    }
    let mut rest = bytes.strip_prefix(title)?;
    let mut records = Vec::new();
    while let Some((record, behind)) = next(rest) {
        records.push(record);
        rest = behind;
    }
    Some(Contents { records, whole: bytes.len() - rest.len() })
}

/// The record at the start of `bytes`, and what is behind it; `None` if there is no whole one.
fn next(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (sum, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::from(*bytes.get(HEAD - 1)?);
    let (body, behind) = rest.split_at_checked(HEAD - 4 + length)?;
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
    Some((Record { key, since: u64::from_le_bytes(*since) }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record() -> impl Strategy<Value = Record> {
        let text = "[!-~]{1,250}".prop_map(|text| Key::text(text.into()).unwrap());
        let binary = prop::collection::vec(any::<u8>(), 1..=186).prop_map(|bytes| Key::binary(bytes.into()).unwrap());
        (prop_oneof![text, binary], any::<u64>()).prop_map(|(key, since)| Record { key, since })
    }

    fn file(records: &[Record]) -> (Vec<u8>, Vec<u8>) {
        let title = title("main", "m0");
        let mut bytes = title.clone();
        records.iter().for_each(|record| push(record, &mut bytes));
        (title, bytes)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in prop::collection::vec(record(), 0..20)) {
            let (title, bytes) = file(&records);
            let whole = bytes.len();
            prop_assert_eq!(read(&title, &bytes), Some(Contents { records, whole }));
        }

        #[test]
        fn a_file_cut_anywhere_keeps_the_records_before_the_cut(
            records in prop::collection::vec(record(), 0..10), cut in any::<prop::sample::Index>(),
        ) {
            let (title, bytes) = file(&records);
            let cut = cut.index(bytes.len() + 1);
            let contents = read(&title, &bytes[..cut]).unwrap();
            prop_assert!(contents.whole <= cut);
            prop_assert_eq!(&contents.records[..], &records[..contents.records.len()]);
            let (_, kept) = file(&contents.records);
            prop_assert_eq!(contents.whole, if cut < title.len() { 0 } else { kept.len() });
        }

        #[test]
        fn a_changed_byte_becomes_no_other_key(
            records in prop::collection::vec(record(), 1..10), at in any::<prop::sample::Index>(), by in 1u8..,
        ) {
            let (title, mut bytes) = file(&records);
            let at = title.len() + at.index(bytes.len() - title.len());
            bytes[at] ^= by;
            let contents = read(&title, &bytes).unwrap();
            prop_assert!(contents.records.len() < records.len());
            prop_assert_eq!(&contents.records[..], &records[..contents.records.len()]);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let (title, mut whole) = file(&[]);
            whole.extend_from_slice(&bytes);
            let _ = read(&title, &bytes);
            prop_assert!(read(&title, &whole).is_some());
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_not_read() {
        assert_eq!(read(&title("main", "m0"), b"#!/bin/sh\necho this is somebody else's file\n"), None);
        assert_eq!(read(&title("main", "m0"), &title("main", "m1")), None);
    }
}
