//! Nobody reads what somebody forged, nor what is another key's: clients that write what looks like replies wherever a
//! client may write anything, beside clients whose values say whose they are, on the same connections to the same
//! servers.
//!
//! All kinds of routes are under attack at once. Seconds by default; `LEASH_TEST_REQUESTS=10000000` asks for as many
//! requests. A build that has servers repeat keys, or counts its tokens, fails within a second.

mod hostile;
mod victim;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use support::figures::metric;
use support::{Leash, Memcached};

use super::house::alone;

const HOSTILE: u64 = 6;
const VICTIMS: u64 = 6;
/// In the short form; a build for debugging answers as many in some seconds.
const REQUESTS: u64 = 150_000;
/// Every kind of route; each begins the keys of those who ask there.
const ROUTES: [&str; 8] = ["plain:", "spaced:", "other:", "fresh:", "prepare:", "warm:", "drain:", "gutter:"];

/// What all of them have done and seen.
struct Tally {
    /// Requests still to be sent; below 0 once there were enough.
    left: u64,
    requests: AtomicU64,
    hits: AtomicU64,
    /// Victims' requests that were answered with an error.
    errors: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Tally {
    fn new() -> Tally {
        let asked = std::env::var("LEASH_TEST_REQUESTS").ok();
        let left = asked.map_or(REQUESTS, |asked| asked.parse().expect("a number of requests"));
        let none = AtomicU64::default;
        Tally { left, requests: none(), hits: none(), errors: none(), wrong: Mutex::default() }
    }

    /// Whether it goes on: there is more to ask, and nothing was wrong yet.
    fn goes_on(&self) -> bool {
        self.requests.load(Ordering::Relaxed) < self.left && self.wrong.lock().unwrap().is_empty()
    }

    fn asked(&self, requests: usize) {
        self.requests.fetch_add(requests as u64, Ordering::Relaxed);
    }

    fn blame(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }
}

/// One worker, so that all share each connection; a server of the pool `dying` is not there.
fn leash(servers: &[Memcached]) -> Leash {
    let at = |index: usize| servers[index].address();
    let gone = format!("127.0.0.1:{}", support::free_port());
    let route = |prefix: &str, more: &str| format!("  - {{prefix: '{prefix}', {more}}}\n");
    let moves =
        |phase: &str| route(&format!("{phase}:"), &format!("migrate: {{from: main, to: next, phase: {phase}}}"));
    Leash::with_config(&format!(
        "workers: 1\npools:\n  main: {{servers: ['{main}']}}\n  next: {{servers: ['{next}']}}\n  \
         spare: {{servers: ['{spare}']}}\n  \
         dying: {{servers: ['{main}', '{gone}'], on_down: {{gutter: {{pool: spare, ttl: 10s}}}}}}\nroutes:\n{routes}",
        main = at(0),
        next = at(1),
        spare = at(2),
        routes = [
            route("plain:", "pool: main"),
            route("spaced:", "pool: main, namespace: 'ours:'"),
            route("other:", "pool: main, namespace: 'theirs:'"),
            route("fresh:", "pool: main, refresh: {grace: 5s, lease: 2s, cold_wait: 20ms}"),
            moves("prepare"),
            moves("warm"),
            moves("drain"),
            route("gutter:", "pool: dying"),
        ]
        .concat(),
    ))
}

#[test]
fn nobody_reads_what_somebody_forged_on_any_route() {
    let _alone = alone();
    let servers = Memcached::start_many(3);
    let leash = leash(&servers);
    let (tally, begun) = (Tally::new(), Instant::now());
    thread::scope(|scope| {
        for id in 0..HOSTILE {
            let (address, tally) = (leash.address(), &tally);
            scope.spawn(move || hostile::Hostile::new(id, address, tally).attacks());
        }
        for id in 0..VICTIMS {
            let (address, tally) = (leash.address(), &tally);
            scope.spawn(move || victim::Victim::new(id, address, tally).asks());
        }
    });
    let count = |what: &AtomicU64| what.load(Ordering::Relaxed);
    let desync = metric(&leash, "leash_upstream_desync_total", "");
    println!(
        "{} requests in {:.0?}: {} hits of victims, {} errors, {desync} desync",
        count(&tally.requests),
        begun.elapsed(),
        count(&tally.hits),
        count(&tally.errors),
    );
    let wrong = tally.wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} foreign or forged, the first: {}", wrong.len(), wrong[0]);
    assert_eq!(desync, 0.0, "a client put a connection out of step");
    assert!(count(&tally.hits) > 0, "the victims have seen nothing");
}
