//! What an earlier process left: its records in order, without what is torn or damaged.

use std::io::{self, ErrorKind};

use super::source::{LeftRecord, LeftRecords};
use super::title::{LONGEST_TITLE, SegmentForm, SegmentTitle};
use super::{QueueJournal, Segment};
use crate::queue::disk::SegmentDisk;

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
        journal.tell_missing(&numbers);
        for number in &numbers {
            let recovered = journal.recover(*number, numbers.last() == Some(number), told, tell);
            recovered.map_err(|error| unread(error, &journal.disk.name(*number)))?;
        }
        journal.copies = journal.disk.copies()?;
        match journal.begin_segment(ids(told)) {
            Err(error) if !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Err(error),
            _ => Ok(journal),
        }
    }

    /// Says that segments are not there which were not the oldest.
    fn tell_missing(&mut self, numbers: &[u32]) {
        for (before, after) in numbers.iter().zip(numbers.iter().skip(1)) {
            let missing = after - before - 1;
            if missing > 0 {
                let file = self.disk.name(before + 1);
                tracing::error!(file, files = missing, "a segment of the queues is missing: what it held is lost");
                self.damaged += u64::from(missing);
            }
        }
    }

    /// Tells the records of one segment, if it is one.
    fn recover<T>(&mut self, number: u32, is_last: bool, told: &mut T, tell: fn(&mut T, LeftRecord)) -> io::Result<()> {
        let length = self.disk.length(number)?;
        let mut title = [0; LONGEST_TITLE];
        let read = self.disk.read(number, &mut title, 0)?;
        let (form, is_whole) = match SegmentTitle::read(&title[..read]) {
            SegmentTitle::Known(form, is_whole) => (form, is_whole),
            SegmentTitle::Short => {
                let file = self.disk.name(number);
                tracing::error!(file, bytes = length, "a segment of the queues is cut short: what it held is lost");
                self.damaged += 1;
                (SegmentForm::Salted(self.salt), true)
            }
            SegmentTitle::Strange => {
                return Err(io::Error::new(ErrorKind::InvalidData, "it is in a form that this leash does not know"));
            }
        };
        self.segments.push_back(Segment { number, form, length, live: 0, live_bytes: 0 });
        let mut records = LeftRecords::new(&mut self.disk, (number, form), form.begin());
        while let Some(left) = records.next().transpose()? {
            tell(told, left);
        }
        let (end, damaged) = (records.at(), records.damaged());
        let torn = length.saturating_sub(end);
        let is_damaged = damaged > 0 || !is_whole || torn > TORN || (torn > 0 && !is_last);
        if is_damaged && !self.tell_damaged(number, damaged + torn) {
            return Ok(());
        }
        if torn > 0 && !is_damaged {
            tracing::warn!(
                file = self.disk.name(number),
                bytes = torn,
                "a write to the queues was interrupted: cut off"
            );
        }
        if torn > 0 { self.shorten(number, end) } else { Ok(()) }
    }

    /// Says that so many bytes of a segment are damaged; whether it is kept beside as it was.
    fn tell_damaged(&mut self, number: u32, bytes: u64) -> bool {
        self.damaged += 1;
        let (file, aside) = (self.disk.name(number), self.disk.set_aside(number));
        match &aside {
            Ok(kept) => tracing::error!(file, bytes, kept, "a segment of the queues is damaged"),
            Err(error) => {
                tracing::error!(file, bytes, %error, "a segment of the queues is damaged, and cannot be copied")
            }
        }
        aside.is_ok()
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

/// What is to be done about a segment that cannot be read.
fn unread(error: io::Error, file: &str) -> io::Error {
    let error = error.to_string();
    let error = error.strip_prefix(file).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&error);
    io::Error::other(format!(
        "{file}: {error}; let leash read and write this file, or move it away to go on without what is in it"
    ))
}
