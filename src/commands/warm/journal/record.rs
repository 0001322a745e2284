//! What stands in a progress file, as bytes. Pure.
//!
//! ```text
//!   length (4 bytes) │ kind (1 byte), contents │ XXH3-64 of kind and contents (8 bytes)        numbers: little-endian
//! ```
//! A record that was only half written, or lies behind one, does not have its sum. So a torn end is seen and cut off.

use bytes::{Buf, Bytes};
use xxhash_rust::xxh3::xxh3_64;

/// A longer record is none; those of keys end well before.
pub const LONGEST: usize = 1 << 20;
const HEAD: usize = 4;
const SUM: usize = 8;

/// One thing worth remembering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// What all this is about, in words; the first record.
    Plan(String),
    /// Keys to be copied, of the source whose list this is.
    Keys(Vec<Entry>),
    /// The list of this source is complete, and has so many keys.
    Listed {
        /// The source, by its place in the plan.
        source: u32,
        /// Its keys.
        keys: u64,
    },
    /// So many keys of the list are done.
    Reached {
        /// The keys that need not be looked at again.
        done: u64,
        /// Those of them that a server refused.
        refused: u64,
    },
    /// All keys of this source are copied.
    Finished {
        /// The source, by its place in the plan.
        source: u32,
        /// How many they were.
        keys: u64,
    },
}

/// A key to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its route, by its place in the configuration.
    pub route: u32,
    /// About how many bytes its item takes.
    pub size: u32,
    /// The key as it is filed; at most 250 bytes.
    pub key: Bytes,
}

impl Record {
    /// Appends the record.
    pub fn encode(&self, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&[0; HEAD]);
        self.encode_contents(to);
        let contents = start + HEAD;
        let (length, sum) = ((to.len() - contents) as u32, xxh3_64(&to[contents..]));
        to[start..contents].copy_from_slice(&length.to_le_bytes());
        to.extend_from_slice(&sum.to_le_bytes());
    }

    fn encode_contents(&self, to: &mut Vec<u8>) {
        match self {
            Record::Plan(words) => {
                to.push(b'P');
                to.extend_from_slice(words.as_bytes());
            }
            Record::Keys(entries) => {
                to.push(b'K');
                entries.iter().for_each(|entry| entry.encode(to));
            }
            Record::Listed { source, keys } => put(to, b'L', &[u64::from(*source), *keys]),
            Record::Reached { done, refused } => put(to, b'R', &[*done, *refused]),
            Record::Finished { source, keys } => put(to, b'F', &[u64::from(*source), *keys]),
        }
    }

    /// The record at the front of `bytes` and its length; `None` if there is no whole one.
    pub fn decode(bytes: &[u8]) -> Option<(Record, usize)> {
        let length = u32::from_le_bytes(bytes.get(..HEAD)?.try_into().ok()?) as usize;
        let (end, is_too_long) = (HEAD + length, length > LONGEST);
        let contents = bytes.get(HEAD..end).filter(|_| !is_too_long)?;
        let sum = bytes.get(end..end + SUM)?;
        if sum != xxh3_64(contents).to_le_bytes() {
            return None;
        }
        let (kind, contents) = contents.split_first()?;
        Some((contents_of(*kind, contents)?, end + SUM))
    }
}

fn contents_of(kind: u8, contents: &[u8]) -> Option<Record> {
    Some(match kind {
        b'P' => Record::Plan(String::from_utf8(contents.to_vec()).ok()?),
        b'K' => Record::Keys(entries(Bytes::copy_from_slice(contents))?),
        b'L' | b'R' | b'F' => numbered(kind, numbers(contents)?)?,
        _ => return None,
    })
}

fn numbered(kind: u8, (first, second): (u64, u64)) -> Option<Record> {
    let source = u32::try_from(first).ok();
    Some(match kind {
        b'L' => Record::Listed { source: source?, keys: second },
        b'F' => Record::Finished { source: source?, keys: second },
        _ => Record::Reached { done: first, refused: second },
    })
}

fn put(to: &mut Vec<u8>, kind: u8, numbers: &[u64; 2]) {
    to.push(kind);
    numbers.iter().for_each(|number| to.extend_from_slice(&number.to_le_bytes()));
}

fn numbers(contents: &[u8]) -> Option<(u64, u64)> {
    let (first, second) = contents.split_at_checked(8)?;
    Some((u64::from_le_bytes(first.try_into().ok()?), u64::from_le_bytes(second.try_into().ok()?)))
}

impl Entry {
    /// The bytes it takes in a record.
    pub fn written_len(&self) -> usize {
        9 + self.key.len()
    }

    fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.route.to_le_bytes());
        to.extend_from_slice(&self.size.to_le_bytes());
        to.push(self.key.len() as u8);
        to.extend_from_slice(&self.key);
    }
}

fn entries(mut contents: Bytes) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !contents.is_empty() {
        let (route, size) = (contents.try_get_u32_le().ok()?, contents.try_get_u32_le().ok()?);
        let length = usize::from(contents.try_get_u8().ok()?);
        if contents.len() < length {
            return None;
        }
        entries.push(Entry { route, size, key: contents.split_to(length) });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn record() -> impl Strategy<Value = Record> {
        let entry = (any::<u32>(), any::<u32>(), vec(any::<u8>(), 1..251)).prop_map(|(route, size, key)| Entry {
            route,
            size,
            key: key.into(),
        });
        prop_oneof![
            ".{0,50}".prop_map(Record::Plan),
            vec(entry, 0..10).prop_map(Record::Keys),
            any::<(u32, u64)>().prop_map(|(source, keys)| Record::Listed { source, keys }),
            any::<(u64, u64)>().prop_map(|(done, refused)| Record::Reached { done, refused }),
            any::<(u32, u64)>().prop_map(|(source, keys)| Record::Finished { source, keys }),
        ]
    }

    /// Everything up to the first place where there is no whole record.
    fn all(mut bytes: &[u8]) -> Vec<Record> {
        let mut records = Vec::new();
        while let Some((record, length)) = Record::decode(bytes) {
            records.push(record);
            bytes = &bytes[length..];
        }
        records
    }

    proptest! {
        #[test]
        fn records_are_read_as_they_were_written_up_to_where_they_are_torn(
            records in vec(record(), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for record in &records {
                record.encode(&mut bytes);
                ends.push(bytes.len());
            }
            prop_assert_eq!(&all(&bytes), &records);
            let cut = cut.index(bytes.len());
            let whole = ends.iter().filter(|end| **end <= cut).count();
            prop_assert_eq!(&all(&bytes[..cut])[..], &records[..whole]);
        }

        #[test]
        fn a_changed_byte_is_noticed(record in record(), at in any::<prop::sample::Index>(), by in 1..=255_u8) {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert_eq!(Record::decode(&bytes), None);
        }

        #[test]
        fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
            let _ = Record::decode(&bytes);
        }
    }
}
