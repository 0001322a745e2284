//! What a client may not do: too much at once, too long, too slowly. It is told so, and no other client notices.

use std::time::{Duration, Instant};

use support::fake_server::is_closed;
use support::figures::{metric, reaches, stat};
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::leash;

#[test]
fn a_value_there_is_no_memory_for_is_swallowed_and_refused_in_memcacheds_words() {
    let leash = leash("limits: {memory: 1MiB, item_size: 1MiB}");
    let mut clients: Vec<Client> = (0..4).map(|_| leash.client()).collect();
    for client in &mut clients {
        client.send("set k 0 0 1000000\r\n");
        client.send(vec![b'v'; 900_000]);
    }
    reaches(&leash, "leash_downstream_bytes_read_total", "", 4.0 * (900_000.0 + 19.0));
    let mut stored = 0;
    for client in &mut clients {
        client.send(vec![b'v'; 100_000]);
        client.send("\r\nversion\r\n");
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        match &*line {
            "STORED\r\n" => stored += 1,
            line => assert_eq!(line, "SERVER_ERROR out of memory storing object\r\n"),
        }
        assert!(client.read_line().unwrap().starts_with(b"VERSION "), "the value is no command");
    }
    assert!((1..4).contains(&stored), "{stored} of 4 MB were held in 2 MiB");
    assert_eq!(stat(&leash, "store_no_memory"), 4 - stored);
    clients[0].send([&b"set k 0 0 1000000\r\n"[..], &vec![b'w'; 1_000_000], b"\r\n"].concat());
    clients[0].expect("", "STORED\r\n");
}

#[test]
fn a_request_that_does_not_go_on_is_told_so_and_closed() {
    let leash = leash("limits: {request_time: 200ms}");
    for begun in ["g", "set k 0 0 10\r\n", "set k 0 0 10\r\nabc", "set k 0 0 2000000\r\nabc"] {
        let mut client = leash.client();
        client.expect("version\r\n", "VERSION ");
        client.read_line().unwrap();
        let start = Instant::now();
        client.send(begun);
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        let line =
            if line.contains("too large") { String::from_utf8(client.read_line().unwrap()).unwrap() } else { line };
        assert_eq!(line, "CLIENT_ERROR the request was not complete within 200ms\r\n", "{begun:?}");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(195) && took < Duration::from_millis(600), "{begun:?}: {took:?}");
        is_closed(&mut client);
    }
    assert_eq!(metric(&leash, "leash_downstream_protocol_errors_total", "kind=\"timeout\""), 4.0);
}

#[test]
fn the_time_for_a_request_begins_with_it_and_not_with_a_value_swallowed_before() {
    let leash = leash("limits: {request_time: 300ms, item_size: 1KiB}");
    let mut client = leash.client();
    client.expect("set k 0 0 2000\r\nabc", "SERVER_ERROR object too large for cache\r\n");
    support::pause(Duration::from_millis(50));
    client.send(vec![b'v'; 1997]);
    client.expect("\r\nversion\r\n", "VERSION ");
    client.read_line().unwrap();
    client.expect("set k 0 0 2000\r\nabc", "SERVER_ERROR object too large for cache\r\n");
    support::pause(Duration::from_millis(50));
    client.send([vec![b'v'; 1997], b"\r\n".to_vec()].concat());
    support::pause(Duration::from_millis(400));
    client.send("versi");
    support::pause(Duration::from_millis(50));
    client.expect("on\r\n", "VERSION ");
}

#[test]
fn an_idle_client_is_left_alone() {
    let leash = leash("limits: {request_time: 50ms}");
    let mut client = leash.client();
    support::pause(Duration::from_millis(200));
    client.expect("version\r\n", "VERSION ");
}

#[test]
fn a_set_over_the_limit_is_swallowed_exactly() {
    let leash = leash("limits: {item_size: 1KiB}");
    let mut client = leash.client();
    client.expect("set k 0 0 1\r\nx\r\n", "STORED\r\n");
    let value = "version\r\n".repeat(200);
    let set = format!("set k 0 0 {}\r\n{value}\r\nget k\r\n", value.len());
    client.expect(&set, "SERVER_ERROR object too large for cache\r\nEND\r\n");
    for byte in set.as_bytes() {
        client.send([*byte]);
    }
    client.expect("", "SERVER_ERROR object too large for cache\r\nEND\r\n");
    client.expect(format!("set k 0 0 {} noreply\r\n{value}\r\nget k\r\n", value.len()), "END\r\n");
    client.expect(format!("set k 0 0 900\r\n{}\r\n", "v".repeat(900)), "STORED\r\n");
}

#[test]
fn a_line_too_long_is_told_so_and_closed() {
    let leash = leash("limits: {request_line: 1KiB}");
    let mut client = leash.client();
    client.expect(format!("get {}\r\n", "k ".repeat(400)), "END\r\n");
    client.expect("set ".to_string() + &"k".repeat(2000), "CLIENT_ERROR line too long\r\n");
    is_closed(&mut client);
    assert_eq!(metric(&leash, "leash_downstream_protocol_errors_total", "kind=\"line_too_long\""), 1.0);
}

#[test]
fn a_get_of_too_many_keys_is_told_so_and_counted() {
    let leash = leash("limits: {keys_per_get: 3}");
    let mut client = leash.client();
    client.expect("get a b c\r\n", "END\r\n");
    client.expect("get a b c d\r\nversion\r\n", "CLIENT_ERROR too many keys in one get, at most 3\r\nVERSION ");
    assert_eq!(metric(&leash, "leash_downstream_protocol_errors_total", "kind=\"too_many_keys\""), 1.0);
}

/// A client that leash has a seat for, as soon as it has.
fn seated(leash: &Leash) -> Client {
    let mut seated = None;
    wait_until("there is a seat", BOUND, || {
        let mut client = leash.client();
        client.send("version\r\n");
        let answered = client.read_line().is_ok_and(|line| line.starts_with(b"VERSION "));
        seated = answered.then_some(client);
        answered
    });
    seated.unwrap()
}

#[test]
fn one_client_too_many_is_told_so() {
    let leash = leash("limits: {connections: 2}");
    let (_one, two) = (seated(&leash), seated(&leash));
    let refused = metric(&leash, "leash_downstream_refused_total", "");
    let mut three = leash.client();
    three.expect("", "SERVER_ERROR too many connections, raise limits.connections\r\n");
    is_closed(&mut three);
    reaches(&leash, "leash_downstream_refused_total", "", refused + 1.0);
    drop(two);
    seated(&leash);
}

#[test]
fn one_get_of_more_than_memory_holds_answers_what_fits() {
    let server = Memcached::start_with(&["-m", "512"]);
    let address = server.address();
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{address}\"], request_timeout: 10s}}}}\nlimits: {{unsent_replies: 1MiB, memory: 16MiB}}\n"
    ));
    let mut client = leash.client();
    let value = vec![b'v'; 1_000_000];
    for n in 0..100 {
        client.send([format!("set k{n} 0 0 1000000\r\n").as_bytes(), &value, b"\r\n"].concat());
        client.expect("", "STORED\r\n");
    }
    let before = metric(&leash, "process_resident_memory_bytes", "");
    let keys: Vec<String> = (0..100).map(|n| format!("k{n}")).collect();
    client.send(format!("get {}\r\n", keys.join(" ")));
    wait_until("all keys are answered", BOUND, || {
        metric(&leash, "leash_upstream_requests_total", "") >= 200.0
            && metric(&leash, "leash_upstream_in_flight", "") == 0.0
    });
    let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
    assert!(grown < 48e6, "{} MB are held", grown / 1e6);
    let mut hits = 0;
    loop {
        let line = client.read_line().unwrap();
        if line == b"END\r\n" {
            break;
        }
        assert!(line.starts_with(b"VALUE k"));
        assert_eq!(client.read_exactly(1_000_002).unwrap(), [&value[..], b"\r\n"].concat());
        hits += 1;
    }
    assert!((10..60).contains(&hits), "{hits} hits");
    client.expect("get k0\r\n", "VALUE k0 0 1000000\r\n");
}
