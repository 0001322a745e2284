//! A progress file as bytes, for those who try any bytes on it (`fuzz/`); leash itself knows only the file.

use std::io;

use super::records::Records;

pub use super::record::{Entry, Record};

/// The records of a file, and where they end.
pub fn read(bytes: &[u8]) -> io::Result<(Vec<Record>, usize)> {
    let mut records = Records::new(bytes, 0);
    let all = records.by_ref().collect::<io::Result<Vec<Record>>>()?;
    Ok((all, records.at() as usize))
}

/// What stands in a file for these.
pub fn write(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    records.iter().for_each(|record| record.encode(&mut bytes));
    bytes
}
