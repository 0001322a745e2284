//! What leash makes of clients that are slow, gone, many, or do not speak memcached's text protocols; and how it ends.

mod ending;
mod figures;
mod limits;
mod slow;
mod sockets;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use support::fake_server::{FakeServer, hears_nothing, is_closed};
use support::figures::{metric, reaches};
use support::leash::binary;
use support::{BOUND, Client, Leash, free_port, pause, wait_until};

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

/// It has closed its socket with a reply unread, so its kernel takes no more; what it said before is waiting in leash's.
#[test]
fn what_a_client_said_is_done_though_it_takes_no_replies_any_more() {
    let server = FakeServer::start();
    let leash = leash_before(&server, "limits: {in_flight: 4}");
    let mut client = leash.client();
    let keys: Vec<String> = (0..16).map(|n| format!("key{n}")).collect();
    let deletes: String = keys.iter().map(|key| format!("delete {key} noreply\r\n")).collect();
    client.send("get a\r\n".to_string() + &deletes);
    let mut backend = server.greets();
    let a = backend.receives("mg a v f");
    backend.sends_value(&a, "A");
    client.stream.peek(&mut [0]).unwrap();
    drop(client);
    // Long enough for leash to look at its clients more than once meanwhile.
    for key in keys {
        let delete = backend.receives(&format!("md {key}"));
        pause(Duration::from_millis(150));
        backend.sends_code(&delete, "HD");
    }
    reaches(&leash, "leash_downstream_connections", "", 0.0);
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
