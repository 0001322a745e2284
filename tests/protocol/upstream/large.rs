//! Clients of large values, and values that no client waits for: neither takes from others what they need.

use std::time::{Duration, Instant};

use support::fake_server::{Backend, FakeServer, Question};
use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, pause};

use super::leash_at;

/// From 64 KiB on a value is large.
static LARGE: [u8; 100_000] = [b'v'; 100_000];

/// The client is given a large value that nothing was known of.
#[track_caller]
fn takes(client: &mut Client, first: &mut Backend, key: &str) {
    client.send(format!("get {key}\r\n"));
    let question = first.receives(&format!("mg {key} v f"));
    first.sends_value(&question, LARGE);
    assert!(client.read_get(key).unwrap().is_some_and(|value| value == LARGE));
}

#[test]
fn what_a_client_of_large_values_asks_takes_the_connection_for_bulk_unless_it_waits_for_others_there() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let mut taker = leash.client();
    let mut first = server.meets(&mut taker);
    taker.send([format!("set large 0 0 {}\r\n", LARGE.len()).as_bytes(), &LARGE, b"\r\n"].concat());
    let mut bulk = server.greets();
    let stored = bulk.receives_any();
    bulk.sends_code(&stored, "HD");
    taker.expect("", "STORED\r\n");

    // What others ask on the connection for bulk is not waited for, though something of its own is owed there.
    let mut other = leash.client();
    taker.send("get large\r\n");
    let large = bulk.receives("mg large v f");
    other.send([format!("set also 0 0 {}\r\n", LARGE.len()).as_bytes(), &LARGE, b"\r\n"].concat());
    let also = bulk.receives_any();
    taker.send("get beside\r\n");
    let beside = first.receives("mg beside v f");
    first.sends_value(&beside, LARGE);
    bulk.sends_value(&large, LARGE);
    bulk.sends_code(&also, "HD");
    other.expect("", "STORED\r\n");
    for key in ["large", "beside"] {
        assert!(taker.read_get(key).unwrap().is_some_and(|value| value == LARGE));
    }

    taker.send("get next\r\nget last\r\n");
    let (next, last) = (bulk.receives("mg next v f"), bulk.receives("mg last v f"));

    // Others are still heard on the first, also once they took large values. One of them may be taken for the taker.
    let mut others: Vec<Client> = (0..3).map(|_| leash.client()).collect();
    for (n, other) in others.iter_mut().enumerate() {
        takes(other, &mut first, &format!("large{n}"));
    }
    others.iter_mut().for_each(|other| other.send("get small\r\n"));
    (1..others.len()).for_each(|_| drop(first.receives("mg small v f")));

    bulk.sends_value(&next, LARGE);
    bulk.sends_value(&last, "small");
    assert!(taker.read_get("next").unwrap().is_some_and(|value| value == LARGE));
    taker.expect("", "VALUE last 0 5\r\nsmall\r\nEND\r\n");

    // Its last value was small.
    taker.send("get again\r\n");
    let is_small = |line: &String| line == "mg small v f";
    let line = std::iter::repeat_with(|| first.receives_any().line).find(|line| !is_small(line));
    assert_eq!(line.unwrap(), "mg again v f");
}

/// What may be to come and is thrown away on a connection that others need.
const SOME: usize = 30_000_000;

/// The server begins to send a value of so many bytes.
fn begins(backend: &mut Backend, key: &str, length: usize) {
    let question = backend.receives(&format!("mg {key} v f"));
    backend.sends(format!("VA {length} f0 {}\r\n", question.opaque));
    backend.sends(LARGE);
}

fn failures(leash: &Leash, cause: &str) -> f64 {
    metric(leash, "leash_failures_total", &format!("cause=\"{cause}\""))
}

/// More than a kernel takes at once of what a client does not read.
const HUGE: usize = 8 << 20;

/// A client is gone, and leash finds that out as it writes the first reply that it owes to it.
fn is_found_gone(leash: &Leash, gone: Client, backend: &mut Backend, owed: &Question) {
    let connections = metric(leash, "leash_downstream_connections", "");
    drop(gone);
    backend.sends_value(owed, vec![b'v'; HUGE]);
    reaches(leash, "leash_downstream_connections", "", connections - 1.0);
}

#[test]
fn a_connection_ends_when_all_that_is_to_come_is_large_and_no_client_waits_for_it() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "failures: 1, request_timeout: 10s", "");
    let (mut client, mut gone) = (leash.client(), leash.client());
    let mut backend = server.meets(&mut client);
    gone.send("get one\r\nget two\r\nget three\r\nget four\r\n");
    let one = backend.receives("mg one v f");
    is_found_gone(&leash, gone, &mut backend, &one);
    // Known for small values, it is heard on another connection while a large one is on its way.
    let _elsewhere = server.meets(&mut client);
    begins(&mut backend, "two", 2_000_000);
    for key in ["three", "four"] {
        backend.receives(&format!("mg {key} v f"));
    }
    backend.sees_the_end();

    // The server is as well as before, and what is asked next is asked over another connection.
    drop(server.meets(&mut client));
    let failed = ["disconnected", "down", "unwanted"].map(|cause| failures(&leash, cause));
    assert_eq!((failed, metric(&leash, "leash_upstream_reconnects_total", "")), ([0.0; 3], 0.0));
}

#[test]
fn a_client_that_takes_nothing_more_is_not_waited_for_though_nothing_more_is_written_to_it() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let (mut client, mut gone) = (leash.client(), leash.client());
    let mut backend = server.meets(&mut client);
    gone.send("get one\r\nget two\r\n");
    let (one, two) = (backend.receives("mg one v f"), backend.receives("mg two v f"));
    drop(gone);
    backend.sends_value(&one, "small");
    backend.sends(format!("VA {SOME} f0 {}\r\n", two.opaque));
    backend.sends(LARGE);
    let _elsewhere = server.meets(&mut client);
    is_read_no_more(&mut backend);
}

/// Leash ends the connection while a value is on its way.
fn is_read_no_more(backend: &mut Backend) {
    let began = Instant::now();
    while backend.takes(b"vvvv") {
        assert!(began.elapsed() < BOUND, "leash goes on reading for nobody");
        pause(Duration::from_millis(20));
    }
}

#[test]
fn a_connection_ends_once_there_is_another_though_its_value_is_half_dropped() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let (mut client, mut gone) = (leash.client(), leash.client());
    let mut backend = server.meets(&mut client);
    gone.send("get one\r\nget two\r\n");
    let one = backend.receives("mg one v f");
    is_found_gone(&leash, gone, &mut backend, &one);
    begins(&mut backend, "two", SOME);
    // More than the kernels keep between the two, so leash has dropped some.
    backend.sends(vec![b'v'; 2 * HUGE]);
    let _elsewhere = server.meets(&mut client);
    is_read_no_more(&mut backend);
}

#[test]
fn a_connection_goes_on_while_a_client_waits_or_a_write_is_under_way_or_there_is_no_other() {
    for (asked, line, answer, told, is_last) in [
        ("get small\r\n", "mg small v f", "EN", "END\r\n", false),
        ("delete small\r\n", "md small", "HD", "DELETED\r\n", false),
        ("get small\r\n", "mg small v f", "EN", "", true),
    ] {
        let server = FakeServer::start();
        let leash = leash_at(&server.address(), "request_timeout: 10s", "");
        let (mut client, mut gone, mut stranger) = (leash.client(), leash.client(), leash.client());
        let mut backend = server.meets(&mut client);
        gone.send("get one\r\nget large\r\n");
        let (one, large) = (backend.receives("mg one v f"), backend.receives("mg large v f"));
        let asker = if is_last { &mut gone } else { &mut stranger };
        asker.send(asked);
        let small = backend.receives(line);
        is_found_gone(&leash, gone, &mut backend, &one);
        let _elsewhere = (!is_last).then(|| server.meets(&mut client));
        backend.sends(format!("VA {SOME} f0 {}\r\n", large.opaque));
        (0..SOME / LARGE.len()).for_each(|_| backend.sends(LARGE));
        backend.sends("\r\n");
        backend.sends_code(&small, answer);
        stranger.expect("", told);
        reaches(&leash, "leash_upstream_in_flight", "", 0.0);
        client.send("get last\r\n");
        drop(backend.receives("mg last v f"));
    }
}

#[test]
fn a_value_that_there_is_no_room_for_says_nothing_about_its_server() {
    let server = FakeServer::start();
    let leash =
        leash_at(&server.address(), "failures: 1, request_timeout: 10s", "limits: {memory: 8MiB, item_size: 1MiB}");
    let mut client = leash.client();
    let mut backend = server.meets(&mut client);
    // An item that is known to be large would be asked for on a connection of its own.
    for huge in ["huge", "huger", "hugest"] {
        client.send(format!("get {huge}\r\n"));
        begins(&mut backend, huge, 2 * SOME);
        client.expect("", "SERVER_ERROR out of memory writing get response\r\n");
        backend.sees_the_end();
        backend = server.meets(&mut client);
    }
    assert_eq!((failures(&leash, "disconnected"), failures(&leash, "down")), (0.0, 0.0));
}
