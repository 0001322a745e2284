//! What a segment begins with: it tells in what form records stand there.
//!
//! ```text
//!   "leash queue 2" LF │ salt (8) │ its sum (8) │ salt │ its sum      salted frames
//!   "leash queue 1" LF                                               plain frames: read, and written no more
//! ```
//! Nothing of a segment can be read without its salt, so that stands there twice.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::queue::record::QueueRecord;
use crate::runtime::frames::{self, Records, salted};
use crate::runtime::pieces::ByteSource;

const WORDS: &[u8] = b"leash queue 2\n";
const EARLIER_WORDS: &[u8] = b"leash queue 1\n";
/// A salt and its sum.
const SALT: usize = 16;
/// The longest title.
pub(super) const LONGEST_TITLE: usize = WORDS.len() + 2 * SALT;

/// How records stand in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentForm {
    Plain,
    /// With this salt.
    Salted(u64),
}

/// What the beginning of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentTitle {
    /// It is a segment of this form; whether all of the title is as it was written.
    Known(SegmentForm, bool),
    /// It ends before it says anything.
    Short,
    /// It is no segment, or one of another leash.
    Strange,
}

impl SegmentForm {
    /// What a segment of this form begins with.
    pub(super) fn title(self) -> Vec<u8> {
        match self {
            SegmentForm::Plain => EARLIER_WORDS.to_vec(),
            SegmentForm::Salted(salt) => {
                let salt = [salt.to_le_bytes(), sum(salt).to_le_bytes()].concat();
                [WORDS, &salt, &salt].concat()
            }
        }
    }

    /// Where its records begin.
    pub(super) fn begin(self) -> u64 {
        match self {
            SegmentForm::Plain => EARLIER_WORDS.len() as u64,
            SegmentForm::Salted(_) => LONGEST_TITLE as u64,
        }
    }

    /// Bytes of a frame before what stands in it.
    pub(super) fn head(self) -> usize {
        match self {
            SegmentForm::Plain => frames::LENGTH,
            SegmentForm::Salted(_) => salted::HEAD,
        }
    }

    /// The record at the front of `bytes`.
    pub(super) fn first(self, bytes: &[u8]) -> Option<QueueRecord> {
        let first = match self {
            SegmentForm::Plain => frames::next(bytes),
            SegmentForm::Salted(salt) => salted::next(bytes, salt),
        };
        first.map(|(record, _)| record)
    }

    /// The records of `source` from the byte `at` on.
    pub(super) fn records<S: ByteSource>(self, source: S, at: u64) -> Records<S, QueueRecord> {
        match self {
            SegmentForm::Plain => Records::new(source, at),
            SegmentForm::Salted(salt) => Records::salted(salt, source, at),
        }
    }
}

impl SegmentTitle {
    /// Reads the first bytes of a file: as many as the longest title has, or all there are.
    pub(super) fn read(bytes: &[u8]) -> SegmentTitle {
        let salts = bytes.get(WORDS.len()..).unwrap_or_default().chunks_exact(SALT).take(2);
        let form = match salts.filter_map(salt).next() {
            Some(salt) => SegmentForm::Salted(salt),
            None if bytes.starts_with(EARLIER_WORDS) => SegmentForm::Plain,
            None if [WORDS, EARLIER_WORDS].iter().any(|words| words.starts_with(bytes)) => return SegmentTitle::Short,
            None if bytes.starts_with(WORDS) && bytes.len() < LONGEST_TITLE => return SegmentTitle::Short,
            None => return SegmentTitle::Strange,
        };
        SegmentTitle::Known(form, bytes.starts_with(&form.title()))
    }
}

fn sum(salt: u64) -> u64 {
    xxh3_64_with_seed(&salt.to_le_bytes(), 2)
}

fn salt(bytes: &[u8]) -> Option<u64> {
    let (salt, told) = bytes.split_first_chunk()?;
    let salt = u64::from_le_bytes(*salt);
    (sum(salt).to_le_bytes() == told).then_some(salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_read_though_any_byte_of_it_is_damaged_and_short_if_it_ends_before_a_salt() {
        let form = SegmentForm::Salted(77);
        let title = form.title();
        assert_eq!(SegmentTitle::read(&title), SegmentTitle::Known(form, true));
        for at in 0..title.len() {
            let mut damaged = title.clone();
            damaged[at] ^= 4;
            assert_eq!(SegmentTitle::read(&damaged), SegmentTitle::Known(form, false), "byte {at}");
            let cut = SegmentTitle::read(&title[..at]);
            let expected = if at < WORDS.len() + SALT { SegmentTitle::Short } else { SegmentTitle::Known(form, false) };
            assert_eq!(cut, expected, "cut at {at}");
        }
    }

    #[test]
    fn what_an_earlier_leash_wrote_is_known_and_anything_else_is_strange() {
        assert_eq!(SegmentTitle::read(b"leash queue 1\nanything"), SegmentTitle::Known(SegmentForm::Plain, true));
        for strange in [&b"leash queue 3\n"[..], b"hello", &[b"leash queue 2\n", &[7; 32][..]].concat()] {
            assert_eq!(SegmentTitle::read(strange), SegmentTitle::Strange);
        }
        assert_eq!(SegmentTitle::read(b""), SegmentTitle::Short);
    }
}
