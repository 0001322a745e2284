//! What waits, in which order, and what becomes of it.

use std::sync::LazyLock;
use std::time::Duration;

use super::*;
use crate::config::{Address, ServerConfig};
use crate::upstream::{Options, Peers, Target};

/// Serves under the server's name where it does not matter who does.
static SERVER: LazyLock<Arc<Serves>> = LazyLock::new(|| Arc::new(Serves("m0".into())));

struct Serves(Arc<str>);

impl Serves {
    fn me(self: &Arc<Serves>) -> Weak<Serves> {
        Arc::downgrade(self)
    }
}

impl SpoolHolder for Serves {
    fn label(&self) -> &Arc<str> {
        &self.0
    }

    fn is_read_from(&self) -> bool {
        false
    }

    fn catch_up(&self) {}
}

/// A spool that [`SERVER`] holds.
fn in_memory(most: usize) -> Arc<Spool> {
    let spool = Spool::in_memory(most);
    spool.hold(&SERVER.me());
    spool
}

fn key(name: &str) -> Key {
    Key::text(name.to_string().into()).unwrap()
}

fn add(spool: &Spool, name: &str) -> bool {
    let mut pending = spool.lock();
    let added = spool.add(&mut pending, &key(name), 7, "m0");
    assert!(matches!(added, Ok(()) | Err(SpoolDrop::Full)));
    added.is_ok()
}

fn names(taken: &Taken<'_>) -> Vec<String> {
    taken.records().iter().map(|record| String::from_utf8(record.key.as_bytes().to_vec()).unwrap()).collect()
}

#[test]
fn each_key_waits_once_in_order_and_no_more_than_there_is_room_for() {
    let spool = in_memory(3);
    assert!(["a", "b", "a", "c", "b"].iter().all(|name| add(&spool, name)));
    assert!(!add(&spool, "d"));
    assert!(add(&spool, "a"), "what waits already needs no room");
    assert_eq!((spool.depth(), spool.oldest()), (3, Some(7)));
    let taken = spool.take(&SERVER.me(), 2);
    assert_eq!(names(&taken), ["a", "b"]);
    taken.were_replayed(&[]);
    spool.take(&SERVER.me(), 9).were_needless();
    assert_eq!((spool.depth(), spool.replayed(), spool.skipped()), (0, 2, 1));
}

#[test]
fn a_key_that_is_deleted_again_while_it_is_sent_waits_again() {
    let spool = in_memory(9);
    add(&spool, "a");
    let taken = spool.take(&SERVER.me(), 9);
    assert!(add(&spool, "a"));
    assert!(!spool.lock().is_empty());
    taken.were_replayed(&[]);
    assert_eq!(names(&spool.take(&SERVER.me(), 9)), ["a"]);
}

#[test]
fn what_was_not_sent_is_first_again() {
    let spool = in_memory(9);
    assert!(["a", "b", "c"].iter().all(|name| add(&spool, name)));
    let taken = spool.take(&SERVER.me(), 2);
    assert!(!spool.lock().is_empty());
    add(&spool, "b");
    drop(taken);
    assert_eq!(names(&spool.take(&SERVER.me(), 9)), ["a", "c", "b"]);
}

/// A target that may hold the spool.
fn target(spool: &Arc<Spool>) -> Arc<Target> {
    let second = Duration::from_secs(1);
    let options = Options {
        connect_timeout: second,
        request_timeout: second,
        idle_timeout: None,
        least_rest: Duration::ZERO,
        queue: 1,
        failures: 1,
        linger: Duration::ZERO,
        tls: None,
        auth: None,
        any_address: false,
        show_keys: false,
    };
    let server = ServerConfig { name: "m0".into(), address: Address::Unix("/m0".into()), weight: 1 };
    Target::new(&server, options, &Peers::new("main".into()), spool.clone())
}

#[test]
fn who_does_not_hold_the_spool_takes_nothing_and_what_is_under_way_waits_for_the_next_holder() {
    let spool = in_memory(9);
    assert!(["a", "b"].iter().all(|name| add(&spool, name)));
    let (first, second) = (target(&spool), target(&spool));
    spool.hold(&first.me);
    assert_eq!(names(&spool.take(&second.me, 9)), [""; 0]);
    let taken = spool.take(&first.me, 9);
    spool.hold(&second.me);
    taken.were_replayed(&[]);
    assert_eq!((spool.replayed(), spool.depth()), (0, 2));
    assert_eq!(names(&spool.take(&second.me, 9)), ["a", "b"]);
}

#[test]
fn a_spool_without_room_keeps_nothing() {
    let spool = in_memory(0);
    assert!(!add(&spool, "a"));
    assert_eq!(spool.depth(), 0);
}

/// A spool with its file in this directory.
fn filed(directory: &std::path::Path, most: usize) -> Spool {
    let place = SpoolPlace { directory: directory.into(), pool: "main".into(), server: "m0".into() };
    let spool = Spool { most: most.into(), place: Some(place), ..Spool::default() };
    spool.hold(&SERVER.me());
    spool.open("m0");
    spool
}

#[test]
fn what_is_under_way_stays_in_the_file_however_many_are_added_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let spool = filed(directory.path(), usize::MAX);
    (0..11_000).for_each(|n| assert!(add(&spool, &format!("early{n}"))));
    let taken = spool.take(&SERVER.me(), usize::MAX);
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
    assert_eq!(names(&spool.take(&SERVER.me(), 9)), ["a", "b", "c"]);
}

#[test]
fn what_was_refused_is_asked_again_in_the_next_attempt_and_waits_meanwhile() {
    let spool = in_memory(9);
    assert!(["a", "b", "c"].iter().all(|name| add(&spool, name)));
    assert!(spool.take(&SERVER.me(), 9).were_replayed(&[1]));
    assert_eq!((spool.depth(), spool.replayed()), (1, 2));
    let is = |name: &str| {
        let pending = spool.lock();
        (pending.is_told(), pending.may_be_outdated(&key(name)))
    };
    assert_eq!([is("a"), is("b")], [(true, false), (true, true)]);
    assert_eq!(names(&spool.take(&SERVER.me(), 9)), [""; 0], "not in the same attempt");
    assert!(add(&spool, "b"), "it waits already");
    assert_eq!(spool.depth(), 1);
    drop(spool.take_all(&SERVER.me()));
    let again = spool.take(&SERVER.me(), 9);
    assert_eq!(names(&again), ["b"]);
    assert!(is("b").1, "it may be read only once it was told");
    assert!(again.were_replayed(&[0]));
    assert_eq!(names(&spool.take(&SERVER.me(), 9)), [""; 0]);
    drop(spool.take_all(&SERVER.me()));
    assert!(spool.take(&SERVER.me(), 9).were_replayed(&[]));
    assert_eq!((spool.depth(), spool.replayed(), is("b")), (0, 3, (true, false)));
}

#[test]
fn what_is_too_much_for_memory_stays_in_its_file_and_is_taken_a_batch_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = filed(directory.path(), usize::MAX);
    (0..1000).for_each(|n| assert!(add(&first, &format!("early{n}"))));
    drop(first);
    let spool = filed(directory.path(), 100);
    assert_eq!(spool.lock().in_memory(), 0);
    assert!((900..=1100).contains(&spool.depth()), "{}", spool.depth());
    assert!(add(&spool, "late"));
    let taken = spool.take(&SERVER.me(), 300);
    assert_eq!((names(&taken).first().unwrap().as_str(), taken.records().len()), ("early0", 300));
    drop(taken);
    let taken = spool.take(&SERVER.me(), 300);
    assert_eq!(names(&taken).first().unwrap(), "early0", "what was not sent comes again");
    assert!(taken.were_replayed(&[7]));
    // The process ends here.
    drop(spool);
    let spool = filed(directory.path(), 100);
    let mut all = Vec::new();
    loop {
        let taken = spool.take(&SERVER.me(), 300);
        if taken.records().is_empty() {
            break;
        }
        all.extend(names(&taken));
        assert!(taken.were_replayed(&[]));
    }
    assert!((0..1000).all(|n| all.contains(&format!("early{n}"))) && all.contains(&"late".to_string()));
    assert!(all.iter().filter(|name| *name == "early7").count() > 1, "what was refused is in memory and in the file");
    assert!(spool.lock().is_empty());
    assert_eq!(fs_count(directory.path()), 1, "what is done takes no room");
}

#[test]
fn what_was_refused_and_has_no_room_in_memory_stays_where_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let first = filed(directory.path(), usize::MAX);
    (0..10).for_each(|n| assert!(add(&first, &format!("early{n}"))));
    drop(first);
    let spool = filed(directory.path(), 2);
    assert!(!spool.take(&SERVER.me(), 5).were_replayed(&[0, 1, 2]));
    assert_eq!(spool.replayed(), 0);
    let taken = spool.take(&SERVER.me(), 5);
    assert_eq!(names(&taken)[0], "early0");
    assert!(taken.were_replayed(&[0, 1]));
    assert_eq!((spool.replayed(), spool.lock().refused()), (3, 2));
}

#[test]
fn an_empty_server_needs_nothing_of_what_waits_in_files_either() {
    let directory = tempfile::tempdir().unwrap();
    let first = filed(directory.path(), usize::MAX);
    (0..10).for_each(|n| assert!(add(&first, &format!("early{n}"))));
    drop(first);
    let spool = filed(directory.path(), 2);
    assert!(add(&spool, "late"));
    spool.take_all(&SERVER.me()).were_needless();
    assert_eq!((spool.depth(), spool.skipped(), fs_count(directory.path())), (0, 11, 1));
}

fn fs_count(directory: &std::path::Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}
