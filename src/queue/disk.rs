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
    /// Reads into `buffer` from a place on, and tells how many bytes; none at the end.
    fn read(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize>;
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
