//! Disks that are full: while a holder has them, and when it gets them.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::*;

/// Files on a disk that takes nothing while it is full.
struct Fillable {
    files: SegmentFiles,
    is_full: Rc<Cell<bool>>,
}

impl Fillable {
    fn room(&self) -> io::Result<()> {
        if self.is_full.get() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl SegmentDisk for Fillable {
    fn numbers(&self) -> io::Result<Vec<u32>> {
        self.files.numbers()
    }
    fn create(&mut self, segment: u32) -> io::Result<()> {
        self.room()?;
        self.files.create(segment)
    }
    fn length(&mut self, segment: u32) -> io::Result<u64> {
        self.files.length(segment)
    }
    fn write(&mut self, segment: u32, bytes: &[u8], at: u64) -> io::Result<()> {
        self.room()?;
        self.files.write(segment, bytes, at)
    }
    fn read(&mut self, segment: u32, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.files.read(segment, buffer, at)
    }
    fn cut(&mut self, segment: u32, length: u64) -> io::Result<()> {
        self.files.cut(segment, length)
    }
    fn sync(&mut self, segment: u32) -> io::Result<()> {
        self.files.sync(segment)
    }
    fn remove(&mut self, segment: u32) -> io::Result<()> {
        self.files.remove(segment)
    }
    fn set_aside(&mut self, segment: u32) -> io::Result<String> {
        self.files.set_aside(segment)
    }
}

type Full = QueueHolder<Fillable, ()>;

fn open(place: &tempfile::TempDir, is_full: &Rc<Cell<bool>>) -> Full {
    let files = SegmentFiles::open(&place.path().join("q")).unwrap();
    QueueHolder::open(Fillable { files, is_full: is_full.clone() }, HolderTerms::default()).unwrap()
}

const NOW: Moment = Moment { up: Duration::from_secs(1), unix: Duration::from_secs(1_700_000_000) };

fn ask(holder: &mut Full, order: QueueOrder) -> QueueAnswer {
    holder.work([(order, ())], NOW).remove(0).1
}

fn put(holder: &mut Full, body: &'static str) -> QueueAnswer {
    ask(holder, QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body: body.into() })
}

fn take(holder: &mut Full) -> String {
    let take = QueueOrder::Take { queue: "q".into(), by: Consumer(1), how: Taking::Remove, wait: Duration::ZERO };
    match ask(holder, take) {
        QueueAnswer::Message(_, message) => String::from_utf8(message.body.to_vec()).unwrap(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_holder_that_begins_on_a_full_disk_gives_out_what_is_there_and_takes_messages_once_there_is_room() {
    let (place, is_full) = (tempfile::tempdir().unwrap(), Rc::new(Cell::new(false)));
    let mut first = open(&place, &is_full);
    for body in ["a", "b", "c"] {
        assert!(matches!(put(&mut first, body), QueueAnswer::Stored(_)));
    }
    drop(first);
    is_full.set(true);
    let mut holder = open(&place, &is_full);
    assert!(holder.figures(NOW).is_disk_refusing);
    assert_eq!(take(&mut holder), "a");
    assert_eq!(put(&mut holder, "d"), QueueAnswer::Refused(QueueRefusal::Disk));
    assert_eq!(take(&mut holder), "b");
    assert!(holder.owes() && holder.figures(NOW).is_disk_refusing);
    assert!(holder.wake_at(NOW).is_some(), "it tries again though nobody asks");
    is_full.set(false);
    holder.work([], NOW);
    assert!(!holder.owes() && !holder.figures(NOW).is_disk_refusing);
    assert!(matches!(put(&mut holder, "e"), QueueAnswer::Stored(_)));
    drop(holder);
    let mut last = open(&place, &is_full);
    assert_eq!([take(&mut last), take(&mut last), take(&mut last)], ["c", "e", "Nothing"]);
}

#[test]
fn a_full_disk_is_told_until_it_has_taken_something_again() {
    let (place, is_full) = (tempfile::tempdir().unwrap(), Rc::new(Cell::new(false)));
    let mut holder = open(&place, &is_full);
    is_full.set(true);
    assert_eq!(put(&mut holder, "a"), QueueAnswer::Refused(QueueRefusal::Disk));
    for _ in 0..3 {
        assert!(holder.figures(NOW).is_disk_refusing, "asking for nothing mends no disk");
        holder.work([], NOW);
        let _ = holder.sync();
    }
    is_full.set(false);
    holder.work([], NOW);
    assert!(!holder.figures(NOW).is_disk_refusing, "nobody has to put a message to find out");
    let bytes = holder.bytes();
    holder.work([], NOW);
    assert_eq!(holder.bytes(), bytes, "a disk that works is not asked");
    assert_eq!(take(&mut holder), "Nothing");
}
