//! The progress file of `leash warm`: any bytes are read up to a place, and what was written is what is read, or less.

use bytes::{Buf, Bytes};
use leash::commands::warm::journal_record::{JournalEntry, JournalRecord};
use leash::runtime::frames::{Records, framed};

/// Whatever a file holds, and whatever becomes of one with records made of these bytes.
pub fn hold(bytes: &[u8]) {
    let (told, end) = read(bytes);
    assert_eq!(framed(&told), bytes[..end]);
    let records = records(Bytes::copy_from_slice(bytes));
    let file = framed(&records);
    assert_eq!(read(&file), (records.clone(), file.len()));
    let places = bytes.windows(2).take(4).map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])));
    for at in places.filter(|_| !file.is_empty()).map(|place| place % file.len()) {
        only_the_end_is_lost(&records, &file[..at]);
        let mut changed = file.clone();
        changed[at] ^= bytes[0] | 1;
        only_the_end_is_lost(&records, &changed);
    }
}

/// The records of a file, and where they end.
fn read(bytes: &[u8]) -> (Vec<JournalRecord>, usize) {
    let (records, end) = Records::new(bytes, 0).all().expect("bytes can be read");
    (records, end as usize)
}

/// A file that was torn or damaged tells nothing that was not written.
fn only_the_end_is_lost(written: &[JournalRecord], file: &[u8]) {
    let (records, _) = read(file);
    assert_eq!(records, written[..records.len()]);
}

/// Records of these bytes: a kind and a length each, and then what it is made of.
fn records(mut bytes: Bytes) -> Vec<JournalRecord> {
    let mut records = Vec::new();
    while bytes.len() >= 2 {
        let (kind, length) = (bytes.get_u8(), usize::from(bytes.get_u8()));
        records.push(record(kind, bytes.split_to(length.min(bytes.len()))));
    }
    records
}

fn record(kind: u8, mut made_of: Bytes) -> JournalRecord {
    let source = u32::from(kind);
    let number = (made_of.len() as u64).wrapping_mul(0x0101_0101_0101_0101);
    match kind % 5 {
        0 => JournalRecord::Plan(String::from_utf8_lossy(&made_of).into_owned()),
        1 => JournalRecord::Listed { source, keys: number },
        2 => JournalRecord::Reached { done: number, refused: u64::from(kind) },
        3 => JournalRecord::Finished { source, keys: number },
        _ => {
            let mut entries = Vec::new();
            while !made_of.is_empty() {
                let length = usize::from(made_of.get_u8()).min(made_of.len());
                entries.push(JournalEntry { route: source, size: length as u32, key: made_of.split_to(length) });
            }
            JournalRecord::Keys(entries)
        }
    }
}
