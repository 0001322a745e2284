//! Disk space that comes back: segments go from the oldest on, and what still counts in it is written anew first when too
//! little does.

use std::io;

use super::QueueJournal;
use super::source::{LeftRecord, LeftRecords};
use crate::queue::disk::SegmentDisk;

/// So much is looked through at once for messages to move.
const MOVED: u64 = 1 << 20;

impl<D: SegmentDisk> QueueJournal<D> {
    /// Removes segments in which nothing counts any more, the oldest first.
    ///
    /// # Errors
    /// What the disk says.
    pub(in crate::queue) fn reclaim(&mut self) -> io::Result<()> {
        while self.segments.len() > 1 && self.segments[0].live == 0 {
            // What was moved out of it must outlive the machine as what stood there did.
            self.sync()?;
            self.disk.remove(self.segments[0].number)?;
            self.segments.pop_front();
            self.moved = 0;
        }
        Ok(())
    }

    /// Messages of the oldest segment to write anew, some at a time, so that it can go; none while little would be won.
    ///
    /// # Errors
    /// What the disk says.
    pub(in crate::queue) fn must_move(&mut self) -> io::Result<Vec<LeftRecord>> {
        let (bytes, live) = self.sealed();
        if !self.is_begun || bytes <= 2 * live + 2 * self.full {
            return Ok(Vec::new());
        }
        let (number, form) = (self.segments[0].number, self.segments[0].form);
        let begin = self.moved.max(form.begin());
        let (mut records, mut left) = (LeftRecords::new(&mut self.disk, (number, form), begin), Vec::new());
        while records.at() < begin + MOVED {
            let Some(record) = records.next().transpose()? else { break };
            left.push(record);
        }
        self.moved = records.at();
        Ok(left)
    }

    /// Bytes of all segments but the last, and of the messages there that count.
    fn sealed(&self) -> (u64, u64) {
        let sealed = self.segments.iter().take(self.segments.len().saturating_sub(1));
        sealed.fold((0, 0), |(bytes, live), segment| (bytes + segment.length, live + segment.live_bytes))
    }

    /// The bytes of all segments.
    pub(in crate::queue) fn bytes(&self) -> u64 {
        self.sealed().0 + self.end
    }
}
