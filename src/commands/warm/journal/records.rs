//! The records of a progress file, one after the other, up to where it is torn.

use std::io;

use super::record::{LONGEST, Record};
use crate::runtime::pieces::{ByteSource, Pieces};

/// A record, with all that stands around it.
const WHOLE: usize = LONGEST + 12;

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
        let ahead = match self.0.ahead(WHOLE) {
            Ok(ahead) => ahead,
            Err(error) => return Some(Err(error)),
        };
        let (record, length) = Record::decode(ahead)?;
        self.0.take(length);
        Some(Ok(record))
    }
}
