//! The file of a spool, behind its title: any bytes are read up to a place, and what was written is what is read, or
//! less.

use bytes::Bytes;
use leash::protocol::{Key, MAX_KEY};
use leash::runtime::frames::framed;
use leash::upstream::spool_bytes::{Record, Version};

/// Whatever a file holds, and whatever becomes of one that holds these bytes as keys.
pub fn hold(bytes: &[u8]) {
    is_read_truly(bytes);
    let records = records(bytes);
    let file = framed(&records);
    assert_eq!(read(&file), (records.clone(), file.len()));
    for at in places(bytes, file.len()) {
        only_the_end_is_lost(&records, &file[..at]);
        let mut changed = file.clone();
        changed[at] ^= bytes[0] | 1;
        only_the_end_is_lost(&records, &changed);
    }
}

/// The records of a file of today, and where they end.
fn read(bytes: &[u8]) -> (Vec<Record>, usize) {
    let (records, end) = Version::Two.records(bytes, 0).all().expect("bytes can be read");
    (records, end as usize)
}

/// What is read of a file stands there, and is fit to be sent, whichever version of leash wrote it.
fn is_read_truly(bytes: &[u8]) {
    let (records, end) = read(bytes);
    assert_eq!(framed(&records), bytes[..end]);
    let earlier = Version::One.records(bytes, 0).map(|record| record.expect("bytes can be read"));
    for record in records.into_iter().chain(earlier) {
        let key = record.key.as_bytes();
        assert!((1..=MAX_KEY).contains(&key.len()));
        assert!(record.key.is_binary() || key.iter().all(|&b| b > b' ' && b != 0x7f), "a text key with {key:?}");
    }
}

/// A file that was torn or damaged tells nothing that was not written.
fn only_the_end_is_lost(written: &[Record], file: &[u8]) {
    let (records, _) = read(file);
    assert_eq!(records, written[..records.len()]);
}

/// Keys of these bytes: a length each, odd for binary ones.
fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (key, behind) = rest.split_at(usize::from(*length).min(rest.len()));
        let key = Bytes::copy_from_slice(key);
        let key = if length % 2 == 0 { Key::text(key) } else { Key::binary(key) };
        records.extend(key.map(|key| Record { key, since: records.len() as u64 }));
        bytes = behind;
    }
    records
}

/// Some places in a file of this length.
fn places(bytes: &[u8], length: usize) -> impl Iterator<Item = usize> {
    let some = bytes.windows(2).take(4).map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])));
    some.filter(move |_| length > 0).map(move |place| place % length)
}
