//! The records of a progress file, one after the other, up to where it is torn.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::record::{LONGEST, Record};

/// Reads records from a place of a file on.
pub struct Records {
    file: Arc<File>,
    /// What was read, and how much of it was told already.
    buffer: Vec<u8>,
    taken: usize,
    /// Where the next read begins.
    read: u64,
}

impl Records {
    /// Those of `file` from the byte `at` on.
    pub fn new(file: Arc<File>, at: u64) -> Records {
        Records { file, buffer: Vec::new(), taken: 0, read: at }
    }

    /// Where the records that were told end.
    pub fn at(&self) -> u64 {
        self.read - (self.buffer.len() - self.taken) as u64
    }

    /// Sees to it that a whole record is there, if there is one.
    fn fill(&mut self) -> io::Result<()> {
        if self.buffer.len() - self.taken >= LONGEST {
            return Ok(());
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let mut chunk = vec![0; 2 * LONGEST];
        while self.buffer.len() < LONGEST {
            match self.file.read_at(&mut chunk, self.read) {
                Ok(0) => break,
                Ok(read) => {
                    self.buffer.extend_from_slice(&chunk[..read]);
                    self.read += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Iterator for Records {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<io::Result<Record>> {
        if let Err(error) = self.fill() {
            return Some(Err(error));
        }
        let (record, length) = Record::decode(&self.buffer[self.taken..])?;
        self.taken += length;
        Some(Ok(record))
    }
}
