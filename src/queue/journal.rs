//! All records of a holder, one after the other over its segments: written in batches, read one by one, and given back
//! to the disk from the oldest segment on.
//!
//! ```text
//!   push ─▶ batch ─▶ write ─▶ the last segment ─▶ full: the next one
//!                      └▶ refused: the puts of the batch never were; the rest is owed, and written with the next one
//! ```
//! A segment goes once no message in it counts and all before it are gone, for a record that says "gone" must not go
//! before the message it is about.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use super::places::MessagePlace;
use super::record::{Message, QueueEvent, QueueRecord};
use super::segments::SegmentDisk;
use crate::runtime::frames::{self, Records};
use crate::runtime::pieces::ByteSource;

/// What a segment begins with.
const TITLE: &[u8] = b"leash queue 1\n";
/// An interrupted write hardly leaves more than this.
const TORN: u64 = 1 << 20;
/// So much is looked through at once for messages to move.
const MOVED: u64 = 1 << 20;
/// So much may be owed before messages are handed out no more.
const OWED: usize = 16 << 20;

/// Whether a record may wait for a disk that refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// It is worth nothing unless it is written now.
    Now,
    /// It is as good later.
    Later,
}

/// The records of one holder.
pub(super) struct Journal<D> {
    disk: D,
    /// All segments, the oldest first; the last one is written to.
    segments: VecDeque<Segment>,
    /// Where the last whole record of the last one ends.
    end: u64,
    /// What was refused and is to be written before anything else.
    owed: Vec<u8>,
    /// What is to be written behind that.
    batch: Vec<u8>,
    /// That of the batch which is as good later.
    later: Vec<u8>,
    /// Whether something was written that the disk may not have.
    is_behind: bool,
    /// How much of the last segment the disk has, for certain.
    synced: u64,
    /// How much of the first one was looked through for messages to move.
    moved: u64,
    full: u64,
}

struct Segment {
    number: u32,
    length: u64,
    /// Messages that stand there and count.
    live: u64,
    live_bytes: u64,
}

/// What an earlier process left in a segment.
pub(super) struct LeftRecord {
    /// What happened.
    pub record: QueueRecord,
    /// Where it stands.
    pub place: MessagePlace,
}

impl<D: SegmentDisk> Journal<D> {
    /// Reads what there is on `disk`, tells `tell` every record in order, and begins a new segment in which ids begin
    /// where `ids` says in the end. A segment of `full` bytes is full.
    ///
    /// # Errors
    /// What the disk says; that a file is no segment.
    pub(super) fn open<T>(
        (disk, full): (D, u64),
        told: &mut T,
        tell: fn(&mut T, LeftRecord),
        ids: fn(&T) -> u64,
    ) -> io::Result<Journal<D>> {
        let mut journal = Journal::new(disk, full);
        for number in journal.disk.numbers()? {
            journal.recover(number, told, tell)?;
        }
        journal.begin_segment(ids(told))?;
        Ok(journal)
    }

    fn new(disk: D, full: u64) -> Journal<D> {
        let (owed, batch, later) = (Vec::new(), Vec::new(), Vec::new());
        let (end, synced, moved) = (0, 0, TITLE.len() as u64);
        Journal { disk, segments: VecDeque::new(), end, owed, batch, later, is_behind: false, synced, moved, full }
    }

    /// Tells the records of one segment. What is torn at its end is cut off; what else is damaged is set aside.
    fn recover<T>(&mut self, number: u32, told: &mut T, tell: fn(&mut T, LeftRecord)) -> io::Result<()> {
        let length = self.disk.length(number)?;
        let is_titled = self.is_titled(number)?;
        if !is_titled && length > TITLE.len() as u64 {
            let text = format!("segment {number} of the queues is in a form that this leash does not know");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        self.segments.push_back(Segment { number, length, live: 0, live_bytes: 0 });
        let mut end = TITLE.len() as u64;
        if is_titled {
            let source = Source { disk: RefCell::new(&mut self.disk), segment: number };
            let mut records = Records::<_, QueueRecord>::new(source, end);
            while let Some(record) = records.next().transpose()? {
                let (at, after) = (end as u32, records.at());
                let place = MessagePlace { segment: number, at, length: (after - end) as u32 };
                tell(told, LeftRecord { record, place });
                end = after;
            }
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
        frames::push(record, &mut self.batch);
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

    /// Whether so much is owed that no message may be handed out.
    pub(super) fn owes_too_much(&self) -> bool {
        self.owed.len() > OWED
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
        let before = self.end;
        let written = self.put().and_then(|()| if sync { self.sync() } else { Ok(()) });
        match written {
            Ok(()) => self.owed.clear(),
            Err(_) => {
                self.owed.append(&mut self.later);
                self.retreat(before);
            }
        }
        self.batch.clear();
        self.later.clear();
        written
    }

    fn put(&mut self) -> io::Result<()> {
        if self.batch.is_empty() && self.owed.is_empty() {
            return Ok(());
        }
        let number = self.last();
        // Each in a write of its own would tear what belongs together.
        let bytes = [&self.owed[..], &self.batch].concat();
        self.disk.write(number, &bytes, self.end)?;
        self.is_behind = true;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// The last segment ends here again. Should the disk not cut it, the next batch is written over what is there.
    fn retreat(&mut self, end: u64) {
        self.end = end;
        let number = self.last();
        let _ = self.disk.cut(number, end);
    }

    /// Waits until the disk has all that was written.
    ///
    /// # Errors
    /// What the disk says. What it has not taken is written once more, for it counts as clean from then on.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if !self.is_behind {
            return Ok(());
        }
        let number = self.last();
        if let Err(error) = self.disk.sync(number) {
            let _ = self.write_again(number);
            return Err(error);
        }
        (self.is_behind, self.synced) = (false, self.end);
        Ok(())
    }

    fn write_again(&mut self, number: u32) -> io::Result<()> {
        let mut bytes = vec![0; usize::try_from(self.end - self.synced).unwrap_or(0)];
        let read = self.disk.read(number, &mut bytes, self.synced)?;
        self.disk.write(number, &bytes[..read], self.synced)
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
        self.sync()?;
        let number = self.segments.back().map_or(1, |segment| segment.number + 1);
        let mut bytes = TITLE.to_vec();
        frames::push(&QueueRecord::begun(ids), &mut bytes);
        let end = bytes.len() as u64;
        self.disk.create(number)?;
        self.disk.write(number, &bytes, 0)?;
        self.disk.sync(number)?;
        if let Some(last) = self.segments.back_mut() {
            last.length = self.end;
        }
        self.segments.push_back(Segment { number, length: 0, live: 0, live_bytes: 0 });
        (self.end, self.synced) = (end, end);
        Ok(())
    }

    /// The message that stands at `place`.
    ///
    /// # Errors
    /// What the disk says; that what stands there is no message.
    pub(super) fn message(&mut self, place: MessagePlace) -> io::Result<Message> {
        let record = match self.unwritten(place) {
            Some(bytes) => frames::next::<QueueRecord>(bytes),
            None => {
                let mut bytes = vec![0; place.length as usize];
                let read = self.disk.read(place.segment, &mut bytes, u64::from(place.at))?;
                frames::next::<QueueRecord>(&bytes[..read])
            }
        };
        match record {
            Some((QueueRecord { event: QueueEvent::Put(message), .. }, _)) => Ok(message),
            _ => {
                let text = format!("no whole message at byte {} of segment {}", place.at, place.segment);
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            }
        }
    }

    /// What stands at `place` if it is not written yet.
    fn unwritten(&self, place: MessagePlace) -> Option<&[u8]> {
        let at = (u64::from(place.at)).checked_sub(self.end).filter(|_| place.segment == self.last())? as usize;
        self.batch.get(at.checked_sub(self.owed.len())?..)
    }

    /// Removes segments in which nothing counts any more, the oldest first.
    pub(super) fn reclaim(&mut self) {
        while self.segments.len() > 1 && self.segments[0].live == 0 {
            if let Err(error) = self.disk.remove(self.segments[0].number) {
                tracing::warn!(segment = self.segments[0].number, %error, "a segment of the queues cannot be removed");
                return;
            }
            self.segments.pop_front();
            self.moved = TITLE.len() as u64;
        }
    }

    /// Messages of the oldest segment to write anew, some at a time, so that it can go; none while little would be won.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn to_move(&mut self) -> io::Result<Vec<LeftRecord>> {
        let (bytes, live) = self.sealed();
        if bytes <= 2 * live + 2 * self.full {
            return Ok(Vec::new());
        }
        let (number, begin) = (self.segments[0].number, self.moved);
        let source = Source { disk: RefCell::new(&mut self.disk), segment: number };
        let mut records = Records::<_, QueueRecord>::new(source, begin);
        let (mut left, mut at) = (Vec::new(), begin);
        while at < begin + MOVED {
            let Some(record) = records.next().transpose()? else { break };
            let place = MessagePlace { segment: number, at: at as u32, length: (records.at() - at) as u32 };
            at = records.at();
            left.push(LeftRecord { record, place });
        }
        self.moved = at;
        Ok(left)
    }

    /// Bytes of all segments but the last, and of the messages there that count.
    fn sealed(&self) -> (u64, u64) {
        let sealed = self.segments.iter().take(self.segments.len().saturating_sub(1));
        sealed.fold((0, 0), |(bytes, live), segment| (bytes + segment.length, live + segment.live_bytes))
    }

    /// The bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.sealed().0 + self.end
    }
}

/// A segment as bytes.
struct Source<'a, D> {
    disk: RefCell<&'a mut D>,
    segment: u32,
}

impl<D: SegmentDisk> ByteSource for Source<'_, D> {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.disk.borrow_mut().read(self.segment, buffer, at)
    }
}
