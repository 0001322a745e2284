//! What a record of a progress file says, in the [frame](frames) that it has there. Pure.
//!
//! ```text
//!   kind (1 byte) │ contents        numbers: little-endian
//! ```

use bytes::{Buf, Bytes};

use crate::runtime::frames;

/// One thing worth remembering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalRecord {
    /// What all this is about, in words; the first record.
    Plan(String),
    /// Keys to be copied, of the source whose list this is.
    Keys(Vec<JournalEntry>),
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
pub struct JournalEntry {
    /// Its route, by its place in the configuration.
    pub route: u32,
    /// About how many bytes its item takes.
    pub size: u32,
    /// The key as it is filed; at most 250 bytes.
    pub key: Bytes,
}

impl frames::Framed for JournalRecord {
    /// Those of keys end well before.
    const LONGEST: usize = 1 << 20;

    fn write(&self, body: &mut Vec<u8>) {
        match self {
            JournalRecord::Plan(words) => {
                body.push(b'P');
                body.extend_from_slice(words.as_bytes());
            }
            JournalRecord::Keys(entries) => {
                body.push(b'K');
                entries.iter().for_each(|entry| entry.write(body));
            }
            JournalRecord::Listed { source, keys } => put(body, b'L', &[u64::from(*source), *keys]),
            JournalRecord::Reached { done, refused } => put(body, b'R', &[*done, *refused]),
            JournalRecord::Finished { source, keys } => put(body, b'F', &[u64::from(*source), *keys]),
        }
    }

    fn read(body: &[u8]) -> Option<JournalRecord> {
        let (kind, contents) = body.split_first()?;
        contents_of(*kind, contents)
    }
}

fn contents_of(kind: u8, contents: &[u8]) -> Option<JournalRecord> {
    Some(match kind {
        b'P' => JournalRecord::Plan(String::from_utf8(contents.to_vec()).ok()?),
        b'K' => JournalRecord::Keys(entries(Bytes::copy_from_slice(contents))?),
        b'L' | b'R' | b'F' => numbered(kind, numbers(contents)?)?,
        _ => return None,
    })
}

fn numbered(kind: u8, (first, second): (u64, u64)) -> Option<JournalRecord> {
    let source = u32::try_from(first).ok();
    Some(match kind {
        b'L' => JournalRecord::Listed { source: source?, keys: second },
        b'F' => JournalRecord::Finished { source: source?, keys: second },
        _ => JournalRecord::Reached { done: first, refused: second },
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

impl JournalEntry {
    /// The bytes it takes in a record.
    pub fn written_len(&self) -> usize {
        9 + self.key.len()
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.route.to_le_bytes());
        to.extend_from_slice(&self.size.to_le_bytes());
        to.push(self.key.len() as u8);
        to.extend_from_slice(&self.key);
    }
}

fn entries(mut contents: Bytes) -> Option<Vec<JournalEntry>> {
    let mut entries = Vec::new();
    while !contents.is_empty() {
        let (route, size) = (contents.try_get_u32_le().ok()?, contents.try_get_u32_le().ok()?);
        let length = usize::from(contents.try_get_u8().ok()?);
        if contents.len() < length {
            return None;
        }
        entries.push(JournalEntry { route, size, key: contents.split_to(length) });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::frames::{framed, next};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn record() -> impl Strategy<Value = JournalRecord> {
        let entry = (any::<u32>(), any::<u32>(), vec(any::<u8>(), 1..251))
            .prop_map(|(route, size, key)| JournalEntry { route, size, key: key.into() });
        prop_oneof![
            ".{0,50}".prop_map(JournalRecord::Plan),
            vec(entry, 0..10).prop_map(JournalRecord::Keys),
            any::<(u32, u64)>().prop_map(|(source, keys)| JournalRecord::Listed { source, keys }),
            any::<(u64, u64)>().prop_map(|(done, refused)| JournalRecord::Reached { done, refused }),
            any::<(u32, u64)>().prop_map(|(source, keys)| JournalRecord::Finished { source, keys }),
        ]
    }

    /// Everything up to the first place where there is no whole record.
    fn all(mut bytes: &[u8]) -> Vec<JournalRecord> {
        let mut records = Vec::new();
        while let Some((record, length)) = next::<JournalRecord>(bytes) {
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
                frames::push(record, &mut bytes);
                ends.push(bytes.len());
            }
            prop_assert_eq!(&all(&bytes), &records);
            let cut = cut.index(bytes.len());
            let whole = ends.iter().filter(|end| **end <= cut).count();
            prop_assert_eq!(&all(&bytes[..cut])[..], &records[..whole]);
        }

        #[test]
        fn a_changed_byte_is_noticed(record in record(), at in any::<prop::sample::Index>(), by in 1..=255_u8) {
            let mut bytes = framed(&[record]);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert_eq!(next::<JournalRecord>(&bytes), None);
        }

        #[test]
        fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
            let _ = next::<JournalRecord>(&bytes);
        }
    }
}
