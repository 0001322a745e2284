//! Connections to servers are made when something is asked and end when nothing is, and no client notices.

use std::time::{Duration, Instant};

use support::fake_server::FakeServer;
use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::{key_of, leash_at, leash_before};

fn connections(leash: &Leash) -> f64 {
    metric(leash, "leash_upstream_connections", "")
}

#[test]
fn a_server_is_connected_to_when_something_is_asked_of_it_and_not_before() {
    let (asked, unasked) = (FakeServer::start(), FakeServer::start());
    let leash = leash_before(&[&asked, &unasked], "");
    let (mut client, key) = (leash.client(), key_of(&leash, &asked));
    for server in [&asked, &unasked] {
        server.is_left_alone();
    }
    client.send(format!("get {key}\r\n"));
    let mut backend = asked.greets();
    let question = backend.receives(&format!("mg {key} v f"));
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
    unasked.is_left_alone();
    assert_eq!(leash.page("/readyz"), "ok\n", "a server that was not asked keeps no leash from being ready");
    let state = format!("server=\"{}\",state=\"up\"", unasked.address());
    assert_eq!(metric(&leash, "leash_server_state", &state), 1.0, "it counts as up until a request says otherwise");
}

#[test]
fn a_connection_that_rests_ends_and_the_next_request_goes_over_a_new_one() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "idle_timeout: 1s, failures: 1");
    let mut client = leash.client();
    for _ in 0..2 {
        client.send("set a 0 0 1\r\n1\r\n");
        let mut backend = server.greets();
        let question = backend.receives("ms a 1");
        backend.sends_code(&question, "HD");
        client.expect("", "STORED\r\n");
        let asked = Instant::now();
        backend.sees_the_end();
        assert!(asked.elapsed() > Duration::from_millis(800), "it rested for {:?} only", asked.elapsed());
        reaches(&leash, "leash_upstream_connections", "", 0.0);
    }
    assert_eq!(metric(&leash, "leash_upstream_reconnects_total", ""), 0.0, "no connection was lost");
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0);
}

#[test]
fn a_connection_that_is_asked_something_now_and_then_or_owes_a_reply_stays() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "idle_timeout: 1s, request_timeout: 5s", "");
    let mut client = leash.client();
    client.send("get a\r\n");
    let mut backend = server.greets();
    for patience in [500, 500, 500, 1500, 500] {
        let question = backend.receives("mg a v f");
        pause(Duration::from_millis(patience));
        backend.sends_code(&question, "EN");
        client.expect("", "END\r\n");
        client.send("get a\r\n");
    }
    backend.receives("mg a v f");
    assert_eq!(connections(&leash), 1.0);
    server.is_left_alone();
}

#[test]
fn a_connection_without_a_limit_stays() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "idle_timeout: off");
    let mut client = leash.client();
    client.send("get a\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg a v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
    wait_until("there is its connection", BOUND, || connections(&leash) == 1.0);
    pause(Duration::from_millis(1500));
    assert_eq!(connections(&leash), 1.0);
}

/// Some of these requests meet the connection just before it ends, some while it does, some after.
#[test]
fn a_request_that_comes_as_its_connection_ends_is_answered() {
    let memcached = Memcached::start();
    let leash = leash_at(&memcached.address(), "idle_timeout: 1s, failures: 1", "");
    let mut client = leash.client();
    let before = connections_so_far(&memcached);
    for round in 0..5 {
        client.expect("set a 0 0 1\r\n1\r\n", "STORED\r\n");
        pause(Duration::from_micros(998_000 + 1000 * round));
        client.expect("get a\r\n", "VALUE a 0 1\r\n1\r\nEND\r\n");
    }
    // One is that which asks.
    assert!(connections_so_far(&memcached) - before > 2, "no connection has ended and been made again");
}

/// How many connections a memcached has had.
fn connections_so_far(memcached: &Memcached) -> u64 {
    let mut client = Client::connect(&memcached.address());
    client.send("stats\r\n");
    loop {
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        assert_ne!(line, "END\r\n", "memcached does not say it");
        if let Some(count) = line.strip_prefix("STAT total_connections ") {
            return count.trim().parse().unwrap();
        }
    }
}
