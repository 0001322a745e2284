//! Waiting for the disk: at once, or elsewhere while more is written.

use std::io;

use super::QueueJournal;
use crate::queue::disk::SegmentDisk;

/// What the disk has once a wait that was begun here is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::queue) struct SyncPoint {
    /// The segment that it is about.
    pub segment: u32,
    /// What was written to it when the wait began.
    end: u64,
    /// How often its end had gone back.
    retreats: u64,
}

impl<D: SegmentDisk> QueueJournal<D> {
    /// Waits until the disk has all that was written.
    ///
    /// # Errors
    /// What the disk says. What it has not taken is written once more, for it counts as clean from then on.
    pub(in crate::queue) fn sync(&mut self) -> io::Result<()> {
        let Some(point) = self.sync_point() else { return Ok(()) };
        let done = self.disk.sync(point.segment);
        self.synced(point, done)
    }

    /// Where a wait for the disk begins; `None` if it has everything.
    pub(in crate::queue) fn sync_point(&self) -> Option<SyncPoint> {
        let point = SyncPoint { segment: self.last(), end: self.end, retreats: self.retreats };
        self.is_behind.then_some(point)
    }

    /// The disk that owns the segments.
    pub(in crate::queue) fn disk(&mut self) -> &mut D {
        &mut self.disk
    }

    /// The wait that began at this point is over.
    ///
    /// # Errors
    /// What the disk said.
    pub(in crate::queue) fn synced(&mut self, point: SyncPoint, done: io::Result<()>) -> io::Result<()> {
        if point.segment != self.last() {
            // It was full since, and waited for as a whole.
            return Ok(());
        }
        let lost = || io::Error::other("the disk has lost what it was told to keep, and does not take it again");
        let done = done.and_then(|()| if self.is_doubtful { Err(lost()) } else { Ok(()) });
        if let Err(error) = done {
            self.is_behind = true;
            self.is_doubtful = self.write_again(point.segment).is_err();
            return Err(error);
        }
        if point.retreats == self.retreats {
            self.synced = self.synced.max(point.end);
            self.is_behind = self.synced < self.end;
        }
        Ok(())
    }

    fn write_again(&mut self, number: u32) -> io::Result<()> {
        let mut bytes = vec![0; usize::try_from(self.end - self.synced).unwrap_or(0)];
        let read = self.disk.read(number, &mut bytes, self.synced)?;
        if read < bytes.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.disk.write(number, &bytes, self.synced)
    }
}
