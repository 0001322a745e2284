//! The bytes of a file from a place on, a bounded piece at a time: so a file of any size is read in the same memory.
//! Knows nothing of what stands there.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// So much is read at once.
const CHUNK: usize = 64 * 1024;
/// What a read finds room in.
static ROOM: [u8; CHUNK] = [0; CHUNK];

/// Where bytes can be read from any place.
pub trait ByteSource {
    /// Reads bytes from `at` on into `buffer`, and tells how many; none at the end.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
}

impl ByteSource for Arc<File> {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        FileExt::read_at(&**self, buffer, at)
    }
}

impl ByteSource for &[u8] {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// Reads from a place on.
pub(crate) struct Pieces<S> {
    source: S,
    /// What was read, and how much of it was taken already.
    buffer: Vec<u8>,
    taken: usize,
    /// Where the next read begins.
    read: u64,
}

impl<S: ByteSource> Pieces<S> {
    /// Those of `source` from the byte `at` on.
    pub(crate) fn new(source: S, at: u64) -> Pieces<S> {
        Pieces { source, buffer: Vec::new(), taken: 0, read: at }
    }

    /// Where what was taken ends.
    pub(crate) fn at(&self) -> u64 {
        self.read - (self.buffer.len() - self.taken) as u64
    }

    /// What is ahead: at least `want` bytes, or all that are left. Holds no more than twice that and
    /// 64 KiB.
    pub(crate) fn ahead(&mut self, want: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.taken < want {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            self.fill(want)?;
        }
        Ok(&self.buffer[self.taken..])
    }

    /// Goes past this many of the bytes that are ahead.
    pub(crate) fn take(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.buffer.len());
    }

    /// Goes back to a byte.
    pub(crate) fn go_back(&mut self, at: u64) {
        self.buffer.clear();
        (self.taken, self.read) = (0, at);
    }

    fn fill(&mut self, want: usize) -> io::Result<()> {
        // More than is wanted, so that what is left is not moved each time.
        while self.buffer.len() < 2 * want {
            let before = self.buffer.len();
            self.buffer.extend_from_slice(&ROOM);
            let read = self.source.read_at(&mut self.buffer[before..], self.read);
            self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break,
                Ok(read) => self.read += read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_once_in_order_and_the_buffer_stays_small() {
        let bytes: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        let mut pieces = Pieces::new(&bytes[..], 7);
        let mut seen = Vec::new();
        while let ahead @ [_, ..] = pieces.ahead(100).unwrap() {
            let count = ahead.len().min(33);
            seen.extend_from_slice(&ahead[..count]);
            pieces.take(count);
            assert!(pieces.buffer.len() <= 200 + CHUNK);
            assert_eq!(pieces.at(), 7 + seen.len() as u64);
        }
        assert_eq!(seen, bytes[7..]);
    }
}
