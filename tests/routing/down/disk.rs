//! Files of the spool that cannot be written or opened, and can be again: what waits is not lost, and it is told. A
//! disk that is full is in tests/load/reliability.

use std::fs;

use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::pools::{comes_back, directory, leash, misses, reads, set};

/// Deletes `key`, whose server is frozen.
#[track_caller]
fn delete(client: &mut Client, key: &str) {
    wait_until("m0 is down", BOUND, || client.ask(format!("delete {key}\r\n")) == "NOT_FOUND");
}

/// The disk fails, and everybody can see it.
#[track_caller]
fn is_told(leash: &Leash) {
    reaches(leash, "leash_spool_file_failing", "server=\"m0\"", 1.0);
    assert!(metric(leash, "leash_spool_file_failures_total", "server=\"m0\"") >= 1.0);
    let told = "the spool's file cannot be written, deletes are kept in memory only";
    assert_eq!(leash.log().matches(told).count(), 1, "{}", leash.log());
    let page = leash.page("/");
    assert!(page.contains("file cannot be written for") && page.contains("m0 (main)"), "{page}");
}

/// It does not any more.
#[track_caller]
fn is_well(leash: &Leash) {
    reaches(leash, "leash_spool_file_failing", "", 0.0);
    assert!(leash.log().contains("the spool's file is written again"), "{}", leash.log());
    assert!(!leash.page("/").contains("file cannot be written"));
}

/// leash is killed, its server goes on, and these keys are gone before anybody reads them.
fn survive(first: Leash, server: &Memcached, line: &str, keys: &[&str]) {
    drop(first);
    server.thaw();
    let second = leash(std::slice::from_ref(server), "", line);
    let mut client = second.client();
    keys.iter().for_each(|key| misses(&mut client, key));
    comes_back(&second, "m0");
    keys.iter().for_each(|key| misses(&mut client, key));
    assert_eq!(metric(&second, "leash_spool_replayed_total", ""), keys.len() as f64);
}

#[test]
fn a_directory_that_was_removed_is_made_again_with_all_that_waits() {
    let server = Memcached::start();
    let (directory, line) = directory();
    let first = leash(std::slice::from_ref(&server), "", &line);
    let mut client = first.client();
    ["a", "b", "c"].iter().for_each(|key| set(&mut client, key, "old"));
    server.freeze();
    delete(&mut client, "a");
    // Where it was is something else, so it cannot be made again.
    fs::remove_dir_all(directory.path()).unwrap();
    fs::write(directory.path(), "").unwrap();
    delete(&mut client, "b");
    is_told(&first);
    delete(&mut client, "c");
    fs::remove_file(directory.path()).unwrap();
    is_well(&first);
    survive(first, &server, &line, &["a", "b", "c"]);
}

#[test]
fn a_server_that_comes_back_while_nothing_can_be_written_is_told_from_memory() {
    let server = Memcached::start();
    let (directory, line) = directory();
    let leash = leash(std::slice::from_ref(&server), "", &line);
    let mut client = leash.client();
    ["a", "kept"].iter().for_each(|key| set(&mut client, key, "old"));
    server.freeze();
    fs::remove_dir_all(directory.path()).unwrap();
    fs::write(directory.path(), "").unwrap();
    ["a", "b"].iter().for_each(|key| delete(&mut client, key));
    is_told(&leash);
    server.thaw();
    comes_back(&leash, "m0");
    misses(&mut client, "a");
    reads(&mut client, "kept", "old");
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), 2.0);
    assert_eq!(metric(&leash, "leash_spool_dropped_total", ""), 0.0);
    fs::remove_file(directory.path()).unwrap();
    is_well(&leash);
}

#[test]
fn what_another_process_left_is_found_late_and_told_to_a_server_that_serves_already() {
    let server = Memcached::start();
    let (_directory, line) = directory();
    let first = leash(std::slice::from_ref(&server), "", &line);
    let mut client = first.client();
    ["key", "other"].iter().for_each(|key| set(&mut client, key, "old"));
    server.freeze();
    delete(&mut client, "key");
    let second = leash(std::slice::from_ref(&server), "", &line);
    reaches(&second, "leash_spool_file_failing", "", 1.0);
    // SIGKILL.
    drop(first);
    reaches(&second, "leash_spool_file_failing", "", 0.0);
    server.thaw();
    reaches(&second, "leash_spool_replayed_total", "", 1.0);
    misses(&mut second.client(), "key");
    assert_eq!(metric(&second, "leash_server_up", ""), 1.0);
}
