//! Clients that are gone without a word, or might as well be: their places are free after a while.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::figures::{metric, reaches};
use support::turn::beside_others;
use support::{BOUND, Leash, pause};

fn leash(limits: &str) -> Leash {
    Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: [embedded]}}}}\nlimits: {{{limits}}}"))
}

/// A client that asks for far more than it reads.
fn greedy(leash: &Leash) -> TcpStream {
    let mut client = leash.client();
    client.expect(format!("set big 0 0 1000000\r\n{}\r\n", "v".repeat(1_000_000)), "STORED\r\n");
    client.send("get big\r\n".repeat(64));
    client.stream.try_clone().unwrap()
}

fn drops(leash: &Leash, reason: &str) -> f64 {
    metric(leash, "leash_downstream_dropped_total", &format!("reason=\"{reason}\""))
}

#[test]
fn who_takes_none_of_his_replies_loses_his_place() {
    let _turn = beside_others();
    let leash = leash("unread_time: 1s, connections: 2");
    let (unread, half_closed) = (greedy(&leash), greedy(&leash));
    half_closed.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(leash.client().ask("version\r\n").starts_with("SERVER_ERROR too many connections"));
    reaches(&leash, "leash_downstream_dropped_total", "reason=\"unread\"", 2.0);
    reaches(&leash, "leash_downstream_connections", "", 0.0);
    assert!(leash.client().ask("version\r\n").starts_with("VERSION"));
    assert!(leash.log().contains("closed a client that does not read its replies"));
    drop((unread, half_closed));
}

#[test]
fn who_reads_slowly_keeps_his_place() {
    let _turn = beside_others();
    let leash = leash("unread_time: 1s");
    let mut slow = greedy(&leash);
    let (begun, mut buffer) = (Instant::now(), vec![0; 50_000]);
    while begun.elapsed() < Duration::from_secs(4) {
        slow.read_exact(&mut buffer).expect("the connection is open");
        pause(Duration::from_millis(100));
    }
    assert_eq!(drops(&leash, "unread"), 0.0);
}

#[test]
fn who_asks_nothing_for_long_is_closed_only_if_limits_say_so() {
    let _turn = beside_others();
    let (leash, patient) = (leash("idle: 1s"), leash("unread_time: 1s"));
    let (mut idle, mut asks, mut may) = (leash.client(), leash.client(), patient.client());
    let begun = Instant::now();
    while drops(&leash, "idle") < 1.0 {
        assert!(begun.elapsed() < BOUND, "nobody is closed");
        assert!(asks.ask("version\r\n").starts_with("VERSION"));
        pause(Duration::from_millis(200));
    }
    assert_eq!(idle.stream.read(&mut [0; 1]).unwrap(), 0, "closed, and nothing said");
    assert!(asks.ask("version\r\n").starts_with("VERSION") && may.ask("version\r\n").starts_with("VERSION"));
}

#[test]
fn the_kernel_asks_silent_clients_for_a_sign_of_life() {
    let _turn = beside_others();
    let leash = leash("");
    let mut client = leash.client();
    assert!(client.ask("version\r\n").starts_with("VERSION"));
    let port = |address: std::net::SocketAddr| format!("{:04X}", address.port());
    let (ours, theirs) = (port(client.stream.local_addr().unwrap()), port(client.stream.peer_addr().unwrap()));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let of_leash = table.lines().find(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() > 5 && fields[1].ends_with(&theirs) && fields[2].ends_with(&ours)
    });
    let line = of_leash.expect("the connection as leash sees it");
    assert!(line.split_whitespace().nth(5).unwrap().starts_with("02:"), "a keepalive timer runs: {line}");
    client.stream.write_all(b"quit\r\n").unwrap();
}
