//! The records of a spool's file, one after the other, up to where it is torn; in the same memory however many they are.

use std::io;

use super::format::{self, LONGEST, Record};
use crate::runtime::pieces::{ByteSource, Pieces};

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's yet: it ends before its title does.
    Nobody,
    /// That server's.
    Ours,
    /// It is something else.
    Others,
}

/// Whose `source` is, asked for the server with this title.
pub fn owner(source: impl ByteSource, title: &[u8]) -> io::Result<Owner> {
    let mut pieces = Pieces::new(source, 0);
    let beginning = pieces.ahead(title.len())?;
    Ok(match beginning.strip_prefix(title) {
        Some(_) => Owner::Ours,
        None if beginning.len() < title.len() && title.starts_with(beginning) => Owner::Nobody,
        None => Owner::Others,
    })
}

/// Reads records from a place of a file on.
pub struct Records<S>(Pieces<S>);

impl<S: ByteSource> Records<S> {
    /// Those of `source` from the byte `at` on.
    pub fn new(source: S, at: u64) -> Records<S> {
        Records(Pieces::new(source, at))
    }

    /// Where the records that were told end.
    pub fn at(&self) -> u64 {
        self.0.at()
    }
}

impl<S: ByteSource> Iterator for Records<S> {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<io::Result<Record>> {
        let ahead = match self.0.ahead(LONGEST).map(format::next) {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        let (record, length) = ahead?;
        self.0.take(length);
        Some(Ok(record))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::format::{push, title};
    use super::*;
    use crate::protocol::Key;

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

    /// The records behind the title, and where they end.
    fn read(title: &[u8], bytes: &[u8]) -> (Vec<Record>, usize) {
        let mut records = Records::new(bytes, title.len() as u64);
        let all = records.by_ref().map(Result::unwrap).collect();
        (all, records.at() as usize)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in prop::collection::vec(record(), 0..20)) {
            let (title, bytes) = file(&records);
            prop_assert_eq!(owner(&bytes[..], &title).unwrap(), Owner::Ours);
            let whole = bytes.len();
            prop_assert_eq!(read(&title, &bytes), (records, whole));
        }

        #[test]
        fn a_file_cut_anywhere_keeps_the_records_before_the_cut(
            records in prop::collection::vec(record(), 0..10), cut in any::<prop::sample::Index>(),
        ) {
            let (title, bytes) = file(&records);
            let cut = cut.index(bytes.len() + 1);
            if cut < title.len() {
                prop_assert_eq!(owner(&bytes[..cut], &title).unwrap(), Owner::Nobody);
                return Ok(());
            }
            let (kept, whole) = read(&title, &bytes[..cut]);
            prop_assert!(whole <= cut);
            prop_assert_eq!(&kept[..], &records[..kept.len()]);
            prop_assert_eq!(whole, file(&kept).1.len());
        }

        #[test]
        fn a_changed_byte_becomes_no_other_key(
            records in prop::collection::vec(record(), 1..10), at in any::<prop::sample::Index>(), by in 1u8..,
        ) {
            let (title, mut bytes) = file(&records);
            let at = title.len() + at.index(bytes.len() - title.len());
            bytes[at] ^= by;
            let (kept, _) = read(&title, &bytes);
            prop_assert!(kept.len() < records.len());
            prop_assert_eq!(&kept[..], &records[..kept.len()]);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = owner(&bytes[..], &title("main", "m0")).unwrap();
            let _ = read(b"", &bytes);
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_not_read() {
        let title = |server| title("main", server);
        let others = b"#!/bin/sh\necho this is somebody else's file\n";
        assert_eq!(owner(&others[..], &title("m0")).unwrap(), Owner::Others);
        assert_eq!(owner(&title("m1")[..], &title("m0")).unwrap(), Owner::Others);
    }
}
