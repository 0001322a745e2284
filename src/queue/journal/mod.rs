//! All records of a holder, one after the other over its segments: written in batches, read one by one, and given back
//! to the disk from the oldest segment on.
//!
//! ```text
//!   push ─▶ batch ─▶ write ─▶ the last segment ─▶ full: the next one
//!                      └▶ refused: the puts of the batch never were; the rest is owed, and written with the next one
//! ```
//! A segment goes once no message in it counts and all before it are gone, for a record that says "gone" must not go
//! before the message it is about.

mod fold;
mod read;
mod recover;
mod source;
mod sync;
mod title;
mod upkeep;

use std::collections::VecDeque;
use std::io;

use super::disk::SegmentDisk;
use super::places::MessagePlace;
use super::record::QueueRecord;
use crate::runtime::frames::salted;
pub(super) use source::LeftRecord;
pub(super) use sync::SyncPoint;
use title::SegmentForm;

/// Whether a record may wait for a disk that refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// It is worth nothing unless it is written now.
    Now,
    /// It is as good later.
    Later,
}

/// The records of one holder.
pub(super) struct QueueJournal<D> {
    disk: D,
    /// That of all segments which this process begins.
    salt: u64,
    /// All segments, the oldest first; the last one is written to.
    segments: VecDeque<Segment>,
    /// Where the last whole record of the last one ends.
    end: u64,
    /// What was refused and is to be written before anything else.
    owed: Vec<u8>,
    /// How much of it was left when it was made short last.
    folded: usize,
    /// What is to be written behind that.
    batch: Vec<u8>,
    /// That of the batch which is as good later.
    later: Vec<u8>,
    /// Whether the last segment is one of this process: until then nothing is written.
    is_begun: bool,
    /// Whether something was written that the disk may not have.
    is_behind: bool,
    /// How much of the last segment the disk has, for certain.
    synced: u64,
    /// How often its end has gone back.
    retreats: u64,
    /// Whether something stands behind its end that was refused.
    is_uncut: bool,
    /// Whether the disk may have lost what it was told to keep, and has not been given it again.
    is_doubtful: bool,
    /// How much of the first one was looked through for messages to move.
    moved: u64,
    /// Segments that were found damaged, cut short or missing.
    damaged: u64,
    /// Copies of damaged ones that are kept.
    copies: u64,
    full: u64,
}

struct Segment {
    number: u32,
    form: SegmentForm,
    length: u64,
    /// Messages that stand there and count.
    live: u64,
    live_bytes: u64,
}

impl<D: SegmentDisk> QueueJournal<D> {
    fn new(mut disk: D, full: u64) -> QueueJournal<D> {
        let (salt, segments) = (disk.salt(), VecDeque::new());
        let (owed, batch, later) = (Vec::new(), Vec::new(), Vec::new());
        let (end, synced, retreats, moved, damaged, copies, folded) = (0, 0, 0, 0, 0, 0, 0);
        let (is_begun, is_behind, is_uncut, is_doubtful) = (false, false, false, false);
        QueueJournal {
            disk,
            salt,
            segments,
            end,
            owed,
            folded,
            batch,
            later,
            is_begun,
            is_behind,
            synced,
            retreats,
            is_uncut,
            is_doubtful,
            moved,
            damaged,
            copies,
            full,
        }
    }

    /// A message counts at this place from now on.
    pub(super) fn counts(&mut self, place: MessagePlace) {
        if let Some(segment) = self.segment(place.segment) {
            segment.live += 1;
            segment.live_bytes += u64::from(place.length);
        }
    }

    /// It counts there no more.
    pub(super) fn forgets(&mut self, place: MessagePlace) {
        if let Some(segment) = self.segment(place.segment) {
            segment.live -= 1;
            segment.live_bytes -= u64::from(place.length);
        }
    }

    fn segment(&mut self, number: u32) -> Option<&mut Segment> {
        let first = self.segments.front()?.number;
        // Numbers may skip only where a process ended between two steps.
        let guess = number.checked_sub(first)? as usize;
        let own = match self.segments.get(guess) {
            Some(segment) if segment.number == number => guess,
            _ => self.segments.binary_search_by_key(&number, |segment| segment.number).ok()?,
        };
        self.segments.get_mut(own)
    }

    /// Adds a record to the batch, and tells where it will stand.
    pub(super) fn push(&mut self, record: &QueueRecord, urgency: Urgency) -> MessagePlace {
        let start = self.batch.len();
        salted::push(record, self.salt, &mut self.batch);
        if urgency == Urgency::Later {
            self.later.extend_from_slice(&self.batch[start..]);
        }
        let at = self.end as usize + self.owed.len() + start;
        MessagePlace { segment: self.last(), at: at as u32, length: (self.batch.len() - start) as u32 }
    }

    /// Whether the batch is so long that it should be written before more is added.
    pub(super) fn is_batch_full(&self) -> bool {
        self.batch.len() as u64 >= self.full / 8
    }

    /// Whether so much is owed that nothing may be done for which more would be.
    pub(super) fn owes_too_much(&self) -> bool {
        self.owed.len() as u64 > self.full / 4
    }

    /// Whether messages can be written: not before the disk had room for a segment.
    pub(super) fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Segments that were found damaged, cut short or missing.
    pub(super) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Copies of damaged segments that were kept when these were looked through.
    pub(super) fn copies(&self) -> u64 {
        self.copies
    }

    /// Whether there is nothing to write.
    pub(super) fn is_idle(&self) -> bool {
        self.batch.is_empty() && self.owed.is_empty()
    }

    /// Whether a write is due though nothing happened.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Writes the batch, all of it or nothing; with `sync` the disk has it before this returns. After an error only what
    /// may wait of it is kept.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn write(&mut self, sync: bool) -> io::Result<()> {
        if !self.is_begun {
            self.owed.append(&mut self.later);
            self.batch.clear();
            return Ok(());
        }
        let before = self.end;
        let written = self.put().and_then(|()| if sync { self.sync() } else { Ok(()) });
        match written {
            Ok(()) => {
                self.owed.clear();
                self.folded = 0;
            }
            Err(_) => {
                self.owed.append(&mut self.later);
                self.retreat(before);
            }
        }
        self.batch.clear();
        self.later.clear();
        let kept = self.full as usize / 8;
        [&mut self.owed, &mut self.batch, &mut self.later].into_iter().for_each(|bytes| bytes.shrink_to(kept));
        written
    }

    fn put(&mut self) -> io::Result<()> {
        if self.batch.is_empty() && self.owed.is_empty() {
            return Ok(());
        }
        let bytes = self.owed.len() + self.batch.len();
        if self.end + bytes as u64 > u64::from(u32::MAX) {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "no new segment can be begun, and the last one is full",
            ));
        }
        self.cut_refused()?;
        let number = self.last();
        if self.owed.is_empty() {
            self.disk.write(number, &self.batch, self.end)?;
        } else {
            // Each in a write of its own would tear what belongs together.
            self.disk.write(number, &[&self.owed[..], &self.batch].concat(), self.end)?;
        }
        self.is_behind = true;
        self.end += bytes as u64;
        Ok(())
    }

    /// The last segment ends here again. Should the disk not cut it, that is done before anything else is written.
    fn retreat(&mut self, end: u64) {
        self.end = end;
        self.retreats += 1;
        self.is_uncut = true;
        let _ = self.cut_refused();
    }

    /// Cuts off what was refused, so that nobody finds it behind what is written next.
    fn cut_refused(&mut self) -> io::Result<()> {
        if self.is_uncut {
            self.disk.cut(self.last(), self.end)?;
            self.is_uncut = false;
        }
        Ok(())
    }

    fn last(&self) -> u32 {
        self.segments.back().map_or(0, |segment| segment.number)
    }

    /// Whether the last segment is full.
    pub(super) fn is_full(&self) -> bool {
        self.end >= self.full
    }

    /// Begins the next segment; no message of an id below `ids` comes any more.
    ///
    /// # Errors
    /// What the disk says. Then the last one is written to as before.
    pub(super) fn begin_segment(&mut self, ids: u64) -> io::Result<()> {
        self.cut_refused()?;
        self.sync()?;
        let number = self.segments.back().map_or(1, |segment| segment.number + 1);
        let form = SegmentForm::Salted(self.salt);
        let mut bytes = form.title();
        salted::push(&QueueRecord::begun(ids), self.salt, &mut bytes);
        let end = bytes.len() as u64;
        self.disk.create(number, &bytes)?;
        if let Some(last) = self.segments.back_mut().filter(|_| self.is_begun) {
            last.length = self.end;
        }
        self.is_begun = true;
        self.segments.push_back(Segment { number, form, length: 0, live: 0, live_bytes: 0 });
        (self.end, self.synced) = (end, end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::record::{Message, QueueEvent};
    use crate::queue::segments::SegmentFiles;

    #[test]
    fn the_room_of_a_long_message_is_given_back() {
        let place = tempfile::tempdir().unwrap();
        let files = SegmentFiles::open(&place.path().join("q")).unwrap();
        let mut journal = QueueJournal::open((files, 8 * 1024), &mut (), |(), _| {}, |()| 1).unwrap();
        let message = Message { body: vec![b'm'; 1 << 20].into(), ..Message::default() };
        let record = QueueRecord { queue: "q".into(), id: 1, event: QueueEvent::Put(message) };
        journal.push(&record, Urgency::Now);
        journal.write(false).unwrap();
        assert!(journal.batch.capacity() < 2 * 1024, "{} bytes are kept", journal.batch.capacity());
    }
}
