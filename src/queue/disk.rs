//! What a holder asks of a disk: a trait, so that a simulation can tear, fill and lose one.

use std::io;

/// A disk as a holder uses it. Places are bytes from the beginning of a segment.
pub trait SegmentDisk {
    /// The numbers of the segments that there are, in order.
    fn numbers(&self) -> io::Result<Vec<u32>>;
    /// What people find a segment by.
    fn name(&self, segment: u32) -> String;
    /// A number that no client can know.
    fn salt(&mut self) -> u64;
    /// Begins a segment with these bytes: the disk will not forget any of it, or it is not there at all.
    fn create(&mut self, segment: u32, beginning: &[u8]) -> io::Result<()>;
    /// How long a segment is.
    fn length(&mut self, segment: u32) -> io::Result<u64>;
    /// Writes at a place.
    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Reads into `buffer` from a place on, and tells how many bytes: at least one, unless it is the end.
    fn read_some(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    /// The same until `buffer` is full or the end has come. What a disk has read before it breaks off is not all there is: why it
    /// did only the next read tells.
    fn read(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match self.read_some(segment, &mut buffer[read..], at + read as u64) {
                Ok(0) => break,
                Ok(some) => read += some,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
    /// Cuts off what stands behind `length`.
    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()>;
    /// Waits until the disk has all that was written to a segment.
    fn sync(&mut self, segment: u32) -> io::Result<()>;
    /// Removes a segment.
    fn remove(&mut self, segment: u32) -> io::Result<()>;
    /// Copies a segment that is damaged to where no leash reads it, for people to look at, unless there is a copy of all of
    /// it; tells where.
    fn set_aside(&mut self, segment: u32) -> io::Result<String>;
    /// How many such copies there are.
    fn copies(&mut self) -> io::Result<u64>;
}
