//! What leash makes of clients that are slow, gone, many, or do not speak memcached's text protocols; and how it ends.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use support::fake_server::{FakeServer, hears_nothing, is_closed};
use support::figures::{metric, reaches, stat};
use support::leash::binary;
use support::memcached::signal;
use support::{BOUND, Client, Leash, Memcached, free_port, wait_until};

/// How long leash may take to end, and what a busy machine may add.
const END: Duration = Duration::from_millis(1500 + 500);

fn leash(top: &str) -> Leash {
    Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: [embedded]}}}}\n{top}"))
}

fn leash_before(server: &FakeServer, top: &str) -> Leash {
    let address = server.address();
    Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{address}\"], request_timeout: 5s}}}}\n{top}"
    ))
}

/// Perl refuses to load a client that is told anything else, and others compare numbers.
#[test]
fn the_version_is_digits_and_dots_and_stats_tell_who_answers() {
    let leash = leash("");
    leash.client().expect("version\r\n", "VERSION 1.6.18\r\n");
    let mut client = leash.client();
    client.send("stats\r\nquit\r\n");
    let told = String::from_utf8(client.read_to_end().unwrap()).unwrap();
    assert!(told.contains("STAT version 1.6.18\r\n"), "{told}");
    assert!(told.contains(concat!("STAT leash_version ", env!("CARGO_PKG_VERSION"), "\r\n")), "{told}");
}

/// A leash that a test sees through to its end.
struct Mortal {
    child: Child,
    address: String,
    _directory: Option<TempDir>,
}

impl Mortal {
    fn before(server: &str) -> Mortal {
        let address = format!("127.0.0.1:{}", free_port());
        let directory = tempfile::tempdir().unwrap();
        let child = Command::new(binary())
            .args(Leash::before(server, &directory.path().join("leash.yaml")))
            .args(["--listen", &address, "--admin", "off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("leash listens", BOUND, || Client::try_connect(&address).is_ok());
        Mortal { child, address, _directory: Some(directory) }
    }

    /// Its exit code, and how long it took.
    fn ends(&mut self) -> (Option<i32>, Duration) {
        let (start, mut status) = (Instant::now(), None);
        wait_until("leash ends", BOUND, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        (status.unwrap().code(), start.elapsed())
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until leash has noticed that a client does not read.
fn goes_unread(leash: &Leash) {
    wait_until("a client is seen not to read", BOUND, || {
        metric(leash, "leash_downstream_protocol_errors_total", "kind=\"unread\"") > 0.0
    });
}

#[test]
fn a_client_that_half_closes_still_gets_its_answers() {
    let server = FakeServer::start();
    let leash = leash_before(&server, "");
    let mut client = leash.client();
    client.send("get a\r\nversion\r\nget b\r\n");
    client.finish_sending();
    let mut backend = server.greets();
    let (a, b) = (backend.receives("mg a v f"), backend.receives("mg b v f"));
    hears_nothing(&mut client);
    backend.sends_value(&a, "A");
    backend.sends_value(&b, "B");
    client.expect("", "VALUE a 0 1\r\nA\r\nEND\r\nVERSION ");
    client.read_line().unwrap();
    client.expect("", "VALUE b 0 1\r\nB\r\nEND\r\n");
    is_closed(&mut client);
}

#[test]
fn quit_behind_pipelined_gets_closes_once_they_are_answered() {
    let server = FakeServer::start();
    let leash = leash_before(&server, "");
    let mut client = leash.client();
    client.send("get a\r\nget b\r\nquit\r\nget c\r\n");
    let mut backend = server.greets();
    let (a, b) = (backend.receives("mg a v f"), backend.receives("mg b v f"));
    backend.hears_nothing();
    backend.sends_code(&a, "EN");
    backend.sends_value(&b, "B");
    client.expect("", "END\r\nVALUE b 0 1\r\nB\r\nEND\r\n");
    is_closed(&mut client);
    backend.hears_nothing();
}

#[test]
fn a_client_that_hangs_up_leaves_nothing_behind() {
    let server = FakeServer::start();
    let leash = leash_before(&server, "");
    let keeps = leash.client();
    reaches(&leash, "leash_downstream_connections", "", 1.0);

    let mut midway = leash.client();
    midway.send("set half 0 0 100\r\nabc");
    drop(midway);

    let mut waiting = leash.client();
    waiting.send("get a\r\nset b 0 0 1\r\nx\r\n");
    let mut backend = server.greets();
    let (a, b) = (backend.receives("mg a v f"), backend.receives("ms b 1"));
    drop(waiting);
    reaches(&leash, "leash_downstream_connections", "", 2.0);
    backend.sends_value(&a, vec![b'v'; 60_000]);
    backend.sends_code(&b, "HD");
    reaches(&leash, "leash_downstream_connections", "", 1.0);

    let mut deaf = leash.client();
    for _ in 0..100 {
        deaf.send("get big\r\n");
    }
    for _ in 0..100 {
        let question = backend.receives("mg big v f");
        backend.sends_value(&question, vec![b'v'; 60_000]);
    }
    reaches(&leash, "leash_upstream_in_flight", "", 0.0);
    deaf.read_exactly(1000).unwrap();
    drop(deaf);
    reaches(&leash, "leash_downstream_connections", "", 1.0);
    assert_eq!(metric(&leash, "leash_upstream_in_flight", ""), 0.0);
    assert_eq!(metric(&leash, "leash_upstream_desync_total", ""), 0.0);
    drop(keeps);
    reaches(&leash, "leash_downstream_connections", "", 0.0);
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
    client.send("get warm-up\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg warm-up v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
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
fn every_request_that_had_arrived_is_answered_when_leash_is_told_to_end() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(&leash.address)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.expect(format!("set key{n} 0 0 4\r\n{n:04}\r\n"), "STORED\r\n");
    }
    server.freeze();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(format!("get key{n}\r\nget nothing\r\n").repeat(100));
        client.send("version\r\nget ke");
    }
    // leash has read it all, since it answers who comes after.
    let mut last = Client::connect(&leash.address);
    last.expect("version\r\n", "VERSION ");
    signal(leash.child.id(), "TERM");
    server.thaw();
    for (n, client) in clients.iter_mut().enumerate() {
        client.expect("", format!("VALUE key{n} 0 4\r\n{n:04}\r\nEND\r\nEND\r\n").repeat(100));
        assert!(client.read_line().unwrap().starts_with(b"VERSION "));
        is_closed(client);
    }
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took < END, "{took:?}");
    assert!(Client::try_connect(&leash.address).is_err());
}

#[test]
fn a_client_whom_only_the_kernel_had_accepted_is_answered_too() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    Client::connect(&leash.address).expect("set key 0 0 1\r\nv\r\n", "STORED\r\n");
    signal(leash.child.id(), "STOP");
    let mut clients: Vec<Client> = (0..32).map(|_| Client::connect(&leash.address)).collect();
    clients.iter_mut().for_each(|client| client.send("get key\r\n"));
    signal(leash.child.id(), "TERM");
    signal(leash.child.id(), "CONT");
    for client in &mut clients {
        client.expect("", "VALUE key 0 1\r\nv\r\nEND\r\n");
        is_closed(client);
    }
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took < END, "{took:?}");
}

#[test]
fn an_idle_leash_ends_at_once() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(&leash.address)).collect();
    clients.iter_mut().for_each(|client| client.expect("get a\r\n", "END\r\n"));
    signal(leash.child.id(), "TERM");
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_millis(500), "{took:?}");
    clients.iter_mut().for_each(is_closed);
}

#[test]
fn a_client_that_never_reads_cannot_keep_leash_from_ending() {
    let server = Memcached::start();
    let mut leash = Mortal::before(&server.address());
    let mut client = Client::connect(&leash.address);
    let value = vec![b'v'; 1_000_000];
    client.expect([b"set big 0 0 1000000\r\n", &value[..], b"\r\n"].concat(), "STORED\r\n");
    client.send("get big\r\n".repeat(100));
    client.read_exactly(1000).unwrap();
    signal(leash.child.id(), "TERM");
    let (code, took) = leash.ends();
    assert_eq!(code, Some(0));
    assert!(took > Duration::from_millis(1000) && took < END, "{took:?}");
}

#[test]
fn a_second_signal_ends_leash_at_once() {
    let server = FakeServer::start();
    let mut leash = Mortal::before(&server.address());
    let mut client = Client::connect(&leash.address);
    client.send("get a\r\n");
    let mut backend = server.greets();
    backend.receives("mg a v f");
    signal(leash.child.id(), "TERM");
    wait_until("leash stops listening", BOUND, || Client::try_connect(&leash.address).is_err());
    signal(leash.child.id(), "TERM");
    let (code, took) = leash.ends();
    assert_eq!(code, Some(1));
    assert!(took < Duration::from_millis(300), "{took:?}");
}

#[test]
fn a_unix_socket_is_listened_on_and_its_file_goes_with_leash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("leash.sock");
    let start = || {
        let child = Command::new(binary())
            .args(["--listen", path.to_str().unwrap(), "--admin", "off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("leash listens", BOUND, || UnixStream::connect(&path).is_ok());
        Mortal { child, address: String::new(), _directory: None }
    };
    let mut leash = start();
    let mut client = UnixStream::connect(&path).unwrap();
    client.set_read_timeout(Some(BOUND)).unwrap();
    client.write_all(b"set a 0 0 1\r\nx\r\nget a\r\n").unwrap();
    let mut reply = [0; 27];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n".first_chunk::<27>().unwrap());
    signal(leash.child.id(), "TERM");
    assert_eq!(leash.ends().0, Some(0));
    assert!(!path.exists());

    let mut leash = start();
    signal(leash.child.id(), "KILL");
    leash.ends();
    assert!(path.exists(), "a crash leaves the file");
    drop(start());
}

#[test]
fn a_file_that_is_no_socket_is_not_taken_for_one_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let child = Command::new(binary())
        .args(["--listen", path.to_str().unwrap(), "--admin", "off"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(Mortal { child, address: String::new(), _directory: None }.ends().0, Some(1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
}

#[test]
fn stats_add_up_after_a_known_session() {
    let server = Memcached::start();
    let address = server.address();
    let leash = Leash::with_config(&format!(
        "workers: 2\npools: {{main: {{servers: [\"{address}\"], request_timeout: 5s}}}}\nroutes: [{{prefix: \"\", pool: main, allow_flush: true}}]\n"
    ));
    let session = |client: &mut Client| {
        client
            .expect("set a 0 0 1\r\n5\r\nadd a 0 0 1\r\nx\r\nset b 0 0 1 noreply\r\nx\r\n", "STORED\r\nNOT_STORED\r\n");
        client.expect(
            "get a\r\nget nothing\r\nget a b nothing\r\n",
            "VALUE a 0 1\r\n5\r\nEND\r\nEND\r\nVALUE a 0 1\r\n5\r\nVALUE b 0 1\r\nx\r\nEND\r\n",
        );
        client.expect("incr a 1\r\nincr a 1\r\nincr nothing 1\r\n", "6\r\n7\r\nNOT_FOUND\r\n");
        client.expect("decr a 1\r\ndecr nothing 1\r\ndecr nothing 1\r\n", "6\r\nNOT_FOUND\r\nNOT_FOUND\r\n");
        client.expect(
            "touch a 0\r\ntouch nothing 0\r\ngat 0 a\r\n",
            "TOUCHED\r\nNOT_FOUND\r\nVALUE a 0 1\r\n6\r\nEND\r\n",
        );
        client.expect("cas nothing 0 0 1 1\r\nx\r\ncas a 0 0 1 1\r\nx\r\n", "NOT_FOUND\r\nEXISTS\r\n");
        client.send("gets a\r\n");
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        let unique = line.trim_end().rsplit(' ').next().unwrap();
        client.expect("", "6\r\nEND\r\n");
        client.expect(format!("cas a 0 0 1 {unique}\r\nx\r\n"), "STORED\r\n");
        client.expect("delete a\r\ndelete a\r\n", "DELETED\r\nNOT_FOUND\r\n");
        client.expect("mg b v\r\n", "VA 1\r\nx\r\n");
        client.send([&b"set b 0 0 2000000\r\n"[..], &vec![b'v'; 2_000_000], b"\r\n"].concat());
        client.expect("", "SERVER_ERROR object too large for cache\r\n");
        client.expect("flush_all\r\n", "OK\r\n");
    };
    session(&mut leash.client());
    let names = [
        "cmd_get",
        "cmd_set",
        "cmd_flush",
        "cmd_touch",
        "cmd_meta",
        "get_hits",
        "get_misses",
        "delete_misses",
        "delete_hits",
        "incr_misses",
        "incr_hits",
        "decr_misses",
        "decr_hits",
        "cas_misses",
        "cas_hits",
        "cas_badval",
        "touch_hits",
        "touch_misses",
        "store_too_large",
        "store_no_memory",
        "total_items",
    ];
    let expected: [u64; 21] = [7, 6, 1, 3, 1, 5, 2, 1, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1, 1, 0, 3];
    let told = names.map(|name| (name, stat(&leash, name)));
    let should: Vec<(&str, u64)> = names.into_iter().zip(expected).collect();
    assert_eq!(told.to_vec(), should);

    // And a memcached of its own tells the same after the same session.
    let alone = Memcached::start();
    let mut client = Client::connect(&alone.address());
    session(&mut client);
    client.send("stats\r\n");
    let mut differs = Vec::new();
    loop {
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["END"] => break,
            // 1.6.18 leaves most meta commands out of its count of them.
            ["STAT", "cmd_meta", _] => {}
            ["STAT", name, value] => match should.iter().find(|(this, _)| *this == name) {
                Some((_, should)) if value.parse() != Ok(*should) => {
                    differs.push(format!("{name}: {value}, not {should}"))
                }
                _ => {}
            },
            _ => {}
        }
    }
    assert!(differs.is_empty(), "memcached says {differs:?}");
}
