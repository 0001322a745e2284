//! Records in a file that only grows at its end: each stands whole in a frame, or it does not stand there.
//!
//! ```text
//!   length of the body (4) │ body │ XXH3-64 of the body (8)        numbers: little-endian
//! ```
//! A frame that is not whole was being written when the process or the machine ended; it and all that follows are worth
//! nothing. [`Records`] ends there and tells where, so that the owner of the file can cut it off and say so. Memory
//! stays the same for any number of records. The owner opens the file and knows what a record says. Frames that are found
//! again behind such a place are [salted].

mod records;
pub(crate) mod salted;

use xxhash_rust::xxh3::xxh3_64;

pub use records::Records;

/// Bytes of a frame before the body.
pub(crate) const LENGTH: usize = 4;
const SUM: usize = 8;
/// Bytes of a frame beside the body.
pub const AROUND: usize = LENGTH + SUM;

/// What stands in frames.
pub trait Framed: Sized {
    /// No body is longer; what claims to be is no frame.
    const LONGEST: usize;

    /// Appends the body.
    fn write(&self, body: &mut Vec<u8>);

    /// Reads a body. `None` for one that says nothing.
    fn read(body: &[u8]) -> Option<Self>;
}

/// Appends the frame of `record`.
pub fn push(record: &impl Framed, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; LENGTH]);
    record.write(bytes);
    let body = start + LENGTH;
    let (length, sum) = ((bytes.len() - body) as u32, xxh3_64(&bytes[body..]));
    bytes[start..body].copy_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&sum.to_le_bytes());
}

/// The record at the front of `bytes`, and how long its frame is; `None` if there is no whole one.
pub fn next<R: Framed>(bytes: &[u8]) -> Option<(R, usize)> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= R::LONGEST)?;
    let (body, rest) = rest.split_at_checked(length)?;
    let (sum, _) = rest.split_first_chunk::<SUM>()?;
    (u64::from_le_bytes(*sum) == xxh3_64(body)).then_some(())?;
    Some((R::read(body)?, length + AROUND))
}

/// What stands in a file for these.
pub fn framed<R: Framed>(records: &[R]) -> Vec<u8> {
    let mut bytes = Vec::new();
    records.iter().for_each(|record| push(record, &mut bytes));
    bytes
}

/// How many bytes the frame at the front of `bytes` says it takes; what says more than a frame may is asked for no more
/// than that.
fn taken<R: Framed>(bytes: &[u8]) -> usize {
    let length = bytes.first_chunk::<LENGTH>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    length.min(R::LONGEST) + AROUND
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    impl Framed for Vec<u8> {
        const LONGEST: usize = 300;

        fn write(&self, body: &mut Vec<u8>) {
            body.extend_from_slice(self);
        }

        fn read(body: &[u8]) -> Option<Vec<u8>> {
            Some(body.to_vec())
        }
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (records, end) = Records::new(bytes, 0).all().unwrap();
        (records, end as usize)
    }

    fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
        vec(vec(any::<u8>(), 0..=300), 1..8)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_up_to_where_it_is_torn(records in bodies(), cut in any::<prop::sample::Index>()) {
            let bytes = framed(&records);
            prop_assert_eq!(read(&bytes), (records.clone(), bytes.len()));
            let cut = cut.index(bytes.len());
            let (kept, whole) = read(&bytes[..cut]);
            prop_assert_eq!(&kept[..], &records[..kept.len()]);
            prop_assert_eq!(whole, framed(&kept).len());
            prop_assert!(whole <= cut && cut < framed(&records[..=kept.len()]).len());
        }

        #[test]
        fn a_changed_byte_ends_the_file_before_it(records in bodies(), at in any::<prop::sample::Index>(), by in 1u8..) {
            let mut bytes = framed(&records);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            let (kept, whole) = read(&bytes);
            prop_assert!(whole <= at);
            prop_assert_eq!(&kept[..], &records[..kept.len()]);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..600)) {
            let (records, end) = read(&bytes);
            prop_assert_eq!(&framed(&records)[..], &bytes[..end]);
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_no_record() {
        assert_eq!(read(&framed(&[vec![7; 300], vec![7; 301], vec![7]])), (vec![vec![7; 300]], 312));
    }

    #[test]
    fn the_frame_is_what_files_on_disks_have() {
        let sum = xxh3_64(b"R1").to_le_bytes();
        assert_eq!(framed(&[b"R1".to_vec()]), [&[2, 0, 0, 0, b'R', b'1'][..], &sum].concat());
    }
}
