//! What an earlier process left: its records in order, without what is torn or damaged.

use std::io::{self, ErrorKind};

use super::source::{LeftRecord, LeftRecords};
use super::{QueueJournal, Segment, TITLE};
use crate::queue::segments::SegmentDisk;

/// An interrupted write hardly leaves more than this.
const TORN: u64 = 1 << 20;

impl<D: SegmentDisk> QueueJournal<D> {
    /// Reads what there is on `disk`, tells `tell` every record in order, and begins a new segment in which ids begin
    /// where `ids` says in the end. A segment of `full` bytes is full. A disk that is full has no room for one yet: what is
    /// there must go out all the same.
    ///
    /// # Errors
    /// What the disk says; that a file is no segment.
    pub(in crate::queue) fn open<T>(
        (disk, full): (D, u64),
        told: &mut T,
        tell: fn(&mut T, LeftRecord),
        ids: fn(&T) -> u64,
    ) -> io::Result<QueueJournal<D>> {
        let mut journal = QueueJournal::new(disk, full);
        for number in journal.disk.numbers()? {
            journal.recover(number, told, tell)?;
        }
        match journal.begin_segment(ids(told)) {
            Err(error) if !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Err(error),
            _ => Ok(journal),
        }
    }

    /// Tells the records of one segment. What is torn at its end is cut off; what else is damaged is set aside.
    fn recover<T>(&mut self, number: u32, told: &mut T, tell: fn(&mut T, LeftRecord)) -> io::Result<()> {
        let length = self.disk.length(number)?;
        let is_titled = self.is_titled(number)?;
        if !is_titled && length > TITLE.len() as u64 {
            let text = format!("segment {number} of the queues is in a form that this leash does not know");
            return Err(io::Error::new(ErrorKind::InvalidData, text));
        }
        self.segments.push_back(Segment { number, length, live: 0, live_bytes: 0 });
        let mut end = TITLE.len() as u64;
        if is_titled {
            let mut records = LeftRecords::new(&mut self.disk, number, end);
            while let Some(left) = records.next().transpose()? {
                tell(told, left);
            }
            end = records.at();
        }
        self.mend(number, length, end)
    }

    fn is_titled(&mut self, number: u32) -> io::Result<bool> {
        let mut title = [0; TITLE.len()];
        let read = self.disk.read(number, &mut title, 0)?;
        Ok(read == TITLE.len() && title == TITLE)
    }

    /// Cuts off what stands behind the last whole record. More than one write may leave is kept for people.
    fn mend(&mut self, number: u32, length: u64, end: u64) -> io::Result<()> {
        let torn = length.saturating_sub(end);
        if torn == 0 {
            return Ok(());
        }
        if torn > TORN {
            let kept = self.disk.set_aside(number)?;
            tracing::error!(
                segment = number,
                bytes = torn,
                kept,
                "a segment of the queues is damaged: its end is lost"
            );
        } else {
            tracing::warn!(segment = number, bytes = torn, "a write to the queues was interrupted: cut off");
        }
        self.disk.cut(number, end)?;
        if let Some(segment) = self.segments.back_mut() {
            segment.length = end;
        }
        Ok(())
    }
}
