//! What happened can be read from the metrics.

use std::time::Duration;

use support::figures::{metric, reaches};
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::house::{fleet, next_winner, set, stale, sum, told};

const REFRESH: &str = "{grace: 30s, lease: 20s}";
const COLD: &str = "{grace: 30s, lease: 20s, cold_wait: 100ms}";

fn leases(leash: &Leash) -> [f64; 4] {
    ["granted", "lost", "unasked", "expired"]
        .map(|outcome| metric(leash, "leash_leases_total", &format!("outcome=\"{outcome}\"")))
}

fn refused(leash: &Leash) -> [f64; 3] {
    ["changed", "revoked", "overtaken"]
        .map(|reason| metric(leash, "leash_refused_sets_total", &format!("reason=\"{reason}\"")))
}

#[test]
fn leases_are_counted_as_granted_where_they_are_won_and_as_lost_elsewhere() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 2, REFRESH);
    let (mut winner, mut other) = (sidecars[0].client(), sidecars[1].client());
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    for _ in 0..10 {
        assert_eq!(told(&mut other, "page").as_deref(), Some("old"));
    }
    assert_eq!(leases(&sidecars[0]), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(leases(&sidecars[1]), [0.0, 1.0, 0.0, 0.0], "a lease that is out is asked for once");
    let ages = metric(&sidecars[1], "leash_stale_age_seconds_count", "");
    assert_eq!(ages, 10.0);
    assert!(metric(&sidecars[1], "leash_stale_age_seconds_sum", "") < 100.0);
}

#[test]
fn a_regeneration_is_timed_from_the_miss_to_the_set() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let mut winner = leash.client();
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    pause(Duration::from_millis(300));
    set(&mut winner, "page", 100, "new");
    assert_eq!(metric(&leash, "leash_regeneration_seconds_count", ""), 1.0);
    let took = metric(&leash, "leash_regeneration_seconds_sum", "");
    assert!((0.3..3.0).contains(&took), "{took}");
    set(&mut winner, "page", 100, "newer");
    assert_eq!(metric(&leash, "leash_regeneration_seconds_count", ""), 1.0, "an ordinary set regenerates nothing");
}

#[test]
fn a_winner_that_never_comes_back_is_counted_when_the_next_one_asks() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, "{grace: 30s, lease: 2s}").remove(0);
    let mut winner = leash.client();
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    assert_eq!(leases(&leash), [1.0, 0.0, 0.0, 0.0]);
    next_winner(&mut [leash.client()], "page", "old");
    let [granted, _, unasked, expired] = leases(&leash);
    assert_eq!([granted, unasked, expired], [2.0, 0.0, 1.0]);
}

/// Fills a server that evicts nothing, in the size of a lease, until it takes no more.
fn fill(server: &Memcached) {
    let mut direct = Client::connect(&server.address());
    let value = "v".repeat(32);
    let full = |number: usize| {
        let answer = direct.ask(format!("set leash:lease:{number:032} 0 0 32\r\n{value}\r\n"));
        answer.starts_with("SERVER_ERROR out of memory")
    };
    assert!((0..100_000).any(full), "the server is never full");
}

#[test]
fn a_lease_there_is_no_room_for_is_counted_as_unasked_and_one_caller_of_each_sidecar_wins() {
    let server = Memcached::start_with(&["-M", "-m", "2"]);
    let sidecars = fleet(&server, 2, REFRESH);
    stale(&server, &mut sidecars[0].client(), "page", "old");
    fill(&server);
    for leash in &sidecars {
        let told: Vec<_> = (0..50).map(|_| told(&mut leash.client(), "page")).collect();
        assert_eq!(told.iter().filter(|told| told.is_none()).count(), 1, "{told:?}");
        assert_eq!(leases(leash), [0.0, 0.0, 1.0, 0.0]);
    }
}

#[test]
fn a_refused_set_is_counted_as_changed_when_the_stale_item_is_another_by_then() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let mut winner = leash.client();
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    set(&mut leash.client(), "page", 100, "new");
    set(&mut winner, "page", 100, "outdated");
    assert_eq!(refused(&leash), [1.0, 0.0, 0.0]);
}

#[test]
fn a_refused_set_is_counted_as_revoked_after_a_delete() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, COLD).remove(0);
    let mut winner = leash.client();
    assert_eq!(told(&mut winner, "page"), None);
    leash.client().expect("delete page\r\n", "NOT_FOUND\r\n");
    set(&mut winner, "page", 100, "outdated");
    assert_eq!(refused(&leash), [0.0, 1.0, 0.0]);
}

#[test]
fn a_refused_set_is_counted_as_overtaken_when_somebody_else_has_the_lease() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 2, "{grace: 30s, lease: 2s}");
    let mut winner = sidecars[0].client();
    stale(&server, &mut winner, "page", "old");
    assert_eq!(told(&mut winner, "page"), None);
    next_winner(&mut [sidecars[1].client()], "page", "old");
    set(&mut winner, "page", 100, "late");
    assert_eq!(refused(&sidecars[0]), [0.0, 0.0, 1.0]);
    assert_eq!(metric(&sidecars[0], "leash_regeneration_seconds_count", ""), 1.0, "it was a regeneration all the same");
}

#[test]
fn waits_are_counted_by_how_they_end() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, "{grace: 30s, lease: 20s, cold_wait: 1s}").remove(0);
    let mut winner = leash.client();
    assert_eq!(told(&mut winner, "page"), None);
    let mut others: Vec<_> = (0..3).map(|_| leash.client()).collect();
    others.iter_mut().for_each(|other| other.send("get page\r\n"));
    reaches(&leash, "leash_cold_waiters", "", 3.0);
    drop(others.pop());
    reaches(&leash, "leash_cold_waits_total", "outcome=\"gone\"", 1.0);
    set(&mut winner, "page", 100, "new");
    reaches(&leash, "leash_cold_waits_total", "outcome=\"value\"", 2.0);
    assert_eq!(told(&mut winner, "next"), None);
    assert_eq!(told(&mut leash.client(), "next"), None);
    assert_eq!(metric(&leash, "leash_cold_waits_total", "outcome=\"timeout\""), 1.0);
    assert_eq!(metric(&leash, "leash_cold_waiters", ""), 0.0);
}

#[test]
fn a_fresh_hit_counts_nothing() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 1, COLD);
    let mut client = sidecars[0].client();
    set(&mut client, "page", 100, "new");
    for _ in 0..10 {
        assert_eq!(told(&mut client, "page").as_deref(), Some("new"));
    }
    let names =
        ["leash_leases_total", "leash_refused_sets_total", "leash_stale_age_seconds_count", "leash_cold_waits_total"];
    wait_until("nothing is counted", BOUND, || names.iter().all(|name| sum(&sidecars, name, "") == 0.0));
}
