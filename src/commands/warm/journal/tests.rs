//! A progress file remembers what it was told, through every kind of end.

use std::fs;

use proptest::prelude::*;

use super::*;

fn entry(n: u64) -> JournalEntry {
    JournalEntry { route: 1, size: n as u32, key: format!("key{n}").into() }
}

fn open(path: &Path) -> (Journal, Past) {
    Journal::open(path, "the plan", false).expect("a progress file")
}

fn keys(journal: &Journal) -> Vec<JournalEntry> {
    journal.listed().flat_map(|block| block.expect("keys")).collect()
}

fn list(journal: &mut Journal, source: u32, count: u64) {
    journal.begin_list().unwrap();
    (0..count).for_each(|n| journal.list(entry(n)).unwrap());
    assert_eq!(journal.end_list(source).unwrap(), count);
}

fn directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("progress");
    (directory, path)
}

#[test]
fn what_was_done_is_remembered_and_what_is_finished_takes_no_room() {
    let (_directory, path) = directory();
    let (mut journal, past) = open(&path);
    assert_eq!(past, Past::default());
    list(&mut journal, 0, 100_000);
    journal.reached(1000, 0).unwrap();
    assert_eq!(keys(&journal), (0..100_000).map(entry).collect::<Vec<_>>());
    journal.finish(0, 100_000).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 200, "the list of a finished source is gone");
    list(&mut journal, 2, 50_000);
    journal.reached(10, 0).unwrap();
    journal.reached(40_000, 3).unwrap();
    drop(journal);
    let (mut journal, past) = open(&path);
    let at_hand = AtHand { source: 2, keys: 50_000, done: 40_000, refused: 3 };
    assert_eq!(past, Past { finished: vec![(0, 100_000)], at_hand: Some(at_hand) });
    assert_eq!(keys(&journal), (0..50_000).map(entry).collect::<Vec<_>>());
    journal.finish(2, 50_000).unwrap();
    drop(journal);
    let (journal, past) = open(&path);
    assert_eq!(past, Past { finished: vec![(0, 100_000), (2, 50_000)], at_hand: None });
    journal.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_list_that_was_not_completed_is_begun_anew() {
    let (_directory, path) = directory();
    let (mut journal, _) = open(&path);
    journal.begin_list().unwrap();
    (0..100_000).for_each(|n| journal.list(entry(n)).unwrap());
    drop(journal);
    let (mut journal, past) = open(&path);
    assert_eq!(past, Past::default());
    list(&mut journal, 1, 5);
    assert_eq!(keys(&journal).len(), 5);
}

#[test]
fn another_plan_another_run_and_another_file_are_refused() {
    let (_directory, path) = directory();
    let (mut journal, _) = open(&path);
    list(&mut journal, 0, 3);
    let said = |plan: &str, anew: bool| Journal::open(&path, plan, anew).map(|_| ()).unwrap_err().to_string();
    assert!(said("the plan", false).contains("is in use by another leash warm"));
    drop(journal);
    let other = said("another plan", false);
    assert!(other.contains("was made for\nthe plan\nand this is\nanother plan\n--restart begins anew"), "{other}");
    let (journal, past) = Journal::open(&path, "another plan", true).unwrap();
    assert_eq!(past, Past::default());
    drop(journal);
    fs::write(&path, "groceries: milk, eggs, bread").unwrap();
    assert!(said("the plan", true).contains("is not a progress file"));
    assert_eq!(fs::read(&path).unwrap(), b"groceries: milk, eggs, bread", "and it is left as it was");
    assert!(Journal::open(Path::new("/no/such/file"), "", false).is_err_and(|e| e.to_string().contains("--progress")));
}

#[test]
fn a_progress_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = directory();
    let _journal = open(&path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn wherever_the_file_is_torn_it_tells_nothing_that_was_not_so(cut in any::<prop::sample::Index>(), junk in ".{0,20}") {
        let (_directory, path) = directory();
        let (mut journal, _) = open(&path);
        let plan = fs::metadata(&path).unwrap().len() as usize;
        list(&mut journal, 0, 20);
        journal.finish(0, 20).unwrap();
        list(&mut journal, 1, 30);
        journal.reached(7, 0).unwrap();
        journal.reached(9, 1).unwrap();
        drop(journal);
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(plan + cut.index(bytes.len() - plan));
        bytes.extend_from_slice(junk.as_bytes());
        fs::write(&path, bytes).unwrap();
        let (mut journal, past) = open(&path);
        prop_assert!(past.finished.is_empty() || past.finished == [(0, 20)]);
        if let Some(AtHand { source, keys: count, done, refused }) = past.at_hand {
            prop_assert_eq!((source, count), (1, 30));
            prop_assert!([(0, 0), (7, 0), (9, 1)].contains(&(done, refused)));
            prop_assert_eq!(keys(&journal).len(), 30);
        }
        journal.finish(5, 1).unwrap();
        drop(journal);
        prop_assert_eq!(open(&path).1.finished.last().copied(), Some((5, 1)), "and what comes next is whole");
    }
}
