//! A segment as bytes and as records.

use std::cell::RefCell;
use std::io;

use super::title::SegmentForm;
use crate::queue::disk::SegmentDisk;
use crate::queue::places::MessagePlace;
use crate::queue::record::QueueRecord;
use crate::runtime::frames::Records;
use crate::runtime::pieces::ByteSource;

/// A record, and where it stands.
pub(in crate::queue) struct LeftRecord {
    /// What happened.
    pub record: QueueRecord,
    /// Where it stands.
    pub place: MessagePlace,
}

/// The records of a segment from a byte on.
pub(super) struct LeftRecords<'a, D> {
    segment: u32,
    at: u64,
    damaged: u64,
    records: Records<SegmentBytes<'a, D>, QueueRecord>,
}

impl<'a, D: SegmentDisk> LeftRecords<'a, D> {
    /// Those of `segment` from the byte `at` on.
    pub(super) fn new(disk: &'a mut D, (segment, form): (u32, SegmentForm), at: u64) -> LeftRecords<'a, D> {
        let bytes = SegmentBytes { disk: RefCell::new(disk), segment };
        LeftRecords { segment, at, damaged: 0, records: form.records(bytes, at) }
    }

    /// Bytes of records that are damaged and were passed over.
    pub(super) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The next record that is whole.
    fn next_whole(&mut self) -> io::Result<Option<QueueRecord>> {
        loop {
            if let Some(record) = self.records.next().transpose()? {
                return Ok(Some(record));
            }
            let Some(skipped) = self.records.skip_damaged()? else { return Ok(None) };
            self.damaged += skipped;
            self.at = self.records.at();
        }
    }

    /// Where those that were told end.
    pub(super) fn at(&self) -> u64 {
        self.at
    }
}

impl<D: SegmentDisk> Iterator for LeftRecords<'_, D> {
    type Item = io::Result<LeftRecord>;

    fn next(&mut self) -> Option<io::Result<LeftRecord>> {
        let record = match self.next_whole().transpose()? {
            Ok(record) => record,
            Err(error) => return Some(Err(error)),
        };
        let after = self.records.at();
        let (at, length) = (self.at as u32, (after - self.at) as u32);
        self.at = after;
        Some(Ok(LeftRecord { record, place: MessagePlace { segment: self.segment, at, length } }))
    }
}

struct SegmentBytes<'a, D> {
    disk: RefCell<&'a mut D>,
    segment: u32,
}

impl<D: SegmentDisk> ByteSource for SegmentBytes<'_, D> {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.disk.borrow_mut().read(self.segment, buffer, at)
    }
}
