//! What is owed to a disk that takes nothing: it must not grow with what clients ask meanwhile.

use std::rc::Rc;

use super::faults::{Faults, Faulty, Full, NOW, ask, at, open, take as taken};
use super::*;

/// A way to make a holder owe more, if it can be asked over and over.
type Round = fn() -> Vec<QueueOrder>;

const ROUNDS: [(&str, Round); 8] = [
    ("drop the queue", || vec![empty()]),
    ("drop all queues", || vec![QueueOrder::EmptyAll]),
    ("put and drop", || vec![put("q", "m", 0), empty()]),
    ("put and take", || vec![put("q", "m", 0), remove(Duration::ZERO)]),
    ("put for one that waits", || vec![remove(Duration::from_millis(1)), put("q", "m", 0)]),
    ("put, take, and be done", || vec![put("q", "m", 0), reserve(), settle(Settling::Acknowledge)]),
    ("put, take, and give back", || vec![put("q", "m", 0), reserve(), settle(Settling::GiveBack)]),
    ("put what is over, and take", || vec![put("q", "m", 1), remove(Duration::ZERO)]),
];

fn empty() -> QueueOrder {
    QueueOrder::Empty { queue: "q".into() }
}

fn remove(wait: Duration) -> QueueOrder {
    take("q", BY, Taking::Remove, wait)
}

fn reserve() -> QueueOrder {
    take("q", BY, Taking::Reserve, Duration::ZERO)
}

fn settle(how: Settling) -> QueueOrder {
    QueueOrder::Settle { queue: "q".into(), by: BY, id: None, how }
}

fn work(holder: &mut Full, orders: Vec<QueueOrder>) -> usize {
    holder.work(orders.into_iter().map(|order| (order, ())), NOW).len()
}

#[test]
fn what_clients_ask_again_and_again_makes_a_full_disk_be_owed_no_more() {
    for (title, round) in ROUNDS {
        let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
        let mut holder = open(&place, &faults);
        for body in ["a", "b"] {
            ask(&mut holder, put("q", body, 0));
        }
        faults.is_full.set(true);
        for _ in 0..5 {
            work(&mut holder, round());
        }
        let owed = faults.offered.get();
        for _ in 0..200 {
            work(&mut holder, round());
        }
        assert_eq!(faults.offered.get(), owed, "{title}");
    }
}

#[test]
fn a_queue_that_is_dropped_while_the_disk_is_full_stays_empty() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    for body in ["a", "b"] {
        ask(&mut holder, put("q", body, 0));
    }
    faults.is_full.set(true);
    for _ in 0..2 {
        assert_eq!(ask(&mut holder, empty()), QueueAnswer::Done);
        assert!(holder.owes());
    }
    faults.is_full.set(false);
    work(&mut holder, vec![put("q", "c", 0), empty(), put("q", "d", 0)]);
    assert!(!holder.owes());
    drop(holder);
    let mut holder = open(&place, &faults);
    assert_eq!([taken(&mut holder), taken(&mut holder)], ["d", "Nothing"]);
}

#[test]
fn a_message_that_the_disk_did_not_read_goes_with_its_queue() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let mut holder = open(&place, &faults);
    ask(&mut holder, put("q", "a", 0));
    faults.is_dark.set(true);
    ask(&mut holder, remove(Duration::ZERO));
    for seconds in [2, 20] {
        holder.work([], at(seconds));
    }
    assert_eq!(holder.figures(NOW).all.counts.damaged, 1, "it was given up");
    faults.is_dark.set(false);
    assert_eq!(ask(&mut holder, empty()), QueueAnswer::Done);
    drop(holder);
    assert_eq!(taken(&mut open(&place, &faults)), "Nothing", "the disk reads it again");
}

#[test]
fn once_too_much_is_owed_nothing_leaves_a_queue() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let files = SegmentFiles::open(&place.path().join("q")).unwrap();
    let small = HolderTerms { segment: 4_000, ..HolderTerms::default() };
    let mut holder = QueueHolder::open(Faulty { files, faults: faults.clone() }, small).unwrap();
    const MESSAGES: usize = 100;
    work(&mut holder, (0..MESSAGES).map(|_| put("q", "m", 0)).collect());
    let find = |queue: &'static str| QueueOrder::Find { queue: queue.into(), body: "m".into() };
    let soon = NOW.unix.as_secs() + 10;
    work(&mut holder, (0..9).map(|_| put("short", "m", soon)).collect());
    for queue in ["q", "short"] {
        assert_eq!(ask(&mut holder, find(queue)), QueueAnswer::Number(1));
    }
    faults.is_full.set(true);
    let refused = QueueAnswer::Refused(QueueRefusal::Disk);
    // As long as the oldest is not done with, each of those behind it is owed by itself.
    ask(&mut holder, take("q", OTHER, Taking::Reserve, Duration::ZERO));
    let mut taken = 0;
    while matches!(ask(&mut holder, remove(Duration::ZERO)), QueueAnswer::Message(..)) {
        taken += 1;
    }
    assert!((10..MESSAGES).contains(&taken), "{taken} were handed out");
    let owed = faults.offered.get();
    let withdraw = QueueOrder::Withdraw { queue: "q".into(), body: "m".into() };
    for order in [remove(Duration::ZERO), withdraw] {
        assert_eq!(ask(&mut holder, order.clone()), refused, "{order:?}");
    }
    assert_eq!(holder.work([(find("short"), ())], at(11)).len(), 1, "what is over leaves the line later");
    let figures = holder.figures(NOW).all;
    assert_eq!((figures.waiting + figures.reserved) as usize, MESSAGES - taken + 9);
    assert_eq!(faults.offered.get(), owed);
    faults.is_full.set(false);
    holder.work([], NOW);
    assert!(matches!(ask(&mut holder, remove(Duration::ZERO)), QueueAnswer::Message(..)));
}

#[test]
fn messages_that_go_in_their_order_are_owed_as_one() {
    const MESSAGES: usize = 2_000;
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let files = SegmentFiles::open(&place.path().join("q")).unwrap();
    let small = HolderTerms { segment: 4_000, ..HolderTerms::default() };
    let mut holder = QueueHolder::open(Faulty { files, faults: faults.clone() }, small).unwrap();
    let bodies = ["a", "b", "c"].into_iter().cycle().take(MESSAGES);
    work(&mut holder, bodies.flat_map(|body| [put("q", body, 0), put("other", body, 0)]).collect());
    faults.is_full.set(true);
    let mut most = 0;
    for _ in 0..MESSAGES - 1 {
        for queue in ["q", "other"] {
            let gone = ask(&mut holder, take(queue, BY, Taking::Remove, Duration::ZERO));
            assert!(matches!(gone, QueueAnswer::Message(..)), "{gone:?}");
            most = most.max(faults.offered.get());
        }
    }
    assert!(most < 1_000, "{most} bytes were owed");
    faults.is_full.set(false);
    holder.work([], NOW);
    assert!(!holder.owes());
    drop(holder);
    let mut holder = open(&place, &faults);
    assert_eq!(holder.figures(NOW).all.waiting, 2, "one of each queue is left");
}

#[test]
fn a_message_that_the_disk_may_read_one_day_does_not_go_with_those_behind_it() {
    let (place, faults) = (tempfile::tempdir().unwrap(), Rc::<Faults>::default());
    let files = SegmentFiles::open(&place.path().join("q")).unwrap();
    let small = HolderTerms { segment: 4_000, ..HolderTerms::default() };
    let mut holder = QueueHolder::open(Faulty { files, faults: faults.clone() }, small).unwrap();
    work(&mut holder, ["a"].into_iter().chain(["b"; 20]).map(|body| put("q", body, 0)).collect());
    faults.is_dark.set(true);
    ask(&mut holder, remove(Duration::ZERO));
    for seconds in [2, 20] {
        holder.work([], at(seconds));
    }
    faults.is_dark.set(false);
    faults.is_full.set(true);
    for _ in 0..15 {
        assert_eq!(taken(&mut holder), "b");
    }
    faults.is_full.set(false);
    holder.work([], NOW);
    drop(holder);
    assert_eq!(taken(&mut open(&place, &faults)), "a", "the disk reads it again");
}
