//! Files of the spool that are too large for memory, or make no sense: leash starts at once, in little memory.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leash::protocol::Key;
use leash::runtime::frames;
use leash::upstream::spool_bytes::Record;
use support::figures::{metric, reaches};
use support::{Client, Leash, Memcached, wait_until};

use super::pools::{directory, leash, misses};

/// Records in the large file, a quarter of a kilobyte each.
const MANY: usize = 60_000;
/// That many deletes at a pace, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What memory may grow by, in KiB, beside what leash takes anyway. The file is several times that.
const LITTLE: usize = 6 * 1024;

fn key(n: usize) -> String {
    format!("{n:0>234}")
}

/// The file of the spool of m0 as a leash makes it, with nothing in it.
fn empty_file(server: &Memcached, directory: &Path, line: &str) -> PathBuf {
    let leash = leash(std::slice::from_ref(server), "", line);
    wait_until("leash is ready", PATIENCE, || leash.log().contains("ready"));
    fs::read_dir(directory).unwrap().next().unwrap().unwrap().path()
}

/// Appends the records of these keys.
fn append(path: &Path, keys: impl Iterator<Item = String>) {
    append_each(path, keys, |key, bytes| {
        let key = Key::text(key.into()).unwrap();
        frames::push(&Record { key, since: 7 }, bytes);
    });
}

/// Appends the records of these keys as leash did before there were frames.
fn append_as_before(path: &Path, keys: impl Iterator<Item = String>) {
    append_each(path, keys, |key, bytes| {
        let mut body = 7u64.to_le_bytes().to_vec();
        body.extend([0, key.len() as u8]);
        body.extend(key.as_bytes());
        bytes.extend(crc32fast::hash(&body).to_le_bytes());
        bytes.extend(body);
    });
}

fn append_each(path: &Path, keys: impl Iterator<Item = String>, push: impl Fn(String, &mut Vec<u8>)) {
    let mut file = BufWriter::new(OpenOptions::new().append(true).open(path).unwrap());
    for key in keys {
        let mut bytes = Vec::new();
        push(key, &mut bytes);
        file.write_all(&bytes).unwrap();
    }
    file.flush().unwrap();
}

/// The most memory it ever had, in KiB.
fn peak(leash: &Leash) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", leash.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// What leash takes with an empty spool.
fn base(server: &Memcached, line: &str) -> usize {
    let leash = leash(std::slice::from_ref(server), "", line);
    reaches(&leash, "leash_server_up", "", 1.0);
    peak(&leash)
}

#[test]
fn a_file_larger_than_memory_may_be_is_replayed_as_it_is_read() {
    let server = Memcached::start_with(&["-m", "256"]);
    let (directory, line) = directory();
    let path = empty_file(&server, directory.path(), &line);
    let base = base(&server, &line);
    append(&path, (0..MANY).map(key));
    let size = fs::metadata(&path).unwrap().len() as usize / 1024;
    assert!(size > 2 * LITTLE, "{size}");
    let mut direct = Client::connect(&server.address());
    let some = [0, 1, MANY / 2, MANY - 1];
    some.iter().for_each(|n| direct.expect(format!("set {} 0 0 3\r\nold\r\n", key(*n)), "STORED\r\n"));
    server.freeze();
    let begun = Instant::now();
    let leash = leash(std::slice::from_ref(&server), "", &line);
    println!("ready {:?} after its start", begun.elapsed());
    let waiting = metric(&leash, "leash_spool_keys", "");
    assert_eq!(waiting, MANY as f64, "records of one length are counted without reading them");
    assert!(metric(&leash, "leash_spool_oldest_seconds", "") > 1e9);
    misses(&mut leash.client(), &key(0));
    server.thaw();
    wait_until("m0 is up", PATIENCE, || metric(&leash, "leash_server_up", "") == 1.0);
    some.iter().for_each(|n| misses(&mut direct, &key(*n)));
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), MANY as f64);
    assert_eq!(metric(&leash, "leash_spool_keys", ""), 0.0);
    println!("{size} KiB of file; at most {} KiB of memory, {base} KiB without", peak(&leash));
    assert!(peak(&leash) < base + LITTLE, "{} KiB, {base} KiB without, {size} KiB of file", peak(&leash));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "what is replayed takes no room");
}

#[test]
fn a_large_replay_that_is_killed_is_begun_anew() {
    let server = Memcached::start();
    let (directory, line) = directory();
    let path = empty_file(&server, directory.path(), &line);
    append(&path, (0..MANY).map(key));
    let mut direct = Client::connect(&server.address());
    for n in [0, MANY - 1] {
        direct.expect(format!("set {} 0 0 3\r\nold\r\n", key(n)), "STORED\r\n");
    }
    for _ in 0..3 {
        let leash = leash(std::slice::from_ref(&server), "", &line);
        wait_until("it has begun", PATIENCE, || metric(&leash, "leash_spool_replayed_total", "") > 0.0);
        misses(&mut leash.client(), &key(MANY - 1));
        // SIGKILL.
    }
    let leash = leash(std::slice::from_ref(&server), "", &line);
    wait_until("m0 is up", PATIENCE, || metric(&leash, "leash_server_up", "") == 1.0);
    [0, MANY - 1].iter().for_each(|n| misses(&mut direct, &key(*n)));
    assert_eq!(metric(&leash, "leash_spool_dropped_total", ""), 0.0);
}

#[test]
fn a_file_of_two_gigabytes_without_sense_neither_takes_memory_nor_keeps_leash_from_serving() {
    let server = Memcached::start();
    let (directory, line) = directory();
    let path = empty_file(&server, directory.path(), &line);
    let base = base(&server, &line);
    let title = fs::read(&path).unwrap();
    for (whole, what) in [(0, 0u8), (0, 255), (50, 0), (50, 255)] {
        fs::write(&path, &title).unwrap();
        append(&path, (0..whole).map(key));
        File::options().append(true).open(&path).unwrap().write_all(&[what; 1024]).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(2 << 30).unwrap();
        let mut direct = Client::connect(&server.address());
        direct.expect(format!("set {} 0 0 3\r\nold\r\n", key(0)), "STORED\r\n");
        let leash = leash(std::slice::from_ref(&server), "", &line);
        reaches(&leash, "leash_server_up", "", 1.0);
        assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), whole as f64);
        assert_eq!(metric(&leash, "leash_spool_dropped_total", "reason=\"damaged\""), 1.0);
        assert!(leash.log().contains("was torn and is worth nothing"), "{}", leash.log());
        assert!(peak(&leash) < base + LITTLE, "{} KiB, {base} KiB without", peak(&leash));
        assert_eq!(direct.get(&key(0)).unwrap().is_some(), whole == 0);
    }
}

#[test]
fn what_an_earlier_version_of_leash_left_is_replayed_be_it_small_or_large() {
    for many in [3, MANY] {
        let server = Memcached::start();
        let (directory, line) = directory();
        let path = empty_file(&server, directory.path(), &line);
        let title = fs::read_to_string(&path).unwrap();
        fs::write(&path, title.replace("leash spool 2", "leash spool 1")).unwrap();
        append_as_before(&path, (0..many).map(key));
        let mut direct = Client::connect(&server.address());
        [0, many - 1].iter().for_each(|n| direct.expect(format!("set {} 0 0 3\r\nold\r\n", key(*n)), "STORED\r\n"));
        let leash = leash(std::slice::from_ref(&server), "", &line);
        wait_until("m0 is up", PATIENCE, || metric(&leash, "leash_server_up", "") == 1.0);
        [0, many - 1].iter().for_each(|n| misses(&mut direct, &key(*n)));
        assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), many as f64);
        assert_eq!(fs::read_to_string(&path).unwrap(), title, "and the next is written as today");
    }
}
