//! Frames that can be found again behind damage, also where what stands in them comes from strangers.
//!
//! ```text
//!   length of the body (4) │ its sum (4) │ body │ sum of the body (8)        numbers: little-endian
//! ```
//! Both sums begin with the salt of the file, a random number that never leaves it. So the bytes of a body, whoever wrote
//! them, are taken for a frame by a chance of one in 2⁹⁶; and where a frame begins is told by eight bytes, so that looking for
//! one costs no more than reading.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Framed, LENGTH, SUM};

/// Bytes of a frame before the body.
pub(crate) const HEAD: usize = LENGTH + 4;
/// Bytes of a frame beside the body.
pub(crate) const AROUND: usize = HEAD + SUM;

/// Appends the frame of `record` in a file of this salt.
pub(crate) fn push(record: &impl Framed, salt: u64, bytes: &mut Vec<u8>) {
    let body = bytes.len() + HEAD;
    bytes.extend_from_slice(&[0; HEAD]);
    record.write(bytes);
    let head = head((bytes.len() - body) as u32, salt);
    bytes[body - HEAD..body].copy_from_slice(&head);
    let sum = xxh3_64_with_seed(&bytes[body..], salt);
    bytes.extend_from_slice(&sum.to_le_bytes());
}

/// The record at the front of `bytes`, and how long its frame is; `None` if there is no whole one.
pub(crate) fn next<R: Framed>(bytes: &[u8], salt: u64) -> Option<(R, usize)> {
    let length = length::<R>(bytes, salt)?;
    let (body, rest) = bytes[HEAD..].split_at_checked(length)?;
    let sum = u64::from_le_bytes(*rest.first_chunk()?);
    (sum == xxh3_64_with_seed(body, salt)).then_some(())?;
    Some((R::read(body)?, length + AROUND))
}

/// How many bytes the frame at the front of `bytes` takes.
pub(super) fn taken<R: Framed>(bytes: &[u8], salt: u64) -> usize {
    length::<R>(bytes, salt).unwrap_or(0) + AROUND
}

/// Whether `bytes` begin as a frame does.
pub(super) fn begins<R: Framed>(bytes: &[u8], salt: u64) -> bool {
    length::<R>(bytes, salt).is_some()
}

fn length<R: Framed>(bytes: &[u8], salt: u64) -> Option<usize> {
    let told = bytes.first_chunk::<HEAD>()?;
    let length = u32::from_le_bytes(*told.first_chunk()?);
    (length as usize <= R::LONGEST && head(length, salt) == *told).then_some(length as usize)
}

fn head(length: u32, salt: u64) -> [u8; HEAD] {
    let sum = xxh3_64_with_seed(&length.to_le_bytes(), salt) >> 32;
    (sum << 32 | u64::from(length)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::frames::Records;

    const SALT: u64 = 0x5a17;

    fn salted(records: &[Vec<u8>], salt: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        records.iter().for_each(|record| push(record, salt, &mut bytes));
        bytes
    }

    /// All records that are there, how many bytes were passed over between them, and where the last one ends.
    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, u64, usize) {
        let mut records = Records::salted(SALT, bytes, 0);
        let (mut all, mut damaged) = (Vec::new(), 0);
        loop {
            all.extend(records.by_ref().map(Result::unwrap));
            match records.skip_damaged().unwrap() {
                Some(skipped) => damaged += skipped,
                None => return (all, damaged, records.at() as usize),
            }
        }
    }

    fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
        vec(vec(any::<u8>(), 0..=300), 1..8)
    }

    proptest! {
        #[test]
        fn a_changed_bit_anywhere_costs_one_record(records in bodies(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut bytes = salted(&records, SALT);
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            let hit = (1..).find(|count| at < salted(&records[..*count], SALT).len()).unwrap() - 1;
            let mut others = records.clone();
            others.remove(hit);
            let (kept, damaged, end) = read(&bytes);
            prop_assert_eq!(kept, others);
            let own = (records[hit].len() + AROUND) as u64;
            prop_assert_eq!(damaged + (bytes.len() - end) as u64, own);
        }

        #[test]
        fn what_was_written_is_read_up_to_where_it_is_torn(records in bodies(), cut in any::<prop::sample::Index>()) {
            let bytes = salted(&records, SALT);
            let cut = cut.index(bytes.len() + 1);
            let (kept, damaged, end) = read(&bytes[..cut]);
            prop_assert_eq!(&kept[..], &records[..kept.len()]);
            prop_assert_eq!((damaged, end), (0, salted(&kept, SALT).len()));
            prop_assert!(kept.len() == records.len() || cut < salted(&records[..=kept.len()], SALT).len());
        }

        #[test]
        fn what_a_stranger_writes_is_no_frame(planted in bodies(), salt in any::<u64>(), at in 0usize..8) {
            prop_assume!(salt != SALT);
            let body = salted(&planted, salt)[..].iter().copied().take(300).collect::<Vec<u8>>();
            let mut bytes = salted(&[body, b"behind".to_vec()], SALT);
            bytes[at] ^= 1;
            prop_assert_eq!(read(&bytes).0, [b"behind".to_vec()]);
        }
    }

    #[test]
    fn the_frame_is_what_files_on_disks_have() {
        let [length, sum] = [&[2, 0, 0, 0][..], b"R1"].map(|bytes| xxh3_64_with_seed(bytes, SALT).to_le_bytes());
        let expected = [&[2, 0, 0, 0][..], &length[4..], b"R1", &sum].concat();
        assert_eq!(salted(&[b"R1".to_vec()], SALT), expected);
    }

    #[test]
    fn looking_reads_on_over_any_number_of_bytes() {
        let mut bytes = vec![0; 200_000];
        bytes.extend_from_slice(&salted(&[b"behind".to_vec()], SALT));
        assert_eq!(read(&bytes), (vec![b"behind".to_vec()], 200_000, bytes.len()));
        assert_eq!(read(&bytes[..200_020]), (Vec::new(), 0, 0), "nothing is passed over where nothing follows");
    }
}
