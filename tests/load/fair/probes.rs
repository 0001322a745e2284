//! Probes of the admin address beside whoever else wants something there: a kubelet gives up after a second or two.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::scope;
use std::time::{Duration, Instant};

use support::{BOUND, Client, Leash};

use support::turn::alone;

/// How long a probe may take: 100 ms, and what a machine that others use may add. Whoever waits for a place waits for
/// seconds.
const PROMPT: Duration = Duration::from_millis(100 + 400);

fn connect(leash: &Leash) -> TcpStream {
    let stream = TcpStream::connect(leash.admin()).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    stream
}

/// Panics unless probes, on connections of their own, are answered at once, but for one or two that the machine kept.
#[track_caller]
fn probes_are_answered(leash: &Leash, beside: &str) {
    let probe = || {
        let begun = Instant::now();
        assert_eq!(leash.page("/livez"), "ok\n");
        begun.elapsed()
    };
    let mut took: Vec<Duration> = (0..10).map(|_| probe()).collect();
    took.sort_unstable();
    println!("/livez beside {beside}: {took:?}");
    assert!(took[7] < PROMPT, "beside {beside} it took {took:?}");
}

fn leash() -> Leash {
    Leash::with_config("workers: 1\npools: {main: {servers: [embedded]}}")
}

#[test]
fn probes_do_not_wait_for_those_who_say_nothing() {
    let _alone = alone();
    let leash = leash();
    let silent: Vec<TcpStream> = (0..600).map(|_| connect(&leash)).collect();
    probes_are_answered(&leash, "silent connections");
    let mut begun: Vec<TcpStream> = (0..200).map(|_| connect(&leash)).collect();
    begun.iter_mut().for_each(|stream| drop(stream.write_all(b"GET /livez HTTP/1.1\r\nHost:")));
    probes_are_answered(&leash, "half requests");
    drop((silent, begun));
}

#[test]
fn probes_do_not_wait_for_those_who_do_not_read_their_pages() {
    let _alone = alone();
    let leash = leash();
    let mut unread: Vec<TcpStream> = (0..200).map(|_| connect(&leash)).collect();
    for stream in &mut unread {
        // Some of them have lost their places by now.
        (0..20).for_each(|_| drop(write!(stream, "GET /metrics HTTP/1.1\r\nHost: leash\r\n\r\n")));
    }
    probes_are_answered(&leash, "pages that nobody reads");
}

#[test]
fn probes_do_not_wait_for_floods_of_pages() {
    let _alone = alone();
    let leash = leash();
    let keys: String = (0..900).map(|n| format!("key={n}&")).collect();
    let over = AtomicBool::new(false);
    scope(|scope| {
        for path in ["/", "/metrics", "/status", &format!("/route?{keys}")] {
            for _ in 0..4 {
                let (leash, over, path) = (&leash, &over, path.to_string());
                scope.spawn(move || {
                    while !over.load(Relaxed) {
                        let mut stream = connect(leash);
                        let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: leash\r\nConnection: close\r\n\r\n");
                        // Whoever lost his place asks again.
                        let _ = stream.read_to_end(&mut Vec::new());
                    }
                });
            }
        }
        // Also a panic ends the floods.
        let probed = std::panic::catch_unwind(|| probes_are_answered(&leash, "floods of pages"));
        over.store(true, Relaxed);
        probed.unwrap();
    });
}

#[test]
fn the_admin_address_answers_by_known_names_only() {
    let leash = Leash::with_config(
        "pools: {main: {servers: [embedded]}}\nadmin: {address: 127.0.0.1:1, hosts: [leash.example.com, '*.svc.test']}",
    );
    let status = |host: &str| {
        let mut client = Client::connect(leash.admin());
        client.send(format!("GET /config HTTP/1.1\r\n{host}Connection: close\r\n\r\n"));
        String::from_utf8(client.read_to_end().unwrap()).unwrap()
    };
    for host in ["127.0.0.1", "[::1]:11291", "localhost:1", "leash", "leash.example.com", "a.b.svc.test:11291"] {
        assert!(status(&format!("Host: {host}\r\n")).starts_with("HTTP/1.1 200"), "{host}");
    }
    assert!(status("").starts_with("HTTP/1.1 200"), "who names no host is no browser");
    for host in ["evil.example", "127.0.0.1.evil.example:11291", "leash.example.com\r\nHost: evil.example"] {
        let answer = status(&format!("Host: {host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 421") && answer.contains("admin.hosts"), "{host}: {answer}");
        assert!(!answer.contains("embedded"), "{answer}");
    }
}
