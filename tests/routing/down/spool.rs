//! The zombie story: what is deleted while its server cannot hear it is not read again, whatever happens in between.

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::pools::{comes_back, directory, goes_down, keys_of, leash, misses, reads, set};

#[test]
fn what_is_deleted_while_its_server_is_frozen_is_gone_when_it_goes_on() {
    let servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    let keys = keys_of(&leash, "m0", 5);
    keys.iter().for_each(|key| set(&mut client, key, "old"));
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    client.expect(format!("md {}\r\n", keys[1]), "NF\r\n");
    client.send(format!("delete {} noreply\r\nset {} 0 0 3\r\nnew\r\n", keys[2], keys[3]));
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.starts_with("SERVER_ERROR server m0 ") && line.ends_with(": is down\r\n"), "{line}");
    reaches(&leash, "leash_spool_keys", "server=\"m0\"", 4.0);
    keys.iter().for_each(|key| misses(&mut client, key));
    servers[0].thaw();
    comes_back(&leash, "m0");
    keys[..4].iter().for_each(|key| misses(&mut client, key));
    reads(&mut client, &keys[4], "old");
    assert_eq!(metric(&leash, "leash_spool_keys", ""), 0.0);
    assert_eq!(metric(&leash, "leash_spool_replayed_total", "server=\"m0\""), 4.0);
    assert_eq!(metric(&leash, "leash_spool_dropped_total", ""), 0.0);
}

#[test]
fn what_was_on_its_way_to_a_server_when_it_froze_does_not_outlive_a_later_delete() {
    let servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    let key = keys_of(&leash, "m0", 1).remove(0);
    set(&mut client, &key, "old");
    servers[0].freeze();
    // The server has this, unread, when it goes on.
    let mut others = [leash.client(), leash.client()];
    for other in &mut others {
        other.send(format!("set {key} 0 0 4\r\nlate\r\n"));
    }
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n");
    servers[0].thaw();
    comes_back(&leash, "m0");
    misses(&mut client, &key);
}

#[test]
fn a_delete_that_failed_on_its_way_is_caught_up_with_though_the_server_stays_up() {
    let servers = Memcached::start_many(1);
    let leash = leash(&servers, "failures: 1000", "");
    let mut client = leash.client();
    set(&mut client, "key", "old");
    set(&mut client, "other", "kept");
    servers[0].freeze();
    client.send("delete key\r\n");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.ends_with(": no reply in time\r\n"), "{line}");
    servers[0].thaw();
    reaches(&leash, "leash_spool_replayed_total", "", 1.0);
    misses(&mut client, "key");
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0);
}

#[test]
fn deletes_survive_the_end_of_leash_and_are_replayed_before_its_server_is_used() {
    let servers = Memcached::start_many(3);
    let (_directory, line) = directory();
    let first = leash(&servers, "", &line);
    let mut client = first.client();
    let keys = keys_of(&first, "m0", 3);
    keys.iter().for_each(|key| set(&mut client, key, "old"));
    servers[0].freeze();
    goes_down(&first, "m0", &mut client);
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    client.expect(format!("delete {}\r\n", keys[1]), "NOT_FOUND\r\n");
    // SIGKILL.
    drop(first);
    servers[0].thaw();
    let second = leash(&servers, "", &line);
    let mut client = second.client();
    misses(&mut client, &keys[0]);
    misses(&mut client, &keys[1]);
    comes_back(&second, "m0");
    misses(&mut client, &keys[0]);
    misses(&mut client, &keys[1]);
    reads(&mut client, &keys[2], "old");
    assert_eq!(metric(&second, "leash_spool_replayed_total", ""), 2.0);
    wait_until("the log says so", BOUND, || second.log().contains("deletes from earlier wait for this server"));
    drop(second);
    let third = leash(&servers, "", &line);
    wait_until("it is ready", BOUND, || third.log().contains("ready"));
    assert!(!third.log().contains("wait"), "nothing waits any more: {}", third.log());
}

#[test]
fn a_torn_file_is_cut_where_it_is_torn_and_the_rest_is_replayed() {
    let servers = Memcached::start_many(1);
    let (directory, line) = directory();
    let first = leash(&servers, "", &line);
    let mut client = first.client();
    ["a", "b", "c"].iter().for_each(|key| set(&mut client, key, "old"));
    servers[0].freeze();
    wait_until("m0 is down", BOUND, || client.ask("delete a\r\n") == "NOT_FOUND");
    client.expect("delete b\r\n", "NOT_FOUND\r\n");
    client.expect("delete c\r\n", "NOT_FOUND\r\n");
    drop(first);
    servers[0].thaw();
    let file = fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    let second = leash(&servers, "", &line);
    comes_back(&second, "m0");
    let mut client = second.client();
    misses(&mut client, "a");
    misses(&mut client, "b");
    reads(&mut client, "c", "old");
    assert!(second.log().contains("torn and is cut off"), "{}", second.log());
}

#[test]
fn a_server_that_comes_back_empty_is_not_told_what_it_cannot_have() {
    let mut servers = Memcached::start_many(2);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    let keys = keys_of(&leash, "m0", 2);
    keys.iter().for_each(|key| set(&mut client, key, "old"));
    servers[0].kill();
    goes_down(&leash, "m0", &mut client);
    keys.iter().for_each(|key| client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n"));
    servers[0].restart();
    comes_back(&leash, "m0");
    assert_eq!(metric(&leash, "leash_spool_skipped_total", ""), 2.0);
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), 0.0);
    set(&mut client, &keys[0], "new");
    reads(&mut client, &keys[0], "new");
}

#[test]
fn what_there_is_no_room_for_is_an_error_counted_and_logged_once() {
    let servers = Memcached::start_many(2);
    let leash = leash(&servers, "", "spool: {max_keys: 2}");
    let mut client = leash.client();
    let keys = keys_of(&leash, "m0", 4);
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    client.expect(format!("delete {}\r\n", keys[1]), "NOT_FOUND\r\n");
    for key in &keys[2..] {
        let line = client.ask(format!("delete {key}\r\n"));
        assert!(line.starts_with("SERVER_ERROR server m0 ") && line.ends_with(": is down"), "{line}");
    }
    assert_eq!(metric(&leash, "leash_spool_dropped_total", "reason=\"full\""), 2.0);
    assert_eq!(leash.log().matches("the spool is full").count(), 1, "{}", leash.log());
}

#[test]
fn while_all_servers_look_down_nothing_more_is_spooled() {
    let servers = Memcached::start_many(2);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    let (one, other) = (keys_of(&leash, "m0", 2), keys_of(&leash, "m1", 1).remove(0));
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {}\r\n", one[0]), "NOT_FOUND\r\n");
    servers[1].freeze();
    goes_down(&leash, "m1", &mut client);
    for key in [&one[1], &other] {
        let line = client.ask(format!("delete {key}\r\n"));
        assert!(line.starts_with("SERVER_ERROR server m") && line.ends_with(": is down"), "{line}");
    }
    client.expect(format!("delete {}\r\n", one[0]), "NOT_FOUND\r\n");
    assert_eq!(metric(&leash, "leash_spool_keys", ""), 1.0);
    assert_eq!(metric(&leash, "leash_spool_dropped_total", "reason=\"blackout\""), 2.0);
}

#[test]
fn a_directory_that_cannot_be_used_is_an_error_in_the_log_and_leash_serves() {
    let servers = Memcached::start_many(1);
    let (directory, line) = directory();
    let holder = leash(&servers, "", &line);
    wait_until("the first one has the directory", BOUND, || holder.log().contains("ready"));
    let second: Leash = leash(&servers, "", &line);
    let told = || second.log().contains("no spool there, deletes are kept in memory only");
    wait_until("the log says that the directory is in use", BOUND, told);
    let mut client = second.client();
    set(&mut client, "key", "value");
    reads(&mut client, "key", "value");
    assert_eq!(metric(&second, "leash_spool_file_failing", ""), 1.0);
    drop(holder);
    reaches(&second, "leash_spool_file_failing", "", 0.0);
    assert!(second.log().contains("the spool's file is written again"), "{}", second.log());
    drop(directory);
}

#[test]
fn many_deletes_are_replayed_at_a_pace_and_in_time() {
    let servers = Memcached::start_many(1);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    // A few at a time: on a busy machine all at once would take longer than a request may.
    for hundred in 0..200 {
        let names = hundred * 100..hundred * 100 + 100;
        client.send(names.map(|n| format!("set many{n} 0 0 1 noreply\r\nx\r\n")).collect::<String>());
        set(&mut client, "key", "old");
    }
    servers[0].freeze();
    wait_until("m0 is down", BOUND, || client.ask("delete key\r\n") == "NOT_FOUND");
    let deletes: String = (0..20_000).map(|n| format!("delete many{n} noreply\r\n")).collect();
    client.send(deletes);
    client.expect("delete key\r\n", "NOT_FOUND\r\n");
    reaches(&leash, "leash_spool_keys", "", 20_001.0);
    servers[0].thaw();
    comes_back(&leash, "m0");
    let mut direct = Client::connect(&servers[0].address());
    for n in [0, 1, 9_999, 19_999] {
        misses(&mut direct, &format!("many{n}"));
    }
    assert!(metric(&leash, "leash_spool_replayed_total", "") >= 20_001.0);
}

#[test]
fn a_server_that_is_written_to_all_the_time_comes_back() {
    let servers = Memcached::start_many(2);
    let leash = leash(&servers, "", "");
    let (mut client, mut direct) = (leash.client(), Client::connect(&servers[0].address()));
    let keys = keys_of(&leash, "m0", 40);
    keys.iter().for_each(|key| set(&mut client, key, "old"));
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    let (is_over, last) = (AtomicBool::new(false), keys.len() - 1);
    thread::scope(|scope| {
        let (leash, keys, is_over) = (&leash, &keys, &is_over);
        // Some keys each, so that each is missing as soon as it was told.
        let writes = |writer: usize| {
            let mut client = leash.client();
            for key in keys[..last].iter().cycle().skip(writer * 10).take_while(|_| !is_over.load(Relaxed)) {
                client.send(format!("delete {key}\r\nset {key} 0 0 3\r\nnew\r\n"));
                (0..2).for_each(|_| drop(client.read_line().expect("a reply")));
            }
        };
        (0..4).for_each(|writer| drop(scope.spawn(move || writes(writer))));
        reaches(leash, "leash_spool_keys", "server=\"m0\"", last as f64);
        client.expect(format!("delete {}\r\n", keys[last]), "NOT_FOUND\r\n");
        servers[0].thaw();
        // Nothing may panic before the writers are told to stop.
        let (begun, mut read) = (Instant::now(), HashSet::new());
        while metric(leash, "leash_server_up", "server=\"m0\"") == 0.0 && begun.elapsed() < BOUND {
            read.extend([0, last].map(|key| client.get(&keys[key]).ok().flatten()));
        }
        is_over.store(true, Relaxed);
        println!("back {:?} after its return, while it was written to", begun.elapsed());
        assert!(begun.elapsed() < BOUND, "it comes back while it is written to");
        assert!(!read.contains(&Some(b"old".to_vec())), "nobody reads what was deleted");
    });
    keys.iter().for_each(|key| assert_ne!(direct.get(key).unwrap().as_deref(), Some(b"old".as_slice()), "{key}"));
    misses(&mut client, &keys[last]);
}
