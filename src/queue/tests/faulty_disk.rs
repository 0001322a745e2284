//! Disks that are full, that read nothing for a while, and that lose what they were to keep: while a holder has them, and when it
//! gets them.

use std::rc::Rc;

use super::faults::{Faults, Faulty, NOW, ask, at, open, put, take};
use super::*;

#[test]
fn a_holder_that_begins_on_a_full_disk_gives_out_what_is_there_and_takes_messages_once_there_is_room() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut first = open(&place, &faults);
    for body in ["a", "b", "c"] {
        assert!(matches!(put(&mut first, body), QueueAnswer::Stored(_)));
    }
    drop(first);
    faults.is_full.set(true);
    let mut holder = open(&place, &faults);
    assert!(holder.figures(NOW).is_disk_refusing);
    assert_eq!(take(&mut holder), "a");
    assert_eq!(put(&mut holder, "d"), QueueAnswer::Refused(QueueRefusal::Disk));
    assert_eq!(take(&mut holder), "b");
    assert!(holder.owes() && holder.figures(NOW).is_disk_refusing);
    assert!(holder.wake_at(NOW).is_some(), "it tries again though nobody asks");
    faults.is_full.set(false);
    holder.work([], NOW);
    assert!(!holder.owes() && !holder.figures(NOW).is_disk_refusing);
    assert!(matches!(put(&mut holder, "e"), QueueAnswer::Stored(_)));
    drop(holder);
    let mut last = open(&place, &faults);
    assert_eq!([take(&mut last), take(&mut last), take(&mut last)], ["c", "e", "Nothing"]);
}

#[test]
fn a_full_disk_is_told_until_it_has_taken_something_again() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    faults.is_full.set(true);
    assert_eq!(put(&mut holder, "a"), QueueAnswer::Refused(QueueRefusal::Disk));
    for _ in 0..3 {
        assert!(holder.figures(NOW).is_disk_refusing, "asking for nothing mends no disk");
        holder.work([], NOW);
        let _ = holder.sync();
    }
    faults.is_full.set(false);
    holder.work([], NOW);
    assert!(!holder.figures(NOW).is_disk_refusing, "nobody has to put a message to find out");
    let bytes = holder.bytes();
    holder.work([], NOW);
    assert_eq!(holder.bytes(), bytes, "a disk that works is not asked");
    assert_eq!(take(&mut holder), "Nothing");
}

#[test]
fn a_message_that_the_disk_does_not_read_now_is_not_given_up_until_it_waits_for_too_long() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    for body in ["a", "b"] {
        put(&mut holder, body);
    }
    faults.is_dark.set(true);
    let refused = format!("{:?}", QueueAnswer::Refused(QueueRefusal::Disk));
    assert_eq!(take(&mut holder), refused);
    assert_eq!(ask(&mut holder, QueueOrder::Peek { queue: "q".into() }), QueueAnswer::Refused(QueueRefusal::Disk));
    assert!(holder.figures(NOW).is_disk_refusing && holder.wake_at(NOW).is_some(), "it tries again though nobody asks");
    faults.is_dark.set(false);
    holder.work([], NOW);
    assert!(!holder.figures(NOW).is_disk_refusing);
    assert_eq!(take(&mut holder), "a");
    faults.is_dark.set(true);
    assert_eq!(take(&mut holder), refused);
    for seconds in 2..12 {
        holder.work([], at(seconds));
        assert_eq!(holder.figures(at(seconds)).all.waiting, 1, "after {seconds} seconds");
    }
    holder.work([], at(12));
    let figures = holder.figures(at(12));
    assert_eq!((figures.all.waiting, figures.all.counts.damaged, figures.is_disk_refusing), (0, 1, false));
    faults.is_dark.set(false);
    drop(holder);
    assert_eq!(take(&mut open(&place, &faults)), "b", "the disk may read it after all: it is not gone");
}

#[test]
fn a_read_that_the_disk_breaks_off_is_no_damage() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    for body in ["a message that is longer than a read", "b", "c"] {
        put(&mut holder, body);
    }
    faults.breaks_off.set(true);
    assert_eq!(take(&mut holder), "a message that is longer than a read");
    assert_eq!(holder.figures(NOW).all.age, Duration::ZERO);
    drop(holder);
    let mut holder = open(&place, &faults);
    assert_eq!([take(&mut holder), take(&mut holder), take(&mut holder)], ["b", "c", "Nothing"]);
    let figures = holder.figures(NOW);
    assert_eq!((figures.all.counts.damaged, figures.damaged_files, figures.is_disk_refusing), (0, 0, false));
}

#[test]
fn a_queue_that_the_disk_does_not_read_is_looked_at_once_for_those_who_wait_however_many_messages_come() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    let (waits, hour) = (Consumer(2), Duration::from_secs(3600));
    put(&mut holder, "a");
    ask(&mut holder, super::take("q", BY, Taking::Reserve, Duration::ZERO));
    assert!(holder.work([(super::take("q", waits, Taking::Reserve, hour), ())], NOW).is_empty());
    faults.is_dark.set(true);
    ask(&mut holder, QueueOrder::Leave(BY));
    for millis in 1..=100 {
        let now = Moment { up: NOW.up + Duration::from_millis(millis), ..NOW };
        assert_eq!(holder.work([(super::put("q", "b", 0), ())], now).len(), 1);
    }
    let reads = faults.reads.get();
    holder.work([], at(3));
    assert!(faults.reads.get() - reads <= 2, "it was read {} times", faults.reads.get() - reads);
    faults.is_dark.set(false);
    let served = holder.work([], at(4)).remove(0).1;
    assert!(matches!(served, QueueAnswer::Message(_, message) if message.body == "a"));
    assert_eq!(take(&mut holder), "b", "nobody else waits");
}

#[test]
fn a_message_that_a_full_disk_does_not_let_go_to_another_queue_is_there_for_those_who_wait() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    holder.set_terms(HolderTerms { max_redeliveries: Some(0), ..HolderTerms::default() });
    put(&mut holder, "a");
    ask(&mut holder, super::take("q", BY, Taking::Reserve, Duration::ZERO));
    let hour = Duration::from_secs(3600);
    assert!(holder.work([(super::take("q", OTHER, Taking::Reserve, hour), ())], NOW).is_empty());
    faults.is_full.set(true);
    assert_eq!(ask(&mut holder, QueueOrder::Leave(BY)), QueueAnswer::Done);
    assert!(holder.wake_at(NOW).is_some_and(|at| at <= NOW.up), "at once");
    let served = holder.work([], NOW).remove(0).1;
    assert!(matches!(served, QueueAnswer::Message(_, message) if message.body == "a"));
    assert_eq!(holder.figures(NOW).all.counts.dead, 0, "it is in no other queue");
    faults.is_full.set(false);
    ask(&mut holder, QueueOrder::Leave(OTHER));
    assert_eq!((take(&mut holder).as_str(), holder.figures(NOW).all.counts.dead), ("Nothing", 1));
}

#[test]
fn a_disk_that_has_lost_something_is_not_believed_before_it_was_given_it_again() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    holder.set_terms(HolderTerms { sync: false, ..HolderTerms::default() });
    put(&mut holder, "a");
    let written = faults.writes.get();
    faults.has_lost.set(true);
    faults.is_full.set(true);
    assert!(holder.sync().is_err());
    assert_eq!(faults.writes.get(), written, "it could not be given it again");
    assert!(holder.sync().is_err(), "it says nothing of it any more, and has it not");
    assert!(holder.figures(NOW).is_disk_refusing);
    faults.is_full.set(false);
    assert!(holder.sync().is_err());
    assert_eq!(faults.writes.get(), written + 1);
    assert!(holder.sync().is_ok() && !holder.figures(NOW).is_disk_refusing);
}

#[test]
fn a_segment_goes_once_the_disk_has_what_was_moved_out_of_it() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let files = SegmentFiles::open(&place.path().join("q")).unwrap();
    let terms = HolderTerms { segment: 2_000, sync: false, ..HolderTerms::default() };
    let mut holder = QueueHolder::open(Faulty { files, faults: faults.clone() }, terms).unwrap();
    ask(&mut holder, QueueOrder::Put { queue: "slow".into(), client_flags: 0, expires: 0, body: "stays".into() });
    for _ in 0..300 {
        put(&mut holder, "goes");
        assert_eq!(take(&mut holder), "goes");
    }
    assert!(faults.removed.get() > 3, "{} segments were removed", faults.removed.get());
    assert_eq!(ask(&mut holder, QueueOrder::Count { queue: "slow".into() }), QueueAnswer::Number(1));
}
