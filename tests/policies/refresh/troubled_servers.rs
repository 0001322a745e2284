//! A memcached that is restarted, or freezes for longer than anybody waits for it: readers are never told an error and
//! never hang, and once it is back at most one of them regenerates at each sidecar.

use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::house::{fleet, goes_stale, set, sum, told};

/// Longer than a server is waited for.
const FREEZE: Duration = Duration::from_millis(1500);
/// No reply may take longer: the request timeout, the time others wait, and what a busy machine adds.
const HANG: Duration = Duration::from_secs(4);
const COLD: &str = "{grace: 30s, lease: 20s, cold_wait: 1s}";

/// What a reader saw.
#[derive(Debug, Default)]
struct Seen {
    reads: usize,
    misses: usize,
    longest: Duration,
}

/// Reads until it is told to stop. An error or a foreign value ends the test.
fn reads(leash: &Leash, key: &str, stop: &AtomicBool) -> Seen {
    let (mut client, mut seen) = (leash.client(), Seen::default());
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let value = told(&mut client, key);
        assert!(value.is_none() || value.as_deref() == Some("old"), "{value:?}");
        seen.reads += 1;
        seen.misses += usize::from(value.is_none());
        seen.longest = seen.longest.max(start.elapsed());
        pause(Duration::from_millis(1));
    }
    seen
}

/// Lets ten readers at each sidecar read while something happens.
fn while_it_is_read(sidecars: &[Leash], key: &str, what: &str, happens: impl FnOnce()) -> Vec<Seen> {
    let stop = AtomicBool::new(false);
    let seen: Vec<Seen> = thread::scope(|scope| {
        let many = sidecars.iter().flat_map(|leash| std::iter::repeat_n(leash, 10));
        let readers: Vec<_> = many.map(|leash| scope.spawn(|| reads(leash, key, &stop))).collect();
        let stopping = Stop(&stop);
        happens();
        drop(stopping);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    let (reads, misses): (usize, usize) =
        seen.iter().fold((0, 0), |(reads, misses), seen| (reads + seen.reads, misses + seen.misses));
    let longest = seen.iter().map(|seen| seen.longest).max().unwrap();
    println!("{what}: {reads} reads, {misses} misses, 0 errors, the longest took {longest:?}");
    assert!(longest < HANG, "{longest:?}");
    seen
}

/// Stops the readers, however the story ends.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn answers(leash: &Leash) -> bool {
    metric(leash, "leash_server_up", "") == 1.0
}

/// Whoever was told to regenerate: with a lease, or without one.
fn wins(sidecars: &[Leash]) -> f64 {
    sum(sidecars, "leash_leases_total", "outcome=\"granted\"")
        + sum(sidecars, "leash_leases_total", "outcome=\"unasked\"")
}

#[test]
fn a_stale_value_is_served_again_once_a_frozen_server_goes_on() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 3, "{grace: 30s, lease: 20s}");
    set(&mut sidecars[0].client(), "page", 1, "old");
    goes_stale(&server, "page", 30);
    while_it_is_read(&sidecars, "page", "a server frozen while a value is stale", || {
        wait_until("one has won", BOUND, || wins(&sidecars) > 0.0);
        server.freeze();
        pause(FREEZE);
        server.thaw();
        wait_until("all sidecars have the server back", BOUND, || sidecars.iter().all(answers));
    });
    assert!(wins(&sidecars) <= 3.0, "{} regenerations at 3 sidecars", wins(&sidecars));
    println!("{} regenerations at 3 sidecars", wins(&sidecars));
    let after = while_it_is_read(&sidecars, "page", "once it goes on", || pause(Duration::from_millis(300)));
    assert_eq!(after.iter().map(|seen| seen.misses).sum::<usize>(), 0);
}

#[test]
fn callers_of_a_cold_key_are_bounded_while_its_server_is_frozen() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 3, COLD);
    let before = Instant::now();
    while_it_is_read(&sidecars, "page", "a server frozen while a key is cold", || {
        wait_until("one has won", BOUND, || wins(&sidecars) > 0.0);
        server.freeze();
        pause(FREEZE);
        server.thaw();
        wait_until("all sidecars have the server back", BOUND, || sidecars.iter().all(answers));
    });
    println!("{} regenerations at 3 sidecars within {:?}, a lease is 20 s", wins(&sidecars), before.elapsed());
    assert!(wins(&sidecars) <= 3.0);
    set(&mut sidecars[1].client(), "page", 100, "old");
    wait_until("nobody waits", BOUND, || sum(&sidecars, "leash_cold_waiters", "") == 0.0);
    assert_eq!(told(&mut sidecars[2].client(), "page").as_deref(), Some("old"));
}

#[test]
fn a_restarted_server_is_a_cold_one_that_each_sidecar_regenerates_once_at_most() {
    let mut server = Memcached::start();
    let sidecars = fleet(&server, 3, COLD);
    set(&mut sidecars[0].client(), "page", 100, "old");
    while_it_is_read(&sidecars, "page", "a server restarted", || {
        server.restart();
        wait_until("all sidecars have the server back", BOUND, || sidecars.iter().all(answers));
        wait_until("somebody regenerates", BOUND, || wins(&sidecars) > 0.0);
        pause(Duration::from_millis(500));
    });
    println!("{} regenerations at 3 sidecars", wins(&sidecars));
    assert!(wins(&sidecars) <= 3.0);
    // Whoever writes next is read by all.
    set(&mut sidecars[1].client(), "page", 100, "old");
    let after = while_it_is_read(&sidecars, "page", "once it is written", || pause(Duration::from_millis(300)));
    assert_eq!(after.iter().map(|seen| seen.misses).sum::<usize>(), 0);
}

#[test]
fn a_winner_whose_server_was_restarted_is_told_stored_and_the_key_works_on() {
    let mut server = Memcached::start();
    let sidecars = fleet(&server, 2, "{grace: 30s, lease: 3s}");
    let mut winner = sidecars[0].client();
    set(&mut winner, "page", 1, "old");
    goes_stale(&server, "page", 30);
    assert_eq!(told(&mut winner, "page"), None);
    server.restart();
    wait_until("the set is answered", BOUND, || winner.ask("set page 0 100 3\r\nnew\r\n") == "STORED");
    set(&mut winner, "page", 100, "new");
    for leash in &sidecars {
        assert_eq!(told(&mut leash.client(), "page").as_deref(), Some("new"));
    }
}

#[test]
fn a_fleet_whose_server_is_down_answers_misses_at_once() {
    let mut server = Memcached::start();
    let leash = Leash::refreshing(slice::from_ref(&server), COLD);
    server.kill();
    let mut client: Client = leash.client();
    wait_until("the server is seen to be down", BOUND, || {
        assert_eq!(told(&mut client, "page"), None);
        !answers(&leash)
    });
    let seen = while_it_is_read(slice::from_ref(&leash), "page", "a server that is down", || {
        pause(Duration::from_millis(2500));
    });
    assert!(seen.iter().all(|seen| seen.misses == seen.reads));
}
