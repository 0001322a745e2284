//! Files that are damaged, cut short, missing, or something else: what can be read is read, and the rest is told.

use std::fs;

use super::*;
use crate::queue::record::{QueueEvent, QueueRecord};
use crate::runtime::frames::framed;

const NOW: Moment = Moment { up: Duration::ZERO, unix: Duration::from_secs(1_700_000_000) };

/// What happens to a file.
type Mishap = fn(&Path);
type Files = QueueHolder<SegmentFiles, ()>;

fn small() -> HolderTerms {
    HolderTerms { segment: 2_000, sync: false, ..HolderTerms::default() }
}

fn open(directory: &Path) -> Files {
    QueueHolder::open(SegmentFiles::open(directory).unwrap(), small()).unwrap()
}

fn refusal(directory: &Path) -> String {
    let opened = SegmentFiles::open(directory).and_then(|files| Files::open(files, small()));
    opened.err().expect("it is refused").to_string()
}

fn ask(holder: &mut Files, order: QueueOrder) -> QueueAnswer {
    holder.work([(order, ())], NOW).remove(0).1
}

fn put(holder: &mut Files, body: impl Into<Bytes>) {
    let order = QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body: body.into() };
    assert!(matches!(ask(holder, order), QueueAnswer::Stored(_)));
}

/// The next message, taken for good.
fn next(holder: &mut Files) -> Option<String> {
    take(holder, Taking::Remove)
}

fn take(holder: &mut Files, how: Taking) -> Option<String> {
    let order = QueueOrder::Take { queue: "q".into(), by: BY, how, wait: Duration::ZERO };
    match ask(holder, order) {
        QueueAnswer::Message(_, message) => Some(String::from_utf8(message.body.to_vec()).unwrap()),
        _ => None,
    }
}

fn rest(holder: &mut Files) -> Vec<String> {
    std::iter::from_fn(|| next(holder)).collect()
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("{number:03}{}", "x".repeat(100))).collect()
}

/// Files of 2,000 bytes with these messages.
fn filled(directory: &Path, messages: &[String]) {
    let mut holder = open(directory);
    messages.iter().for_each(|message| put(&mut holder, message.clone()));
}

#[test]
fn a_file_that_is_empty_or_missing_is_told_and_costs_only_what_it_held() {
    let broken: [(&str, Mishap); 3] = [
        ("empty", |file| fs::write(file, "").unwrap()),
        ("cut within its beginning", |file| fs::write(file, &fs::read(file).unwrap()[..20]).unwrap()),
        ("missing", |file| fs::remove_file(file).unwrap()),
    ];
    for (title, break_it) in broken {
        let place = tempfile::tempdir().unwrap();
        let all = numbered(0..60);
        filled(place.path(), &all);
        break_it(&place.path().join("0000000002.queue"));
        let mut holder = open(place.path());
        assert_eq!(holder.figures(NOW).damaged_files, 1, "{title}");
        let left = rest(&mut holder);
        assert!((40..50).contains(&left.len()) && left.is_sorted(), "{title}: {left:?}");
        assert_eq!((&left[0], left.last()), (&all[0], all.last()), "{title}");
        put(&mut holder, "after");
        drop(holder);
        let mut holder = open(place.path());
        assert_eq!(holder.figures(NOW).damaged_files, 0, "{title}: files in which nothing counts go");
        assert_eq!(rest(&mut holder), ["after"], "{title}");
    }
}

#[test]
fn what_cannot_be_a_file_of_queues_refuses_the_start_and_is_named_with_a_cure() {
    let planted: [(&str, Mishap, &str); 5] = [
        ("a directory", |path| fs::create_dir(path).unwrap(), "directory"),
        ("a loop", |path| std::os::unix::fs::symlink(path, path).unwrap(), "symbolic links"),
        ("a link to nothing", |path| std::os::unix::fs::symlink("nowhere", path).unwrap(), "No such file"),
        (
            "of another leash",
            |path| fs::write(path, "leash queue 3\nxyz").unwrap(),
            "a form that this leash does not know",
        ),
        ("anything", |path| fs::write(path, "these are my notes of today").unwrap(), "a form that this leash"),
    ];
    for (title, plant, why) in planted {
        let place = tempfile::tempdir().unwrap();
        filled(place.path(), &numbered(0..3));
        let path = place.path().join("0000000003.queue");
        plant(&path);
        let refused = refusal(place.path());
        assert!(refused.starts_with(&format!("{}: ", path.display())), "{title}: {refused}");
        assert!(refused.contains(why) && refused.contains("move it away"), "{title}: {refused}");
        fs::rename(&path, place.path().join("moved away")).unwrap();
        assert_eq!(rest(&mut open(place.path())).len(), 3, "{title}: the cure is one");
    }
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("q"), "").unwrap();
    let refused = refusal(&place.path().join("q"));
    assert!(refused.contains("/q/lock: Not a directory"), "{refused}");
}

#[test]
fn a_message_that_is_damaged_costs_no_other() {
    for (at, title) in [(14 + 4 + 12, "in the first record"), (600, "in the middle")] {
        let place = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(place.path(), terms());
        for n in 0..50 {
            let body = format!("{n:02}").into();
            desk.ask(QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body });
        }
        drop(desk);
        let file = place.path().join("0000000001.queue");
        let mut bytes = fs::read(&file).unwrap();
        bytes[at] ^= 1;
        fs::write(&file, bytes).unwrap();
        let mut desk = Desk::open(place.path(), terms());
        let mut came: Vec<String> = (0..50).map(|_| desk.take("q", BY, Taking::Remove)).collect();
        came.retain(|body| !body.is_empty());
        assert!(came.len() >= 49 && came.is_sorted(), "{title}: {came:?}");
        assert!(place.path().join("0000000001.damaged").exists(), "{title}: it is kept for people");
    }
}

#[test]
fn files_of_the_build_before_are_read_and_a_damaged_message_costs_no_other() {
    let record = |id: u64| {
        let message = Message { client_flags: 0, expires: 0, since: 1, body: format!("m{id}").into() };
        QueueRecord { queue: "q".into(), id, event: QueueEvent::Put(message) }
    };
    let records: Vec<QueueRecord> = [QueueRecord::begun(1)].into_iter().chain((1..9).map(record)).collect();
    let (first, last) = ([b"leash queue 1\n", &framed(&records[..6])[..]].concat(), framed(&records[6..]));
    for (at, expected) in [(None, "m1 m2 m3 m4 m5 m6 m7 m8"), (Some(first.len() - 9), "m1 m2 m3 m4 m6 m7 m8")] {
        let place = tempfile::tempdir().unwrap();
        let mut bytes = [&first[..], &last].concat();
        at.into_iter().for_each(|at: usize| bytes[at] ^= 1);
        fs::write(place.path().join("0000000001.queue"), bytes).unwrap();
        let mut holder = open(place.path());
        assert_eq!(holder.figures(NOW).damaged_files, u64::from(at.is_some()));
        put(&mut holder, "new");
        drop(holder);
        assert_eq!(rest(&mut open(place.path())).join(" "), format!("{expected} new"));
    }
}

#[test]
fn each_damage_of_a_file_is_kept_as_it_was_found_and_once() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path(), &numbered(0..9));
    let file = place.path().join("0000000001.queue");
    for (at, name) in [(200, "0000000001.damaged"), (500, "0000000001.damaged-2")] {
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(&[7; 100]);
        bytes[at] ^= 1;
        fs::write(&file, &bytes).unwrap();
        for _ in 0..2 {
            assert_eq!(open(place.path()).figures(NOW).damaged_files, 1);
            assert_eq!(fs::read(place.path().join(name)).unwrap(), bytes);
        }
    }
    assert_eq!(open(place.path()).figures(NOW).damaged_copies, 2);
}

#[test]
fn a_damaged_file_for_which_no_copy_can_be_kept_is_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let all = numbered(0..9);
    filled(place.path(), &all);
    let file = place.path().join("0000000001.queue");
    fs::File::create(place.path().join("0000000009.damaged")).unwrap().set_len(1 << 30).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(&[7; 100]);
    bytes[200] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let mut holder = open(place.path());
    assert_eq!((holder.figures(NOW).damaged_files, holder.figures(NOW).damaged_copies), (1, 1));
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert_eq!(rest(&mut holder), all[1..], "all but the damaged one");
}

#[test]
fn how_often_a_message_was_given_back_outlives_the_file_in_which_it_stood() {
    let place = tempfile::tempdir().unwrap();
    let mut holder = open(place.path());
    put(&mut holder, "bad");
    for _ in 0..3 {
        assert_eq!(take(&mut holder, Taking::ReserveOne).as_deref(), Some("bad"));
        ask(&mut holder, QueueOrder::Settle { queue: "q".into(), by: BY, id: None, how: Settling::GiveBack });
    }
    for _ in 0..2_000 {
        let other = QueueOrder::Put { queue: "other".into(), client_flags: 0, expires: 0, body: "goes".into() };
        ask(&mut holder, other);
        ask(&mut holder, QueueOrder::Empty { queue: "other".into() });
    }
    assert!(!place.path().join("0000000001.queue").exists(), "it was moved");
    drop(holder);
    let mut holder = open(place.path());
    holder.set_terms(HolderTerms { max_redeliveries: Some(3), ..small() });
    assert_eq!(take(&mut holder, Taking::ReserveOne).as_deref(), Some("bad"));
    ask(&mut holder, QueueOrder::Settle { queue: "q".into(), by: BY, id: None, how: Settling::GiveBack });
    assert_eq!(next(&mut holder), None, "it was given back for the fourth time");
    drop(holder);
    let mut holder = open(place.path());
    let dead = QueueOrder::Take { queue: "q+dead".into(), by: BY, how: Taking::Remove, wait: Duration::ZERO };
    assert!(matches!(ask(&mut holder, dead), QueueAnswer::Message(_, message) if message.body == "bad"));
    assert_eq!(next(&mut holder), None, "it is in one queue only");
}
