//! What waits, in which order, and what becomes of it.

use std::time::Duration;

use super::*;
use crate::config::{Address, Server};
use crate::upstream::{Options, Peers};

fn key(name: &str) -> Key {
    Key::text(name.to_string().into()).unwrap()
}

fn add(spool: &Spool, name: &str) -> bool {
    spool.add(&mut spool.lock(), &key(name), 7, "m0")
}

fn names(taken: &Taken<'_>) -> Vec<String> {
    taken.records().iter().map(|record| String::from_utf8(record.key.as_bytes().to_vec()).unwrap()).collect()
}

#[test]
fn each_key_waits_once_in_order_and_no_more_than_there_is_room_for() {
    let spool = Spool::in_memory(3);
    assert!(["a", "b", "a", "c", "b"].iter().all(|name| add(&spool, name)));
    assert!(!add(&spool, "d"));
    assert!(add(&spool, "a"), "what waits already needs no room");
    assert_eq!((spool.depth(), spool.oldest(), spool.dropped(SpoolDrop::Full)), (3, Some(7), 1));
    let taken = spool.take(&Weak::new(), 2);
    assert_eq!(names(&taken), ["a", "b"]);
    taken.were_replayed(0);
    spool.take(&Weak::new(), 9).were_needless();
    assert_eq!((spool.depth(), spool.replayed(), spool.skipped()), (0, 2, 1));
}

#[test]
fn a_key_that_is_deleted_again_while_it_is_sent_waits_again() {
    let spool = Spool::in_memory(9);
    add(&spool, "a");
    let taken = spool.take(&Weak::new(), 9);
    assert!(add(&spool, "a"));
    assert!(!spool.lock().is_empty());
    taken.were_replayed(0);
    assert_eq!(names(&spool.take(&Weak::new(), 9)), ["a"]);
}

#[test]
fn what_was_not_sent_is_first_again() {
    let spool = Spool::in_memory(9);
    assert!(["a", "b", "c"].iter().all(|name| add(&spool, name)));
    let taken = spool.take(&Weak::new(), 2);
    assert!(!spool.lock().is_empty());
    add(&spool, "b");
    drop(taken);
    assert_eq!(names(&spool.take(&Weak::new(), 9)), ["a", "c", "b"]);
}

/// Somebody who may hold the spool.
fn target(spool: &Arc<Spool>) -> Arc<Target> {
    let second = Duration::from_secs(1);
    let options = Options {
        connect_timeout: second,
        request_timeout: second,
        queue: 1,
        failures: 1,
        linger: Duration::ZERO,
        show_keys: false,
    };
    let server = Server { name: "m0".into(), address: Address::Unix("/m0".into()), weight: 1 };
    Target::new(&server, options, &Peers::new("main".into()), spool.clone())
}

#[test]
fn who_does_not_hold_the_spool_takes_nothing_and_what_is_under_way_waits_for_the_next_holder() {
    let spool = Spool::in_memory(9);
    assert!(["a", "b"].iter().all(|name| add(&spool, name)));
    let (first, second) = (target(&spool), target(&spool));
    spool.hold(&first.me);
    assert_eq!(names(&spool.take(&second.me, 9)), [""; 0]);
    let taken = spool.take(&first.me, 9);
    spool.hold(&second.me);
    taken.were_replayed(0);
    assert_eq!((spool.replayed(), spool.depth()), (0, 2));
    assert_eq!(names(&spool.take(&second.me, 9)), ["a", "b"]);
}

#[test]
fn a_spool_without_room_keeps_nothing() {
    let spool = Spool::in_memory(0);
    assert!(!add(&spool, "a"));
    assert_eq!(spool.dropped(SpoolDrop::Full), 1);
}

/// A spool with its file in this directory.
fn filed(directory: &std::path::Path, most: usize) -> Spool {
    let place = Place { directory: directory.into(), pool: "main".into(), server: "m0".into() };
    let spool = Spool { most: most.into(), file: Some(place), ..Spool::default() };
    spool.open("m0");
    spool
}

#[test]
fn what_is_under_way_stays_in_the_file_however_many_are_added_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let spool = filed(directory.path(), usize::MAX);
    (0..11_000).for_each(|n| assert!(add(&spool, &format!("early{n}"))));
    let taken = spool.take(&Weak::new(), usize::MAX);
    assert!(add(&spool, "late"));
    // The process ends here.
    std::mem::forget(taken);
    drop(spool);
    assert_eq!(filed(directory.path(), usize::MAX).depth(), 11_001);
}

#[test]
fn what_stands_in_the_file_waits_on_though_no_more_may_wait_than_that() {
    let directory = tempfile::tempdir().unwrap();
    let spool = filed(directory.path(), 9);
    assert!(["a", "b", "c"].iter().all(|name| add(&spool, name)));
    drop(spool);
    let spool = filed(directory.path(), 1);
    assert_eq!(names(&spool.take(&Weak::new(), 9)), ["a", "b", "c"]);
}
