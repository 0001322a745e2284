//! What leash makes of servers that are slow, dead, old, or say what nobody asked.
//!
//! The test plays the servers. No reply may ever become the value of a key it was not given for.

mod bulk;
mod framing;
mod rest;
mod secured;

use std::io::Write;
use std::time::{Duration, Instant};

use support::fake_server::{Backend, FakeServer, hears_nothing};
use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, wait_until};

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
    client.send("get warm-up\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg warm-up v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
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
fn a_reply_that_does_not_fit_closes_its_connection_only_and_becomes_nobodys_value() {
    let slips: &[&str] = &[
        "VA 5 f0 O????????\r\nwrong\r\n",
        "VA 5 f0 O0\r\nwrong\r\n",
        "VA 5 f0 {}0\r\nwrong\r\n",
        "VA 5 f0 {} O1\r\nwrong\r\n",
        "VA 5 f0\r\nwrong\r\n",
        "VA 5 f0 {}\r\nwrongXX",
        "VA 5 f0 {}\r\nwrong way\r\n",
        "VA 4294967296 f0 {}\r\n",
        "VA 18446744073709551617 f0 {}\r\n",
        "VA -1 f0 {}\r\n",
        "VA 1e3 f0 {}\r\n",
        "NS {}\r\n",
        "NF {}\r\n",
        "MN\r\n",
        "OK\r\n",
        "STORED\r\n",
        "VALUE get 0 5\r\nwrong\r\nEND\r\n",
        "EN\n",
        "\r\n",
        "\n",
        "\0\0\0\0\r\n",
        "CLIENT_ERROR bad data chunk\r\n",
        "H",
    ];
    let (server, leash, mut client, mut backend) = one_with("failures: 1000");
    let label = format!("server=\"{}\"", server.address());
    for (count, slip) in (1..).zip(slips) {
        client.send("get mine\r\nset yours 0 0 1\r\nx\r\nversion\r\n");
        let question = backend.receives("mg mine v f");
        backend.receives("ms yours 1");
        backend.sends(slip.replace("{}", &question.opaque));
        if *slip == "H" {
            backend.sends("X".repeat(5000));
        }
        client.expect("", "END\r\n");
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        let expected = "SERVER_ERROR server 127.0.0.1:";
        assert!(line.starts_with(expected) && line.contains("not asked"), "after {slip:?}: {line}");
        assert!(client.read_line().unwrap().starts_with(b"VERSION "));
        backend.sees_the_end();
        assert_eq!(metric(&leash, "leash_upstream_desync_total", &label), f64::from(count), "{slip:?}");

        client.send("get mine\r\n");
        backend = server.greets();
        let question = backend.receives("mg mine v f");
        backend.sends_value(&question, "right");
        client.expect("", "VALUE mine 0 5\r\nright\r\nEND\r\n");
    }
    assert_eq!(metric(&leash, "leash_upstream_reconnects_total", &label), slips.len() as f64);
    assert!(!leash.log().contains("wrong"), "what a server says may be a value, and is not logged");
}

/// They counted to 64 and began anew, so whoever had one line taken for a reply knew what to write into the next one.
#[test]
fn nobody_can_foretell_a_token_from_those_before_it() {
    let (_server, _leash, mut client, mut backend) = one();
    let mut tokens = Vec::new();
    for _ in 0..200 {
        client.send("get key\r\n");
        let question = backend.receives("mg key v f");
        backend.sends_value(&question, "x");
        client.expect("", "VALUE key 0 1\r\nx\r\nEND\r\n");
        tokens.push(question.opaque);
    }
    assert!(tokens.iter().all(|token| token.len() == "O".len() + 8), "{tokens:?}");
    // In each place of a token any of 64 characters may stand, whatever stood there before.
    for place in 1..=8 {
        let seen: std::collections::HashSet<u8> = tokens.iter().map(|token| token.as_bytes()[place]).collect();
        assert!(seen.len() > 40, "only {} characters in place {place}", seen.len());
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 200);
}

#[test]
fn what_a_server_says_unasked_closes_its_connection() {
    let (server, leash, mut client, mut backend) = one();
    backend.sends("VA 5 f0 O????????\r\nwrong\r\n");
    backend.sees_the_end();
    reaches(&leash, "leash_upstream_desync_total", "", 1.0);
    client.send("get mine\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg mine v f");
    backend.sends_value(&question, "right");
    client.expect("", "VALUE mine 0 5\r\nright\r\nEND\r\n");
}

#[test]
fn what_a_server_says_behind_its_greeting_is_not_taken_for_an_answer() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "failures: 100");
    let mut client = leash.client();
    client.send("get mine\r\n");
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    backend.sends("MN\r\nVA 5 f0 O????????\r\nwrong\r\n");
    client.expect("", "END\r\n");
    backend.sees_the_end();
    assert_eq!(metric(&leash, "leash_upstream_desync_total", ""), 1.0);
}

#[test]
fn a_server_that_only_talks_garbage_goes_down() {
    let (server, leash, mut client, mut backend) = one();
    for round in 1..=3 {
        client.send("get mine\r\n");
        if round > 1 {
            backend = server.greets();
        }
        backend.receives("mg mine v f");
        backend.sends("garbage\r\n");
        client.expect("", "END\r\n");
    }
    backend.sees_the_end();
    reaches(&leash, "leash_server_up", "", 0.0);
}

#[test]
fn a_late_reply_is_discarded_and_later_ones_pair_correctly() {
    let (_server, leash, mut client, mut backend) = one_with("failures: 100");
    client.send("get late\r\nset late 0 0 1\r\nx\r\n");
    let late = backend.receives("mg late v f");
    let also = backend.receives("ms late 1");
    client.expect("", "END\r\nSERVER_ERROR server ");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.contains("no reply in time"), "{line}");
    client.send("get soon\r\n");
    let soon = backend.receives("mg soon v f");
    backend.sends_value(&late, "late");
    hears_nothing(&mut client);
    backend.sends_code(&also, "HD");
    backend.sends_value(&soon, "soon");
    client.expect("", "VALUE soon 0 4\r\nsoon\r\nEND\r\n");
    hears_nothing(&mut client);
    assert_eq!(metric(&leash, "leash_upstream_in_flight", ""), 0.0);
    assert_eq!(metric(&leash, "leash_upstream_desync_total", ""), 0.0);
}

#[test]
fn a_timeout_answers_soon_after_the_deadline() {
    let (_server, _leash, mut client, mut backend) = one_with("failures: 1000");
    for round in 0..5 {
        let start = Instant::now();
        client.send("get slow\r\n");
        backend.receives("mg slow v f");
        client.expect("", "END\r\n");
        let took = start.elapsed();
        assert!(took + Duration::from_millis(5) >= DEADLINE, "round {round}: too early, {took:?}");
        assert!(took < DEADLINE + SLACK, "round {round}: {took:?}");
    }
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
fn a_server_that_accepts_and_never_greets_fails_its_requests_in_time() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "failures: 100");
    let mut client = leash.client();
    let start = Instant::now();
    client.send("set mine 0 0 1\r\nx\r\nget mine\r\n");
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.starts_with("SERVER_ERROR server ") && line.contains("no reply in time"), "{line}");
    client.expect("", "END\r\n");
    assert!(start.elapsed() < DEADLINE + SLACK);
    assert_eq!(metric(&leash, "leash_upstream_in_flight", ""), 0.0);
    backend.sees_the_end();
}

#[test]
fn a_write_that_timed_out_before_there_was_a_connection_does_not_arrive_after_all() {
    let server = FakeServer::with_backlog(0);
    let leash = leash_before(&[&server], "failures: 100, connect_timeout: 5s");
    let first_in_line = std::net::TcpStream::connect(server.address()).unwrap();
    let mut client = leash.client();
    client.send("set early 0 0 1\r\nx\r\n");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.contains("no reply in time"), "{line}");
    drop((server.accepts(), first_in_line));
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    client.send("set late 0 0 1\r\ny\r\n");
    backend.sends("MN\r\n");
    backend.tells_its_version();
    let late = backend.receives("ms late 1");
    backend.sends_code(&late, "HD");
    client.expect("", "STORED\r\n");
    backend.hears_nothing();
}

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
    client.send("get warm-up\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg warm-up v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
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

#[test]
fn large_and_small_values_interleave_byte_for_byte() {
    let server = support::Memcached::start_with(&["-I", "2m"]);
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let mut client = leash.client();
    let sizes = [1 << 20, 1, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537, 0, 1 << 19, 7];
    let value = |n: usize, size: usize| -> Vec<u8> { (0..size).map(|i| (i * 31 + n * 7 + i / 251) as u8).collect() };
    let (mut sets, mut gets) = (Vec::new(), Vec::new());
    for (n, size) in sizes.into_iter().enumerate() {
        let value = value(n, size);
        sets.extend([format!("set key{n} {n} 0 {size}\r\n").as_bytes(), &value, b"\r\n"].concat());
        gets.extend([format!("VALUE key{n} {n} {size}\r\n").as_bytes(), &value, b"\r\nEND\r\n"].concat());
    }
    client.expect(sets, "STORED\r\n".repeat(sizes.len()));
    let ask: String = (0..sizes.len()).map(|n| format!("get key{n}\r\n")).collect();
    client.expect(ask, &gets);
    let many = format!("get {}\r\n", (0..sizes.len()).map(|n| format!("key{n}")).collect::<Vec<_>>().join(" "));
    let together: Vec<u8> = (sizes.iter().enumerate())
        .flat_map(|(n, &size)| [format!("VALUE key{n} {n} {size}\r\n").as_bytes(), &value(n, size), b"\r\n"].concat())
        .chain(*b"END\r\n")
        .collect();
    client.expect(many, together);
}

#[test]
fn values_of_every_size_around_the_boundaries_of_buffers_survive() {
    let server = support::Memcached::start();
    let leash = Leash::with_addresses(&[server.address()]);
    let mut client = leash.client();
    for boundary in [4096usize, 16384, 65536] {
        for size in boundary - 80..boundary + 10 {
            let value: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            client.send([format!("set k 0 0 {size}\r\n").as_bytes(), &value, b"\r\n"].concat());
            client.expect("get k\r\n", "STORED\r\n");
            let reply = [format!("VALUE k 0 {size}\r\n").as_bytes(), &value, b"\r\nEND\r\n"].concat();
            assert!(client.read_exactly(reply.len()).unwrap() == reply, "{size} bytes");
        }
    }
}

#[test]
fn a_value_behind_a_long_binary_key_does_not_become_a_command() {
    use base64::Engine;
    let server = support::Memcached::start();
    let leash = leash_at(
        &server.address(),
        "request_timeout: 5s",
        "routes: [{prefix: \"\", pool: main, namespace: \"shop:\"}]",
    );
    let mut client = leash.client();
    let key = base64::engine::general_purpose::STANDARD.encode([b'k'; 186]);
    let value = "set shop:hidden 0 0 1\r\nx\r\n";
    client.expect(
        format!("ms {key} {} b\r\n{value}\r\n", value.len()),
        "CLIENT_ERROR key too long with its namespace\r\n",
    );
    client.expect("get hidden\r\n", "END\r\n");
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

#[test]
fn what_one_client_asks_about_a_key_keeps_its_order_whether_its_values_are_large_or_small() {
    let server = support::Memcached::start_with(&["-I", "2m"]);
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: ['{}'], request_timeout: 10s}}}}\nroutes: [{{prefix: '', pool: main, allow_flush: true}}]",
        server.address()
    ));
    let mut others: Vec<Client> = (0..2).map(|_| leash.client()).collect();
    let big = vec![b'b'; 1 << 20];
    for n in 0..8 {
        others[0]
            .expect([format!("set big{n} 0 0 {}\r\n", big.len()).as_bytes(), &big, b"\r\n"].concat(), "STORED\r\n");
    }
    let (mut client, mut random) = (leash.client(), support::Random::new(10));
    let mut there: std::collections::HashMap<usize, Vec<u8>> = std::collections::HashMap::new();
    for round in 0..60 {
        // Large values are on their way to others meanwhile.
        for other in &mut others {
            other.send(format!("get big{}\r\n", random.below(8)));
        }
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        for step in 0..40 {
            let key = random.below(4);
            match random.below(20) {
                0..6 => {
                    let length = random.of(&[&10, &5000, &65_535, &65_536, &200_000]);
                    let mut value = format!("{round} {step} ").into_bytes();
                    value.resize(*length, b'x');
                    asked.extend([format!("set key{key} 0 0 {length}\r\n").as_bytes(), &value, b"\r\n"].concat());
                    told.extend(b"STORED\r\n");
                    there.insert(key, value);
                }
                6 => {
                    asked.extend(format!("delete key{key}\r\n").as_bytes());
                    let was_there = there.remove(&key).is_some();
                    told.extend(if was_there { &b"DELETED\r\n"[..] } else { b"NOT_FOUND\r\n" });
                }
                7 if step % 10 == 0 => {
                    asked.extend(b"flush_all\r\n");
                    told.extend(b"OK\r\n");
                    there.clear();
                }
                _ => {
                    asked.extend(format!("get key{key}\r\n").as_bytes());
                    if let Some(value) = there.get(&key) {
                        told.extend(
                            [format!("VALUE key{key} 0 {}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat(),
                        );
                    }
                    told.extend(b"END\r\n");
                }
            }
        }
        std::thread::scope(|scope| {
            let stream = client.stream.try_clone().unwrap();
            scope.spawn(move || (&stream).write_all(&asked).unwrap());
            let heard = client.read_exactly(told.len()).unwrap();
            assert!(heard == told, "round {round}");
        });
        for other in &mut others {
            while other.read_line().unwrap() != b"END\r\n" {}
        }
    }
    assert!(metric(&leash, "leash_upstream_connections", "") > 1.0, "large values travel on a connection of their own");
}

#[test]
fn a_value_that_nobody_waits_for_or_has_room_for_is_dropped_as_it_arrives() {
    let server = FakeServer::start();
    let limits = "limits: {memory: 8MiB, item_size: 1MiB}";
    let leash = leash_at(&server.address(), "request_timeout: 5s", limits);
    let before = metric(&leash, "process_resident_memory_bytes", "");
    let mut client = leash.client();
    client.send("get huge\r\nget small\r\n");
    let mut backend = server.greets();
    let huge = backend.receives("mg huge v f");
    let small = backend.receives("mg small v f");
    let length = 30 << 20;
    backend.sends(format!("VA {length} f0 {}\r\n", huge.opaque));
    client.expect("", "SERVER_ERROR out of memory writing get response\r\n");
    let piece = vec![b'v'; 1 << 20];
    (0..30).for_each(|_| backend.sends(&piece));
    backend.sends("\r\n");
    backend.sends_value(&small, "here");
    client.expect("", "VALUE small 0 4\r\nhere\r\nEND\r\n");
    let grown = metric(&leash, "process_resident_memory_bytes", "") - before;
    assert!(grown < 12e6, "{} MB are held", grown / 1e6);
}

#[test]
fn what_timed_out_before_it_was_sent_does_not_reach_the_server_later() {
    const SETS: usize = 200;
    let (_server, leash, mut client, mut backend) = one_with("failures: 1000");
    let value = vec![b'v'; 60_000];
    let sets = (0..SETS).map(|n| [format!("set k{n} 0 0 {}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat());
    client.send(sets.collect::<Vec<_>>().concat());
    for n in 0..SETS {
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        assert!(line.ends_with(": no reply in time\r\n"), "k{n}: {line}");
    }
    // The kernel has taken some of it; the rest is not sent, however long the server takes.
    client.send("get fresh\r\n");
    let mut arrived = 0;
    let fresh = loop {
        let question = backend.receives_any();
        if question.line == "mg fresh v f" {
            break question;
        }
        assert_eq!((&*question.line, question.value.len()), (&*format!("ms k{arrived} {}", value.len()), value.len()));
        backend.sends_code(&question, "HD");
        arrived += 1;
    };
    assert!((1..SETS).contains(&arrived), "{arrived} of {SETS} sets that had failed");
    backend.sends_value(&fresh, "1");
    client.expect("", "VALUE fresh 0 1\r\n1\r\nEND\r\n");
    assert_eq!(metric(&leash, "leash_failures_total", "cause=\"desync\""), 0.0);
}

#[test]
fn a_large_value_that_keeps_coming_is_waited_for_and_one_that_stalls_is_not() {
    let (_server, leash, mut client, mut backend) = one_with("failures: 100");
    client.send("get large\r\n");
    let question = backend.receives("mg large v f");
    // Three deadlines, at 2 MiB a second.
    let (piece, pieces) = (vec![b'v'; 64 * 1024], 3 * DEADLINE.as_millis() as usize / 31);
    backend.sends(format!("VA {} f0 {}\r\n", piece.len() * pieces, question.opaque));
    for _ in 0..pieces {
        support::pause(Duration::from_millis(31));
        backend.sends(&piece);
    }
    backend.sends("\r\n");
    client.expect("", format!("VALUE large 0 {}\r\n", piece.len() * pieces));
    assert!(client.read_exactly(piece.len() * pieces).unwrap().iter().all(|&b| b == b'v'));
    client.expect("", "\r\nEND\r\n");
    assert_eq!(metric(&leash, "leash_failures_total", "cause=\"timeout\""), 0.0);

    client.send("get large2\r\n");
    let question = backend.receives("mg large2 v f");
    let start = Instant::now();
    backend.sends(format!("VA 1000000 f0 {}\r\n", question.opaque));
    backend.sends(&piece);
    client.expect("", "END\r\n");
    assert!(start.elapsed() < 2 * DEADLINE + SLACK, "{:?}", start.elapsed());
}
