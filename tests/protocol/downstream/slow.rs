//! Clients that read late or not at all: they harm nobody, and get their replies when they read on.

use std::time::Duration;

use support::fake_server::FakeServer;
use support::figures::metric;
use support::memcached::signal;
use support::{BOUND, Leash, Memcached, wait_until};

use super::leash_before;

/// Waits until leash has noticed that a client does not read.
fn goes_unread(leash: &Leash) {
    wait_until("a client is seen not to read", BOUND, || {
        metric(leash, "leash_downstream_protocol_errors_total", "kind=\"unread\"") > 0.0
    });
}

#[test]
fn a_client_that_does_not_read_harms_nobody_and_gets_its_replies_when_it_reads_on() {
    let server = Memcached::start();
    let address = server.address();
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{address}\"], request_timeout: 5s}}}}\nlimits: {{unsent_replies: 1MiB, in_flight: 16}}\n"
    ));
    let value: Vec<u8> = (0..500_000).map(|i| (i % 251) as u8).collect();
    let mut other = leash.client();
    other.expect([b"set big 0 0 500000\r\n", &value[..], b"\r\n"].concat(), "STORED\r\n");
    let before = metric(&leash, "process_resident_memory_bytes", "");

    let mut slow = leash.client();
    let count = 200;
    slow.send("get big\r\n".repeat(count));
    goes_unread(&leash);
    for _ in 0..50 {
        other.expect("get nothing\r\n", "END\r\n");
    }
    let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
    assert!(grown < 48e6, "100 MB were asked for, {} MB are held", grown / 1e6);

    let reply = [b"VALUE big 0 500000\r\n", &value[..], b"\r\nEND\r\n"].concat();
    for _ in 0..count {
        assert!(slow.read_exactly(reply.len()).unwrap() == reply);
    }
    slow.expect("version\r\n", "VERSION ");
}

#[test]
fn a_deep_pipeline_of_large_values_is_asked_for_as_it_is_taken() {
    let server = Memcached::start();
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{}\"], request_timeout: 5s}}}}\n",
        server.address()
    ));
    let value = vec![b'v'; 1_000_000];
    let mut client = leash.client();
    client.expect([b"set big 0 0 1000000\r\n", &value[..], b"\r\n"].concat(), "STORED\r\n");
    let before = metric(&leash, "process_resident_memory_bytes", "");
    let count = 800;
    let mut slow = leash.client();
    slow.send("get big\r\n".repeat(count));
    goes_unread(&leash);
    let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
    assert!(grown < 200e6, "800 MB were asked for, {} MB are held", grown / 1e6);
    let reply = [b"VALUE big 0 1000000\r\n", &value[..], b"\r\nEND\r\n"].concat();
    for _ in 0..count {
        assert!(slow.read_exactly(reply.len()).unwrap() == reply);
    }
}

#[test]
fn a_reply_that_fills_the_connection_does_not_lose_the_next_request() {
    let server = FakeServer::start();
    let leash = leash_before(&server, "limits: {item_size: 64KiB, unsent_replies: 64KiB}");
    let mut client = leash.client();
    let mut backend = server.meets(&mut client);
    for _ in 0..5 {
        client.send("get big\r\n");
        let question = backend.receives("mg big v f");
        // Both arrive in one turn of the event loop, the reply first.
        signal(leash.pid(), "STOP");
        backend.sends_value(&question, vec![b'v'; 65_520]);
        client.send("get small\r\n");
        signal(leash.pid(), "CONT");
        let question = backend.receives("mg small v f");
        backend.sends_code(&question, "EN");
        client.expect("", [b"VALUE big 0 65520\r\n", &[b'v'; 65_520][..], b"\r\nEND\r\nEND\r\n"].concat());
    }
}

#[test]
fn what_waited_for_a_slow_client_has_the_whole_deadline_once_it_is_asked() {
    let server = Memcached::start();
    let address = server.address();
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{address}\"], request_timeout: 200ms}}}}\nlimits: {{unsent_replies: 1MiB, in_flight: 4}}\n"
    ));
    let mut client = leash.client();
    let value = vec![b'v'; 1_000_000];
    client.expect([b"set big 0 0 1000000\r\n", &value[..], b"\r\n"].concat(), "STORED\r\n");
    let reply = [b"VALUE big 0 1000000\r\n", &value[..], b"\r\nEND\r\n"].concat();
    let count = 60;
    client.send("get big\r\n".repeat(count));
    goes_unread(&leash);
    support::pause(Duration::from_millis(600));
    for _ in 0..count {
        assert!(client.read_exactly(reply.len()).unwrap() == reply);
    }
    assert_eq!(metric(&leash, "leash_failures_total", ""), 0.0);
}
