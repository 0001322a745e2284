//! `leash demo` shows what it is to show, checks what it is told, and ends: over its own store and a real memcached.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use support::leash::binary;
use support::{Client, Memcached, wait_until};

/// Two halves of 3 s and a regeneration each, and a good deal for a busy machine.
const DEMO_BOUND: Duration = Duration::from_secs(30);
const SHORT: [&str; 6] = ["--callers", "40", "--seconds", "3", "--regeneration", "300ms"];

fn demo(arguments: &[&str]) -> Output {
    let mut child = Command::new(binary())
        .arg("demo")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("leash runs");
    let mut ended = || child.try_wait().unwrap().is_some();
    // What it says fits into a pipe, so it cannot wait for us.
    wait_until("the demo ends", DEMO_BOUND, &mut ended);
    child.wait_with_output().unwrap()
}

fn said(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// The figures of a row, without and with leash.
fn row(table: &str, name: &str) -> (u64, u64) {
    let line = table.lines().find_map(|line| line.trim_start().strip_prefix(name));
    let line = line.unwrap_or_else(|| panic!("no row {name} in\n{table}"));
    let figures: Vec<u64> = line.split_whitespace().map(|figure| figure.replace(',', "").parse().unwrap()).collect();
    assert_eq!(figures.len(), 2, "{line}");
    (figures[0], figures[1])
}

/// Ratios, never times: how busy the machine is shows in the rest of the table.
fn assert_leash_prevented_the_pile(output: &Output) {
    let table = said(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{table}{}", said(&output.stderr));
    let (without, with) = row(&table, "regenerations");
    let periods = row(&table, "times a value went stale");
    assert!(periods.0 >= 1 && periods.1 >= 1, "{table}");
    // A set that lands just before the server's clock ticks is stale at once, and on a busy machine its caller may not
    // have read the reply by then: callers then count one more than there was.
    assert!(with <= periods.1 + 1, "at most one regeneration a period:\n{table}");
    assert!(without >= 4 * periods.0 && without >= 4 * with, "several callers regenerate without leash:\n{table}");
    let at_once = row(&table, "of one value at once, at most");
    assert!(at_once.1 <= 2 && at_once.0 >= 4 * at_once.1, "{table}");
    let stale = row(&table, "answered with the stale value");
    assert!(stale.0 == 0 && stale.1 > 0, "{table}");
    assert!(table.contains(&format!("leash turned {without} regenerations into {with}.")), "{table}");
}

#[test]
fn one_caller_regenerates_where_all_would_without_leash() {
    let output = demo(&SHORT);
    assert_leash_prevented_the_pile(&output);
    let plain = [output.stdout, output.stderr].concat();
    assert!(!plain.contains(&0x1b) && !plain.contains(&b'\r'), "no terminal, no escape codes: {}", said(&plain));
}

/// The rows in which times do not matter.
fn assert_nobody_saw_a_miss(output: &Output) {
    let table = said(&output.stdout);
    let misses = row(&table, "answered with a miss");
    assert!(misses.0 >= 4 && misses.1 == 0, "{table}");
    assert!(table.contains(", and no caller saw a miss. Every value was checked, none was wrong."), "{table}");
}

/// The figures that leash prevented a pile by, where it makes the values itself.
fn assert_one_call_a_period(output: &Output) {
    let table = said(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{table}{}", said(&output.stderr));
    let (without, with) = row(&table, "regenerations");
    let periods = row(&table, "times a value went stale");
    assert!(periods.0 >= 1 && periods.1 >= 1 && with <= periods.1 + 1, "{table}");
    assert!(without >= 4 * with, "{table}");
    assert!(row(&table, "answered with the stale value").1 > 0, "{table}");
}

#[test]
fn with_a_loader_nobody_ever_sees_a_miss() {
    let servers = Memcached::start_many(2);
    let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
    let more = ["--loader", "--keys", "4", "--server", &addresses[0], "--server", &addresses[1]];
    let output = demo(&[&SHORT[..], &more].concat());
    assert_one_call_a_period(&output);
    assert_nobody_saw_a_miss(&output);
    assert!(said(&output.stderr).contains("with leash an HTTP endpoint does, which leash asks"));
    assert!(servers.iter().all(|server| items(server) == 0), "it leaves something behind");
}

/// How many items a server has.
fn items(server: &Memcached) -> u64 {
    let mut client = Client::connect(&server.address());
    client.send("stats\r\n");
    let line = std::iter::from_fn(|| client.read_line().ok().map(|line| said(&line)))
        .find_map(|line| line.strip_prefix("STAT curr_items ").map(str::to_string));
    line.and_then(|count| count.trim_end().parse().ok()).expect("a count of items")
}

#[test]
fn over_a_real_memcached_it_leaves_nothing_behind() {
    let server = Memcached::start();
    assert_leash_prevented_the_pile(&demo(&[&SHORT[..], &["--server", &server.address()]].concat()));
    assert_eq!(items(&server), 0);
}

#[test]
fn several_values_on_several_servers() {
    let servers = Memcached::start_many(2);
    let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
    let more = ["--keys", "4", "--server", &addresses[0], "--server", &addresses[1]];
    assert_leash_prevented_the_pile(&demo(&[&SHORT[..], &more].concat()));
}

#[test]
fn options_that_make_no_sense_are_refused_with_a_cure() {
    for (arguments, cure) in [
        (&["--callers", "0"][..], "0 is not in 1..=10000"),
        (&["--ttl", "500ms"], "write 1s"),
        (&["--ttl", "0s"], "write 1s to 5m"),
        (&["--regeneration", "5"], "write 5s or 5ms"),
        (&["--regeneration", "2h"], "write 1ms to 1m"),
        (&["--seconds", "0"], "0 is not in 1..=600"),
        (&["--seconds", "2", "--ttl", "2s"], "write --seconds 3"),
        (&["--callers", "3", "--keys", "4"], "write --keys 1"),
        (&["--server", "m0:http"], "write a number from 1 to 65535"),
        (&["--frobnicate"], "unexpected argument"),
    ] {
        let output = demo(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", said(&output.stderr));
        assert!(said(&output.stderr).contains(cure), "{arguments:?}: {}", said(&output.stderr));
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let mut server = Memcached::start();
    server.kill();
    let output = demo(&["--server", &server.address()]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("leash: without leash: cannot connect to {}: Connection refused", server.address());
    assert!(said(&output.stderr).contains(&expected), "{}", said(&output.stderr));
}

#[test]
fn a_wrong_value_is_found_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            std::thread::spawn(move || lie(client.unwrap()));
        }
    });
    let output = demo(&["--callers", "2", "--server", &address]);
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output.stderr);
    assert!(told.contains("leash: without leash: wrong value: no caller stored that under the key"), "{told}");
}

/// Takes every value and answers every get with another one.
fn lie(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        let answer = match line.split(' ').collect::<Vec<_>>()[..] {
            ["get", key] => format!("VALUE {key} 0 5\r\nwrong\r\nEND\r\n"),
            ["set", ..] => {
                let _value = lines.next();
                "STORED\r\n".to_string()
            }
            _ => return,
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
