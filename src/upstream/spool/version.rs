//! The layout of a spool's file: a line that says which server the deletes are for, then the deletes. There are two
//! versions: leash writes the second, and also reads the first, which earlier versions of leash left.
//!
//! ```text
//!   leash spool <version> <pool> <server> LF
//! ```

use std::io;

use super::format::Record;
use super::format_1;
use crate::runtime::frames::Records;
use crate::runtime::pieces::{ByteSource, Pieces};

/// How records stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Each with a sum of its own: read, and written no more.
    One,
    /// In frames.
    Two,
}

impl Version {
    /// All of them.
    pub const ALL: [Version; 2] = [Version::One, Version::Two];

    /// The line before the records; in all versions it is as long.
    pub fn title(self, pool: &str, server: &str) -> Vec<u8> {
        let number = match self {
            Version::One => 1,
            Version::Two => 2,
        };
        format!("leash spool {number} {pool} {server}\n").into_bytes()
    }

    /// The records of `source` from the byte `at` on.
    pub fn records<S: ByteSource>(self, source: S, at: u64) -> Records<S, Record> {
        match self {
            Version::One => Records::framed_by(|bytes, _| format_1::next(bytes), |_, _| format_1::LONGEST, source, at),
            Version::Two => Records::new(source, at),
        }
    }
}

/// Which server a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// No server's yet: it ends before its title does.
    Nobody,
    /// That server's, in this version.
    Ours(Version),
    /// It is something else.
    Others,
}

/// Whether `source` belongs to this server of this pool.
pub(super) fn owner(source: impl ByteSource, pool: &str, server: &str) -> io::Result<Owner> {
    let titles = Version::ALL.map(|version| (version, version.title(pool, server)));
    let mut pieces = Pieces::new(source, 0);
    let beginning = pieces.ahead(titles[0].1.len())?;
    let ours = titles.iter().find(|(_, title)| beginning.starts_with(title));
    Ok(match ours {
        Some((version, _)) => Owner::Ours(*version),
        None if titles.iter().any(|(_, title)| title.starts_with(beginning)) => Owner::Nobody,
        None => Owner::Others,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::Key;
    use crate::runtime::frames::framed;

    /// What an earlier version of leash wrote behind its title.
    const EARLIER: &[u8] = include_bytes!("../../../fuzz/seeds/spool/three_records");

    fn record() -> impl Strategy<Value = Record> {
        let text = "[!-~]{1,250}".prop_map(|text| Key::text(text.into()).unwrap());
        let binary = prop::collection::vec(any::<u8>(), 1..=186).prop_map(|bytes| Key::binary(bytes.into()).unwrap());
        (prop_oneof![text, binary], any::<u64>()).prop_map(|(key, since)| Record { key, since })
    }

    fn read(version: Version, bytes: &[u8]) -> (Vec<Record>, usize) {
        let (records, end) = version.records(bytes, 0).all().unwrap();
        (records, end as usize)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in prop::collection::vec(record(), 0..20)) {
            let bytes = framed(&records);
            prop_assert_eq!(read(Version::Two, &bytes), (records, bytes.len()));
        }

        #[test]
        fn a_file_cut_anywhere_is_ours_once_its_title_is_whole(cut in any::<prop::sample::Index>()) {
            for version in Version::ALL {
                let title = version.title("main", "m0");
                let bytes = [&title[..], EARLIER].concat();
                let cut = cut.index(bytes.len() + 1);
                let expected = if cut < title.len() { Owner::Nobody } else { Owner::Ours(version) };
                prop_assert_eq!(owner(&bytes[..cut], "main", "m0").unwrap(), expected);
            }
        }

        #[test]
        fn an_earlier_file_cut_or_changed_anywhere_tells_no_other_key(at in any::<prop::sample::Index>(), by in 1u8..) {
            let (written, _) = read(Version::One, EARLIER);
            let at = at.index(EARLIER.len());
            let mut changed = EARLIER.to_vec();
            changed[at] ^= by;
            for bytes in [&EARLIER[..at], &changed] {
                let (kept, end) = read(Version::One, bytes);
                prop_assert!(end <= at && kept.len() < written.len());
                prop_assert_eq!(&kept[..], &written[..kept.len()]);
            }
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = owner(&bytes[..], "main", "m0").unwrap();
            for version in Version::ALL {
                let _ = read(version, &bytes);
            }
        }
    }

    #[test]
    fn what_an_earlier_leash_wrote_is_read() {
        let (records, end) = read(Version::One, EARLIER);
        assert_eq!((records.len(), end), (3, EARLIER.len()));
        assert!(
            records.iter().any(|record| record.key.is_binary()) && records.iter().any(|record| !record.key.is_binary())
        );
    }

    #[test]
    fn a_file_of_somebody_else_is_not_read() {
        let others = b"#!/bin/sh\necho this is somebody else's file\n";
        assert_eq!(owner(&others[..], "main", "m0").unwrap(), Owner::Others);
        for version in Version::ALL {
            assert_eq!(owner(&version.title("main", "m1")[..], "main", "m0").unwrap(), Owner::Others);
        }
    }
}
