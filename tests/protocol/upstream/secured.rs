//! Servers behind TLS and a password: what works over them, and that each trouble is told with its cause and its cure,
//! within its deadline.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use support::fake_server::FakeServer;
use support::figures::metric;
use support::secured::{PASSWORD, SecuredServer, USER};
use support::{Authority, BOUND, Leash, Memcached, Random, pause, wait_until};

/// A server that says nothing is given up after this, by default.
const DEADLINE: Duration = Duration::from_millis(500);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(1500);

fn leash_with(pool: &str) -> Leash {
    Leash::with_config(&format!("workers: 1\npools: {{main: {{{pool}}}}}\nspool: {{max_keys: 0}}\n"))
}

/// A write fails for `cause` in time, and the log has all of `told`.
#[track_caller]
fn fails(leash: &Leash, cause: &str, told: &[&str]) {
    let begun = Instant::now();
    let mut client = leash.client();
    client.send("set a 0 0 1\r\n1\r\n");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    assert!(line.starts_with("SERVER_ERROR server ") && line.contains(cause), "{line}");
    assert!(begun.elapsed() < DEADLINE + SLACK, "{:?}", begun.elapsed());
    wait_until(&format!("the log has {told:?}"), BOUND, || told.iter().all(|text| leash.log().contains(*text)));
    let log = leash.log();
    assert!(!log.contains(PASSWORD), "the password is in the log:\n{log}");
}

const NO_TLS: &str = "no TLS with it, the log of leash says why";
const NOT_LET_IN: &str = "does not let leash in, the log of leash says why";

#[test]
fn values_of_any_size_come_and_go_in_any_pipeline() {
    let secured = SecuredServer::start();
    let leash = leash_with(&format!("{}, connect_timeout: 5s, request_timeout: 5s", secured.pool()));
    let (mut client, mut random) = (leash.client(), Random::new(5));
    for _ in 0..60 {
        let (mut asked, mut expected) = (String::new(), String::new());
        for _ in 0..random.below(200) {
            let key = format!("k{}{}", random.below(30), "x".repeat(random.below(200)));
            let size = [0, 5, 300, 4000, 4096, 9000, 16_300, 16_384, 17_000, 70_000][random.below(10)];
            if random.below(2) == 0 {
                let value = "v".repeat(size);
                asked += &format!("set {key} 0 0 {size}\r\n{value}\r\nget {key}\r\n");
                expected += &format!("STORED\r\nVALUE {key} 0 {size}\r\n{value}\r\nEND\r\n");
            } else {
                asked += &format!("get none{key}\r\n");
                expected += "END\r\n";
            }
        }
        client.expect(asked, expected);
    }
    assert_eq!(metric(&leash, "leash_failures_total", ""), 0.0);
}

#[test]
fn a_certificate_that_is_wrong_is_told_with_what_is_wrong() {
    let authority = Authority::new("another authority");
    let expired = authority.signs_expired("expired", &["127.0.0.1"]);
    let other_name = authority.signs("other-name", &["m0.example.com", "10.0.0.7"]);
    let good = authority.signs("good", &["127.0.0.1"]);
    let stranger = authority.path("stranger.pem");
    fs::write(&stranger, Authority::new("a stranger").pem()).unwrap();
    let ca = authority.ca();
    let cases = [
        (&expired, &ca, "its certificate has expired on 2001-12-31: renew it"),
        (
            &other_name,
            &ca,
            "its certificate is for m0.example.com, 10.0.0.7, not for 127.0.0.1: write tls.server_name: m0.example.com",
        ),
        (&good, &stranger, "its certificate is signed by nobody who is trusted here: write the file of its authority"),
    ];
    for (identity, ca, told) in cases {
        let arguments = identity.arguments();
        let server = Memcached::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let leash = leash_with(&format!("servers: ['{}'], tls: {{ca: {}}}", server.address(), ca.display()));
        fails(&leash, NO_TLS, &[told, &server.address()]);
    }
}

#[test]
fn a_certificate_that_is_its_own_authority_is_taken_where_it_is_listed_and_only_there() {
    let authority = Authority::new("unused");
    let (own, other) = (authority.self_signed("own", &["127.0.0.1"]), authority.self_signed("other", &["127.0.0.1"]));
    let arguments = own.arguments();
    let server = Memcached::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let pool = |more: &str| format!("servers: ['{}'], tls: {{{more}}}", server.address());
    let listed = leash_with(&pool(&format!("ca: {}", own.cert.display())));
    listed.client().expect("set a 0 0 1\r\n1\r\n", "STORED\r\n");
    let named = leash_with(&pool(&format!("ca: {}, server_name: m0", own.cert.display())));
    fails(&named, NO_TLS, &["its certificate is for 127.0.0.1, not for m0"]);
    let unlisted = leash_with(&pool(&format!("ca: {}", other.cert.display())));
    fails(&unlisted, NO_TLS, &["its certificate"]);
    let any = leash_with(&pool("verify: false"));
    any.client().expect("get a\r\n", "VALUE a 0 1\r\n1\r\nEND\r\n");
    assert!(any.log().contains("verify: false takes any certificate"), "{}", any.log());
}

#[test]
fn a_password_that_is_wrong_or_missing_is_told_in_the_words_of_the_server() {
    let secured = SecuredServer::start();
    let wrong = secured.authority.path("wrong");
    fs::write(&wrong, "guessed\n").unwrap();
    let tls = format!("servers: ['{}'], tls: {{ca: {}}}", secured.server.address(), secured.authority.ca().display());
    let guessing = leash_with(&format!("{tls}, auth: {{user: {USER}, password_file: {}}}", wrong.display()));
    let quoted = |said: &str| format!("{NOT_LET_IN}, it says \"{said}\"");
    fails(
        &guessing,
        &quoted("CLIENT_ERROR authentication failure"),
        &["it refuses user", "CLIENT_ERROR authentication failure"],
    );
    let silent = leash_with(&tls);
    fails(
        &silent,
        &quoted("CLIENT_ERROR unauthenticated"),
        &["it wants a password (CLIENT_ERROR unauthenticated): write auth"],
    );
}

#[test]
fn a_server_that_asks_for_no_password_keeps_none() {
    let server = Memcached::start_plain();
    let authority = Authority::new("unused");
    let file = authority.path("password");
    fs::write(&file, PASSWORD).unwrap();
    let auth = format!("auth: {{user: {USER}, password_file: {}}}", file.display());
    let leash = leash_with(&format!("servers: ['{}'], {auth}", server.address()));
    leash.client().expect("set a 0 0 1\r\n1\r\nget leash\r\n", "STORED\r\nEND\r\n");
    support::Client::connect(&server.address()).expect("get leash\r\n", "END\r\n");
}

#[test]
fn plain_text_on_either_end_is_told() {
    let secured = SecuredServer::start();
    let plain = leash_with(&format!("servers: ['{}']", secured.server.address()));
    fails(&plain, "no reply in time", &["does it speak TLS on this port? Then write tls: {} on its pool"]);
    let talks = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = talks.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = talks.accept().unwrap();
        stream.write_all(b"ERROR\r\n").unwrap();
        pause(BOUND);
    });
    let ca = secured.authority.ca();
    let leash = leash_with(&format!("servers: ['{address}'], tls: {{ca: {}}}", ca.display()));
    fails(&leash, NO_TLS, &["it answers, but not in TLS: remove tls from the pool"]);
    let memcached = Memcached::start_plain();
    let leash = leash_with(&format!("servers: ['{}'], tls: {{ca: {}}}", memcached.address(), ca.display()));
    fails(&leash, NO_TLS, &["server cannot be used"]);
}

#[test]
fn a_handshake_that_hangs_ends_with_the_connect_timeout() {
    let (authority, server) = (Authority::new("unused"), FakeServer::start());
    let leash = leash_with(&format!("servers: ['{}'], tls: {{ca: {}}}", server.address(), authority.ca().display()));
    fails(&leash, NO_TLS, &["no handshake within 250ms: does it speak TLS on this port"]);
}

#[test]
fn a_server_that_wants_a_certificate_gets_it_on_each_connection() {
    let authority = Authority::new("both sides");
    let (own, client) = (authority.signs("server", &["127.0.0.1"]), authority.signs("client", &["leash"]));
    let wants = format!("ssl_verify_mode=2,ssl_ca_cert={}", authority.ca().display());
    let mut secured = SecuredServer::with(authority, &own, &["-o", &wants]);
    let without = leash_with(&secured.pool());
    fails(&without, NO_TLS, &["write tls.cert and tls.key"]);
    let tls = format!("ca: {}", secured.authority.ca().display());
    let shown = format!("{tls}, cert: {}, key: {}", client.cert.display(), client.key.display());
    let with = leash_with(&secured.pool().replace(&tls, &shown));
    with.client().expect("set a 0 0 1\r\n1\r\n", "STORED\r\n");
    // A large value takes another connection.
    let large = "x".repeat(200_000);
    let stored = "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n";
    with.client().expect(format!("set b 0 0 200000\r\n{large}\r\nget a\r\n"), stored);
    secured.server.restart();
    wait_until("leash is back", BOUND, || {
        let mut client = with.client();
        client.send("set a 0 0 1\r\n2\r\n");
        client.read_line().is_ok_and(|line| line.starts_with(b"STORED"))
    });
}

/// Has memcached read its certificates again, in its own words: leash knows no such command.
fn refresh_certificates(secured: &SecuredServer) {
    let asked = Command::new("openssl")
        .args(["s_client", "-quiet", "-no_ign_eof", "-connect", &secured.server.address()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut asked = asked.expect("openssl runs; tests/run installs it");
    let token = format!("{USER} {PASSWORD}");
    let line = format!("set x 0 0 {}\r\n{token}\r\nrefresh_certs\r\n", token.len());
    asked.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    let mut lines = BufReader::new(asked.stdout.take().unwrap()).lines();
    assert_eq!([lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()], ["STORED", "OK"]);
    asked.kill().unwrap();
    asked.wait().unwrap();
}

/// The authority changes under the feet of its clients: a new one is trusted, then used, then trusted alone.
#[test]
fn certificates_are_replaced_under_load_without_an_error() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let bundle = old.path("bundle.pem");
    fs::write(&bundle, old.pem()).unwrap();
    let identity = old.signs("server", &["127.0.0.1"]);
    let secured = SecuredServer::with(old, &identity, &[]);
    let tls = format!("ca: {}", secured.authority.ca().display());
    let pool = secured.pool().replace(&tls, &format!("ca: {}", bundle.display()));
    let leash = leash_with(&pool);
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let load = || {
            let mut client = leash.client();
            for number in 0.. {
                if done.load(Relaxed) {
                    return;
                }
                client.expect(
                    format!("set k{number} 0 0 1\r\n1\r\nget k{number}\r\n"),
                    format!("STORED\r\nVALUE k{number} 0 1\r\n1\r\nEND\r\n"),
                );
                asked.fetch_add(1, Relaxed);
            }
        };
        let clients = [scope.spawn(load), scope.spawn(load)];
        let reloaded = |count: f64| {
            wait_until("leash has reloaded by itself", BOUND, || {
                metric(&leash, "leash_config_reloads_total", "outcome=\"ok\"") >= count
            });
        };
        let put = |text: String| {
            let next = secured.authority.path("next.pem");
            fs::write(&next, text).unwrap();
            fs::rename(next, &bundle).unwrap();
        };
        put(secured.authority.pem() + &new.pem());
        reloaded(1.0);
        let (next, own) = (new.signs("server", &["127.0.0.1"]), &identity);
        fs::copy(next.key, &own.key).unwrap();
        fs::copy(next.cert, &own.cert).unwrap();
        // The server shows its new certificate before leash trusts that one alone.
        refresh_certificates(&secured);
        put(new.pem());
        reloaded(2.0);
        let before = asked.load(Relaxed);
        wait_until("the load goes on", BOUND, || asked.load(Relaxed) > before + 100);
        done.store(true, Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
    assert_eq!(metric(&leash, "leash_failures_total", ""), 0.0, "{}", leash.log());
}
