//! Replies that come after the deadline of their questions, or never: clients are told in time, and what comes later
//! harms nobody.

use std::time::{Duration, Instant};

use support::fake_server::{Backend, FakeServer, Question, hears_nothing};
use support::figures::metric;
use support::{Client, Leash, pause, wait_until};

use super::{DEADLINE, SLACK, leash_at, leash_before, one_with};

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

/// A client that stores large values, which take a connection of their own.
struct Other {
    client: Client,
    bulk: Backend,
    asked: Question,
}

impl Other {
    fn of(leash: &Leash, server: &FakeServer) -> Other {
        let mut client = leash.client();
        client.send([b"set large 0 0 100000\r\n", &[b'v'; 100_000][..], b"\r\n"].concat());
        let mut bulk = server.greets();
        let asked = bulk.receives_any();
        Other { client, bulk, asked }
    }

    /// The server answers, and is asked again.
    fn is_answered(&mut self) {
        self.bulk.sends_code(&self.asked, "HD");
        self.client.expect("", "STORED\r\n");
        self.client.send([b"set large 0 0 100000\r\n", &[b'v'; 100_000][..], b"\r\n"].concat());
        self.asked = self.bulk.receives_any();
    }
}

#[test]
fn a_server_that_answers_what_was_asked_before_is_busy_unless_one_connection_says_nothing_for_long() {
    let (server, leash, mut client, mut first) = one_with("failures: 1");
    let mut other = Other::of(&leash, &server);
    let begun = Instant::now();
    client.send("get never\r\n");
    first.receives("mg never v f");
    let at = |part: u32| pause((DEADLINE * part / 4).saturating_sub(begun.elapsed()));
    at(3);
    other.is_answered();
    client.expect("", "END\r\n");
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0, "it has just answered another");

    // Few more are asked there, and the rest is told so at once.
    client.send("get more\r\n".repeat(20));
    let refused = || metric(&leash, "leash_failures_total", "cause=\"overloaded\"");
    wait_until("most are refused", DEADLINE / 2, || refused() >= 16.0);
    (0..2).for_each(|_| drop(first.receives("mg more v f")));
    for part in [6, 9, 10] {
        at(part);
        other.is_answered();
    }
    assert_eq!(metric(&leash, "leash_upstream_reconnects_total", ""), 0.0, "it may still be heard");

    // What is asked next is asked over another connection, and the server was well all the time.
    for part in 12..16 {
        at(part);
        other.is_answered();
    }
    first.sees_the_end();
    client.expect("", "END\r\n".repeat(20));
    client.send("get next\r\n");
    let mut anew = server.greets();
    anew.receives("mg next v f");
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0);
}

#[test]
fn a_server_that_answers_what_was_asked_long_after_is_not_waited_for_on_a_connection_that_says_nothing() {
    let (server, leash, mut client, mut first) = one_with("failures: 3");
    let mut other = Other::of(&leash, &server);
    let begun = Instant::now();
    client.send("get never\r\n".repeat(3));
    (0..3).for_each(|_| drop(first.receives("mg never v f")));
    while begun.elapsed() < DEADLINE * 3 / 4 {
        other.is_answered();
    }
    client.expect("", "END\r\nEND\r\nEND\r\n");
    assert_eq!(metric(&leash, "leash_server_up", ""), 0.0);
}

#[test]
fn a_short_deadline_holds_beside_what_is_overdue_already() {
    let server = FakeServer::start();
    let short = Duration::from_millis(40);
    let pool = format!("request_timeout: {}ms, failures: 1000", short.as_millis());
    let leash = leash_at(&server.address(), &pool, "");
    let mut client = leash.client();
    let mut backend = server.meets(&mut client);
    let mut times = Vec::new();
    for _ in 0..6 {
        let start = Instant::now();
        client.send("get slow\r\n");
        backend.receives("mg slow v f");
        client.expect("", "END\r\n");
        times.push(start.elapsed());
    }
    // Before the first, no reply was owed. The least counts: disturbance only adds.
    let least = times.iter().skip(1).min().copied().unwrap_or_default();
    assert!(least < 3 * short, "{times:?}");
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
