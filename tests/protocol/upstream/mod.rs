//! What leash makes of servers that are slow, dead, old, or say what nobody asked.
//!
//! The test plays the servers. No reply may ever become the value of a key it was not given for.

mod bulk;
mod crowded;
mod doubt;
mod framing;
mod large;
mod late;
mod rest;
mod secured;
mod values;

use std::time::{Duration, Instant};

use support::fake_server::{Backend, FakeServer, hears_nothing};
use support::figures::{metric, reaches};
use support::{Client, Leash, wait_until};

/// The pool's `request_timeout` in these tests.
const DEADLINE: Duration = Duration::from_millis(300);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(250);

/// One worker before these servers; `more` are further lines of the pool.
fn leash_before(servers: &[&FakeServer], more: &str) -> Leash {
    let servers: Vec<String> = servers.iter().map(|server| server.address()).collect();
    leash_at(&servers.join(", "), &format!("request_timeout: {}ms, {more}", DEADLINE.as_millis()), "")
}

fn leash_at(servers: &str, pool: &str, top: &str) -> Leash {
    // What a server missed is another story (tests/routing/down): here nobody connects but to ask.
    let spool = "spool: {max_keys: 0}";
    Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: [{servers}], {pool}}}}}\n{spool}\n{top}"))
}

/// A leash before one fake server, a client, and the connection between leash and the server.
fn one() -> (FakeServer, Leash, Client, Backend) {
    one_with("")
}

fn one_with(more: &str) -> (FakeServer, Leash, Client, Backend) {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], more);
    let mut client = leash.client();
    let backend = server.meets(&mut client);
    (server, leash, client, backend)
}

/// A key that `leash route` sends to this server.
fn key_of(leash: &Leash, server: &FakeServer) -> String {
    let address = server.address();
    (0..1000)
        .map(|n| format!("key{n}"))
        .find(|key| leash.page(&format!("/route?key={key}")).contains(&format!("\"{address}\"")))
        .expect("some key belongs to each server")
}

#[test]
fn replies_leave_in_the_order_of_the_requests_though_servers_answer_out_of_order() {
    let (one, other) = (FakeServer::start(), FakeServer::start());
    let leash = leash_before(&[&one, &other], "");
    let (a, b) = (key_of(&leash, &one), key_of(&leash, &other));
    let mut client = leash.client();
    client.send(format!("get {a}\r\nget {b}\r\nversion\r\n"));
    let (mut first, mut second) = (one.greets(), other.greets());
    let asked_b = second.receives(&format!("mg {b} v f"));
    second.sends_value(&asked_b, "late");
    let asked_a = first.receives(&format!("mg {a} v f"));
    hears_nothing(&mut client);
    first.sends_value(&asked_a, "early");
    client.expect("", format!("VALUE {a} 0 5\r\nearly\r\nEND\r\nVALUE {b} 0 4\r\nlate\r\nEND\r\nVERSION "));
    first.hears_nothing();
    second.hears_nothing();
}

#[test]
fn a_multi_get_answers_what_it_has_when_a_server_is_dead_or_slow_or_talks_garbage() {
    let good = FakeServer::start();
    let bad = FakeServer::start();
    let leash = leash_before(&[&good, &bad], "failures: 100");
    let (a, b) = (key_of(&leash, &good), key_of(&leash, &bad));
    let mut client = leash.client();
    let ask = format!("get {b} {a}\r\n");
    let answer = format!("VALUE {a} 0 1\r\nA\r\nEND\r\n");

    client.send(&ask);
    let (mut well, mut ill) = (good.greets(), bad.greets());
    let question = well.receives(&format!("mg {a} v f"));
    well.sends_value(&question, "A");
    ill.receives(&format!("mg {b} v f"));
    ill.hangs_up();
    client.expect("", &answer);

    client.send(&ask);
    let mut ill = bad.greets();
    let question = well.receives(&format!("mg {a} v f"));
    well.sends_value(&question, "A");
    ill.receives(&format!("mg {b} v f"));
    ill.sends("HTTP/1.1 400 Bad Request\r\n");
    client.expect("", &answer);
    ill.sees_the_end();

    client.send(&ask);
    let mut ill = bad.greets();
    let question = well.receives(&format!("mg {a} v f"));
    well.sends_value(&question, "A");
    ill.receives(&format!("mg {b} v f"));
    hears_nothing(&mut client);
    client.expect("", &answer);
}

#[test]
fn three_failures_make_a_server_down_and_one_good_probe_brings_it_back() {
    let (server, leash, mut client, mut backend) = one();
    for _ in 0..3 {
        client.send("get slow\r\n");
        backend.receives("mg slow v f");
        client.expect("", "END\r\n");
    }
    backend.sees_the_end();
    let start = Instant::now();
    client.expect("get slow\r\n", "END\r\n");
    client.expect("set slow 0 0 1\r\nx\r\n", format!("SERVER_ERROR server {}: is down\r\n", server.address()));
    client.expect("mg slow v\r\n", "EN\r\n");
    assert!(start.elapsed() < SLACK, "nothing waits for a server that is down");
    assert_eq!(metric(&leash, "leash_server_up", ""), 0.0);

    let mut probe = server.accepts();
    assert_eq!(probe.reads_line(), "mn");
    probe.sends("ERROR\r\n");
    probe.sees_the_end();
    client.expect("delete slow\r\n", "SERVER_ERROR server ");
    let probe = server.greets();
    probe.sees_the_end();
    reaches(&leash, "leash_server_up", "", 1.0);
    let mut client = leash.client();
    client.send("get back\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg back v f");
    backend.sends_value(&question, "x");
    client.expect("", "VALUE back 0 1\r\nx\r\nEND\r\n");
}

#[test]
fn a_connection_that_died_while_idle_is_asked_again_once_and_unseen() {
    let (server, leash, mut client, mut backend) = one_with("failures: 1");
    support::pause(Duration::from_millis(1100));
    client.send("get mine\r\nset mine 0 0 1\r\nx\r\nincr count 1\r\n");
    let dead = [backend.receives_any().line, backend.receives_any().line, backend.receives_any().line];
    assert_eq!(dead, ["mg mine v f", "ms mine 1", "ma count v D1"]);
    backend.hangs_up();
    let mut backend = server.greets();
    let get = backend.receives("mg mine v f");
    let set = backend.receives("ms mine 1");
    assert_eq!(set.value, b"x");
    backend.hears_nothing();
    backend.sends_value(&get, "v");
    backend.sends_code(&set, "HD");
    client.expect("", "VALUE mine 0 1\r\nv\r\nEND\r\nSTORED\r\nSERVER_ERROR server ");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.contains("connection lost"), "an incr may have been done: {line}");
    assert_eq!(metric(&leash, "leash_upstream_retries_total", ""), 2.0);
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0, "hanging up on the idle is no failure");
    assert_eq!(metric(&leash, "leash_upstream_in_flight", ""), 0.0);
}

#[test]
fn a_connection_that_dies_twice_is_not_asked_a_third_time() {
    let (server, _leash, mut client, mut backend) = one_with("failures: 100");
    support::pause(Duration::from_millis(1100));
    client.send("get mine\r\n");
    backend.receives("mg mine v f");
    backend.hangs_up();
    let mut backend = server.greets();
    backend.receives("mg mine v f");
    backend.hangs_up();
    client.expect("", "END\r\n");
    server.is_left_alone();
}

#[test]
fn an_old_memcached_gets_no_value_and_its_clients_a_clear_error() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "");
    let mut client = leash.client();
    client.send("set mine 0 0 9\r\nflush_all\r\n");
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    backend.sends("ERROR\r\n");
    let expected = format!(
        "SERVER_ERROR server {}: does not speak the meta protocol, memcached 1.6.10 or newer is needed\r\n",
        server.address()
    );
    client.expect("", &expected);
    backend.sees_the_end();
    client.expect("set mine 0 0 1\r\nx\r\n", &expected);
    reaches(&leash, "leash_server_up", "", 0.0);
}

#[test]
fn a_memcached_that_wants_lengths_elsewhere_gets_no_value_either() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "");
    let mut client = leash.client();
    client.send("set mine 0 0 9\r\nflush_all\r\n");
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    backend.sends("MN\r\n");
    assert_eq!(backend.reads_line(), "version");
    backend.sends("VERSION 1.6.9\r\n");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.starts_with("SERVER_ERROR server ") && line.contains("1.6.10 or newer is needed"), "{line}");
    backend.sees_the_end();
}

#[test]
fn a_server_on_a_unix_socket_is_a_server_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("memcached.sock");
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let mut child = std::process::Command::new("memcached")
        .args(["-u", "nobody", "-t", "1", "-a", "777", "-s", path.to_str().unwrap()])
        .spawn()
        .expect("memcached runs");
    wait_until("memcached listens", support::BOUND, || std::os::unix::net::UnixStream::connect(&path).is_ok());
    let leash = leash_at(&format!("\"unix:{}\"", path.display()), "request_timeout: 5s", "");
    let mut client = leash.client();
    client.expect("set a 1 0 1\r\nx\r\n", "STORED\r\n");
    client.expect("get a\r\n", "VALUE a 1 1\r\nx\r\nEND\r\n");
    let _ = child.kill();
    let _ = child.wait();
}
