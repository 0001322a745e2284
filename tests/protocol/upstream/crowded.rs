//! Servers that take little or nothing: what waits for them is bounded, by requests and by bytes, and the rest is refused.

use std::io::Write;
use std::time::Duration;

use support::fake_server::FakeServer;
use support::figures::metric;
use support::{BOUND, Client, Memcached, wait_until};

use super::leash_at;

#[test]
fn a_full_queue_is_a_clear_error_and_the_queue_moves_on() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 5s", "limits: {server_queue: 2}");
    let mut client = leash.client();
    client.send("get a\r\nget b\r\nget c\r\nset d 0 0 1\r\nx\r\n");
    let mut backend = server.greets();
    let a = backend.receives("mg a v f");
    let b = backend.receives("mg b v f");
    backend.hears_nothing();
    backend.sends_value(&a, "A");
    backend.sends_value(&b, "B");
    client.expect("", "VALUE a 0 1\r\nA\r\nEND\r\nVALUE b 0 1\r\nB\r\nEND\r\nEND\r\nSERVER_ERROR server ");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.contains("too many requests are waiting"), "{line}");
    client.send("get e\r\n");
    let question = backend.receives("mg e v f");
    backend.sends_value(&question, "E");
    client.expect("", "VALUE e 0 1\r\nE\r\nEND\r\n");
}

#[test]
fn a_server_that_takes_nothing_bounds_what_waits_for_it_by_bytes() {
    const SETS: usize = 1000;
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 5s", "limits: {memory: 4MiB, unsent_replies: 1MiB}");
    let mut client = leash.client();
    let mut backend = server.meets(&mut client);
    let value = vec![b'v'; 60_000];
    let before = metric(&leash, "process_resident_memory_bytes", "");
    let sets: Vec<u8> = (0..SETS)
        .flat_map(|n| [format!("set key{n} 0 0 {}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat())
        .collect();
    let told = std::thread::scope(|scope| {
        let told = scope.spawn(|| {
            client.send(sets);
            (0..SETS).map(|_| String::from_utf8(client.read_line().unwrap()).unwrap()).collect::<Vec<_>>()
        });
        let refused = || metric(&leash, "leash_failures_total", "cause=\"overloaded\"") as usize;
        let waiting = || metric(&leash, "leash_upstream_in_flight", "") as usize;
        wait_until("something is refused", BOUND, || refused() > 0 || waiting() > 8);
        let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
        assert!(grown < 48e6, "{} MB are held", grown / 1e6);
        // Every set becomes one question: itself or, if it was refused, what must go because of it.
        let mut answered = 0;
        while answered + refused() < SETS {
            wait_until("the next question", BOUND, || waiting() > 0 || answered + refused() == SETS);
            if waiting() > 0 {
                let question = backend.receives_any();
                assert!(question.line.starts_with("md ") || question.value == value);
                backend.sends_code(&question, "HD");
                answered += 1;
            }
        }
        told.join().unwrap()
    });
    let is_refused = |line: &String| {
        line.contains("too many requests are waiting for it") || line == "SERVER_ERROR out of memory storing object\r\n"
    };
    assert!(told.iter().all(|line| line == "STORED\r\n" || is_refused(line)), "{told:?}");
    assert!(!told.iter().all(is_refused), "nothing was stored");
    client.send("get again\r\n");
    let question = backend.receives("mg again v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
}

#[test]
fn small_values_for_a_server_that_takes_nothing_are_bounded_too() {
    const SETS: usize = 20_000;
    let server = FakeServer::start();
    let limits = "limits: {memory: 8MiB, unsent_replies: 1MiB, in_flight: 100000}";
    let leash = leash_at(&server.address(), "request_timeout: 5s", limits);
    let mut client = leash.client();
    let before = metric(&leash, "process_resident_memory_bytes", "");
    let set = format!("set key 0 0 4000\r\n{}\r\n", "v".repeat(4000));
    client.send("get warm-up\r\n");
    let mut backend = server.greets();
    backend.receives("mg warm-up v f");
    std::thread::scope(|scope| {
        // leash stops reading at some point, and then the client's connection is full.
        scope.spawn(|| {
            let _ = (&client.stream).write_all(set.repeat(SETS).as_bytes());
        });
        let mut read = 0.0;
        wait_until("leash reads no more", BOUND, || {
            support::pause(Duration::from_millis(100));
            let before = std::mem::replace(&mut read, metric(&leash, "leash_downstream_bytes_read_total", ""));
            read > 1e6 && read == before
        });
        let _ = client.stream.shutdown(std::net::Shutdown::Both);
    });
    let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
    assert!(grown < 48e6, "{} MB are held", grown / 1e6);
}

#[test]
fn reads_for_a_server_that_takes_nothing_are_bounded_by_bytes_too() {
    const CLIENTS: usize = 100;
    let server = FakeServer::start();
    let limits = "limits: {memory: 1MiB, item_size: 1KiB}";
    let leash = leash_at(&server.address(), "request_timeout: 10s", limits);
    let mut client = leash.client();
    client.send("get warm-up\r\n");
    let mut backend = server.greets();
    backend.receives("mg warm-up v f");
    let long = format!("get{}\r\n", format!(" {}", "k".repeat(250)).repeat(250));
    let clients: Vec<Client> = (0..CLIENTS).map(|_| leash.client()).collect();
    std::thread::scope(|scope| {
        for client in &clients {
            // leash stops reading from clients, too.
            scope.spawn(|| (&client.stream).write_all(long.as_bytes()));
        }
    });
    wait_until("some gets are refused", Duration::from_secs(8), || {
        let refused = metric(&leash, "leash_memory_shed_total", "what=\"request\"");
        refused + metric(&leash, "leash_failures_total", "cause=\"overloaded\"") > 0.0
    });
}

/// A client that asks much and leaves, again and again, would fill what nobody counts.
#[test]
fn what_a_client_asked_that_has_left_counts_until_the_server_answers() {
    const KEYS: usize = 4000;
    const LEAST: f64 = (KEYS * 200) as f64;
    let server = Memcached::start();
    let leash = leash_at(&server.address(), "request_timeout: 30s", "limits: {in_flight: 10000}");
    let held = || metric(&leash, "leash_buffer_bytes", "");
    let mut client = leash.client();
    // leash learns that values are small here: it reads on, and so sees that the client leaves.
    client.expect("get warm-up\r\n".repeat(300), "END\r\n".repeat(300));
    let before = held();
    server.freeze();
    client.send("mn\r\n");
    client.stream.peek(&mut [0]).expect("an answer");
    client.send(format!("get{}\r\n", (0..KEYS).map(|n| format!(" key{n}")).collect::<String>()));
    let in_flight = || metric(&leash, "leash_upstream_in_flight", "");
    wait_until("all of it is asked", BOUND, || in_flight() >= KEYS as f64);
    // What it has not read makes it go without a farewell.
    drop(client);
    wait_until("its connection is closed", BOUND, || metric(&leash, "leash_downstream_connections", "") == 0.0);
    assert!(held() > before + LEAST, "{} bytes, {before} before {KEYS} keys", held());
    server.thaw();
    wait_until("nothing of it is held", BOUND, || in_flight() == 0.0 && held() < before + LEAST / 4.0);
}
