//! Clients by the thousand: as many as there are descriptors for are served, the others are told, and whatever leash
//! needs itself is there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::scope;
use std::time::{Duration, Instant};

use support::figures::{metric, reaches};
use support::memcached::signal;
use support::needs::open_files;
use support::{BOUND, Client, Leash, Memcached, pause};

use crate::reliability::house::{alone, promised};

/// What clients were told that connected all at once and asked something, each on the connection that is still open.
struct Crowd {
    served: Vec<TcpStream>,
    told: usize,
    took: Duration,
}

impl Crowd {
    fn of(leash: &Leash, count: usize) -> Crowd {
        let begun = Instant::now();
        let mut streams: Vec<TcpStream> = scope(|scope| {
            let connect = || (0..count / 4).map(|_| ask(leash)).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(connect)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let mut told = 0;
        streams.retain_mut(|stream| {
            let answer = answer(stream);
            let is_served = answer.starts_with("VERSION");
            assert!(is_served || answer.starts_with("SERVER_ERROR too many connections, raise"), "{answer}");
            told += usize::from(!is_served);
            is_served
        });
        Crowd { served: streams, told, took: begun.elapsed() }
    }
}

/// How long a crowd may take to be answered: a second, and what a busy machine adds to thousands of connections of a
/// build for tests. Clients that must knock again because nothing listened wait for seconds, each time twice as long.
fn answered() -> Duration {
    promised(Duration::from_secs(1), Duration::from_secs(20))
}

/// How long a probe may take beside it.
fn prompt() -> Duration {
    promised(Duration::from_millis(100), Duration::from_secs(1))
}

/// Comes up with a crowd, and how long each probe took that was made meanwhile.
fn beside_probes(leash: &Leash, crowd: impl FnOnce() -> Crowd) -> (Crowd, Vec<Duration>) {
    let is_over = AtomicBool::new(false);
    scope(|scope| {
        let probes = scope.spawn(|| {
            let mut took = Vec::new();
            while !is_over.load(Relaxed) {
                let begun = Instant::now();
                assert_eq!(leash.page("/livez"), "ok\n");
                took.push(begun.elapsed());
                pause(Duration::from_millis(5));
            }
            took.sort_unstable();
            took
        });
        // Also a panic ends the probes.
        let crowd = catch_unwind(AssertUnwindSafe(crowd));
        is_over.store(true, Relaxed);
        let took = probes.join().unwrap();
        (crowd.unwrap_or_else(|panic| resume_unwind(panic)), took)
    })
}

fn ask(leash: &Leash) -> TcpStream {
    let mut stream = TcpStream::connect(leash.address()).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    // Who was sent away at once is told why, though he cannot ask any more.
    let _ = stream.write_all(b"version\r\n");
    stream
}

fn answer(stream: &mut TcpStream) -> String {
    let mut answer = [0; 256];
    let read = stream.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..read]).to_string()
}

/// A leash that may have so many descriptors as `ulimit` with this says.
fn leash_within(ulimit: &str, yaml: &str) -> Leash {
    Leash::within(&["bash", "-c", &format!("ulimit {ulimit} && exec \"$0\" \"$@\"")], yaml)
}

fn config(server: &Memcached, more: &str) -> String {
    format!("workers: 2\npools: {{main: {{servers: ['{}']}}}}\n{more}", server.address())
}

/// Panics unless servers are asked, probes answered and reloads taken.
fn works(leash: &Leash, server: &Memcached, client: &mut TcpStream) {
    client.write_all(b"set a 0 0 1\r\n1\r\nget a\r\n").unwrap();
    let mut replies = [0; 29];
    client.read_exact(&mut replies).unwrap();
    assert_eq!(String::from_utf8_lossy(&replies), "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n");
    assert_eq!(leash.page("/livez"), "ok\n");
    leash.configure(config(server, "limits: {waiters: 77}"));
    signal(leash.pid(), "HUP");
    reaches(leash, "leash_config_reloads_total", "outcome=\"ok\"", 1.0);
    assert_eq!(metric(leash, "leash_config_reloads_total", "outcome=\"refused\""), 0.0);
    assert_eq!(metric(leash, "leash_failures_total", ""), 0.0);
}

#[test]
fn with_1024_descriptors_those_who_fit_are_served_and_the_others_are_told() {
    let _alone = alone();
    open_files(2_000);
    let server = Memcached::start();
    let leash = leash_within("-n 1024", &config(&server, ""));
    let mut crowd = Crowd::of(&leash, 1024);
    assert!(crowd.told > 0 && crowd.served.len() >= 880, "{} served, {} told", crowd.served.len(), crowd.told);
    assert!(leash.log().contains("too few file descriptors for limits.connections"), "{}", leash.log());
    works(&leash, &server, &mut crowd.served[0]);
}

#[test]
fn a_soft_limit_is_raised_to_the_hard_one() {
    let _alone = alone();
    open_files(2_000);
    let server = Memcached::start();
    let leash = leash_within("-Sn 100", &config(&server, ""));
    let mut crowd = Crowd::of(&leash, 1024);
    assert_eq!((crowd.served.len(), crowd.told), (1024, 0));
    works(&leash, &server, &mut crowd.served[0]);
}

#[test]
fn five_thousand_connections_at_once_are_answered_at_once_and_probes_beside_them() {
    let _alone = alone();
    let count = 5_000;
    open_files(8_000);
    let server = Memcached::start();
    for (connections, most_told) in [(6_000, 0), (100, count)] {
        let leash = Leash::with_config(&config(&server, &format!("limits: {{connections: {connections}}}")));
        let (crowd, probes) = beside_probes(&leash, || Crowd::of(&leash, count));
        let slowest = probes.last().copied().unwrap_or_default();
        println!(
            "{count} connects, {} served, {} told, in {:?}; {} probes beside them, the slowest {slowest:?}",
            crowd.served.len(),
            crowd.told,
            crowd.took,
            probes.len()
        );
        assert!(crowd.took < answered(), "{:?}", crowd.took);
        assert!(!probes.is_empty() && slowest < prompt(), "{probes:?}");
        assert!(crowd.told <= most_told && crowd.served.len() >= 100.min(connections), "{} told", crowd.told);
    }
}

#[test]
fn whoever_has_no_descriptor_left_blames_no_server_and_still_reloads() {
    let _alone = alone();
    let server = Memcached::start();
    // More connections to servers than there are descriptors.
    let servers: Vec<String> = (0..100).map(|n| format!("{{name: 'm{n}', address: '{}'}}", server.address())).collect();
    let yaml = |waiters| {
        format!("workers: 2\npools: {{main: {{servers: [{}]}}}}\nlimits: {{waiters: {waiters}}}", servers.join(", "))
    };
    let leash = leash_within("-n 64", &yaml(10));
    let mut client = Client::connect(leash.address());
    let failed = (0..1_000).filter(|n| client.ask(format!("set k{n} 0 0 1\r\n1\r\n")) != "STORED").count();
    assert!(failed > 0, "there were too many descriptors");
    assert_eq!(leash.page("/livez"), "ok\n");
    assert!(!leash.log().contains("server is down"), "{}", leash.log());
    leash.configure(yaml(11));
    signal(leash.pid(), "HUP");
    reaches(&leash, "leash_config_reloads_total", "outcome=\"ok\"", 1.0);
    assert!(metric(&leash, "leash_failures_total", "cause=\"descriptors\"") > 0.0);
}
