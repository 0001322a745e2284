//! A disk with faults, and a holder that has it.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::*;

/// What a disk refuses.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) is_full: Cell<bool>,
    /// It reads a few bytes and breaks off, or none.
    pub(super) breaks_off: Cell<bool>,
    /// It cannot be read.
    pub(super) is_dark: Cell<bool>,
    /// It has not kept what it was given, which it says once.
    pub(super) has_lost: Cell<bool>,
    /// Bytes that it was to take last, whether it did or not.
    pub(super) offered: Cell<usize>,
    /// How often it was given something.
    pub(super) writes: Cell<u32>,
    /// How often it was to be read, whether it was or not.
    pub(super) reads: Cell<u32>,
    /// Whether it was given something since it was waited for last.
    pub(super) is_behind: Cell<bool>,
    /// How many segments were removed.
    pub(super) removed: Cell<u32>,
}

/// Files on a disk with faults.
pub(super) struct Faulty {
    pub(super) files: SegmentFiles,
    pub(super) faults: Rc<Faults>,
}

impl Faulty {
    fn room(&self) -> io::Result<()> {
        if self.faults.is_full.get() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl SegmentDisk for Faulty {
    fn numbers(&self) -> io::Result<Vec<u32>> {
        self.files.numbers()
    }
    fn name(&self, segment: u32) -> String {
        self.files.name(segment)
    }
    fn salt(&mut self) -> u64 {
        self.files.salt()
    }
    fn create(&mut self, segment: u32, beginning: &[u8]) -> io::Result<()> {
        self.room()?;
        self.files.create(segment, beginning)
    }
    fn length(&mut self, segment: u32) -> io::Result<u64> {
        self.files.length(segment)
    }
    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()> {
        self.faults.offered.set(bytes.len());
        self.room()?;
        self.faults.writes.set(self.faults.writes.get() + 1);
        self.faults.is_behind.set(true);
        self.files.write(segment, bytes, at)
    }
    fn read_some(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.faults.reads.set(self.faults.reads.get() + 1);
        if self.faults.is_dark.get() {
            return Err(io::Error::other("no file to spare"));
        }
        if !self.faults.breaks_off.get() {
            return self.files.read_some(segment, buffer, at);
        }
        if self.faults.reads.get().is_multiple_of(2) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let some = buffer.len().min(5);
        self.files.read_some(segment, &mut buffer[..some], at)
    }
    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()> {
        self.files.cut(segment, length)
    }
    fn sync(&mut self, segment: u32) -> io::Result<()> {
        if self.faults.has_lost.take() {
            return Err(io::Error::other("some of it was not kept"));
        }
        self.faults.is_behind.set(false);
        self.files.sync(segment)
    }
    fn remove(&mut self, segment: u32) -> io::Result<()> {
        assert!(!self.faults.is_behind.get(), "what was moved out of it would be lost with the machine");
        self.faults.removed.set(self.faults.removed.get() + 1);
        self.files.remove(segment)
    }
    fn set_aside(&mut self, segment: u32) -> io::Result<String> {
        self.files.set_aside(segment)
    }
    fn copies(&mut self) -> io::Result<u64> {
        self.files.copies()
    }
}

pub(super) type Full = QueueHolder<Faulty, ()>;

pub(super) fn open(place: &tempfile::TempDir, faults: &Rc<Faults>) -> Full {
    let files = SegmentFiles::open(&place.path().join("q")).unwrap();
    QueueHolder::open(Faulty { files, faults: faults.clone() }, HolderTerms::default()).unwrap()
}

pub(super) const NOW: Moment = at(1);

pub(super) const fn at(seconds: u64) -> Moment {
    Moment { up: Duration::from_secs(seconds), unix: Duration::from_secs(1_700_000_000 + seconds) }
}

pub(super) fn ask(holder: &mut Full, order: QueueOrder) -> QueueAnswer {
    holder.work([(order, ())], NOW).remove(0).1
}

pub(super) fn put(holder: &mut Full, body: &'static str) -> QueueAnswer {
    ask(holder, QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body: body.into() })
}

pub(super) fn take(holder: &mut Full) -> String {
    let take = QueueOrder::Take { queue: "q".into(), by: Consumer(1), how: Taking::Remove, wait: Duration::ZERO };
    match ask(holder, take) {
        QueueAnswer::Message(_, message) => String::from_utf8(message.body.to_vec()).unwrap(),
        other => format!("{other:?}"),
    }
}
