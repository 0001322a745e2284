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
        let numbers = journal.disk.numbers()?;
        for number in &numbers {
            journal.recover(*number, numbers.last() == Some(number), told, tell)?;
        }
        match journal.begin_segment(ids(told)) {
            Err(error) if !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Err(error),
            _ => Ok(journal),
        }
    }

    /// Tells the records of one segment. What is torn at the end of the last one is cut off; where anything else is
    /// damaged, the segment is set aside first.
    fn recover<T>(&mut self, number: u32, is_last: bool, told: &mut T, tell: fn(&mut T, LeftRecord)) -> io::Result<()> {
        let length = self.disk.length(number)?;
        let is_titled = self.is_titled(number)?;
        if !is_titled && length > TITLE.len() as u64 {
            let text = format!("segment {number} of the queues is in a form that this leash does not know");
            return Err(io::Error::new(ErrorKind::InvalidData, text));
        }
        self.segments.push_back(Segment { number, length, live: 0, live_bytes: 0 });
        let (mut end, mut damaged) = (TITLE.len() as u64, 0);
        if is_titled {
            let mut records = LeftRecords::new(&mut self.disk, number, end);
            while let Some(left) = records.next().transpose()? {
                tell(told, left);
            }
            (end, damaged) = (records.at(), records.damaged());
        }
        let torn = length.saturating_sub(end);
        if damaged > 0 || torn > TORN || (torn > 0 && !is_last) {
            let kept = self.disk.set_aside(number)?;
            tracing::error!(segment = number, bytes = damaged + torn, kept, "a segment of the queues is damaged");
        } else if torn > 0 {
            tracing::warn!(segment = number, bytes = torn, "a write to the queues was interrupted: cut off");
        }
        if torn > 0 { self.shorten(number, end) } else { Ok(()) }
    }

    fn is_titled(&mut self, number: u32) -> io::Result<bool> {
        let mut title = [0; TITLE.len()];
        let read = self.disk.read(number, &mut title, 0)?;
        Ok(read == TITLE.len() && title == TITLE)
    }

    /// Cuts off what stands behind the last whole record.
    fn shorten(&mut self, number: u32, end: u64) -> io::Result<()> {
        self.disk.cut(number, end)?;
        if let Some(segment) = self.segments.back_mut() {
            segment.length = end;
        }
        Ok(())
    }
}
