//! However many ask for one key at once, one of them regenerates it; the others are not kept waiting while it is stale,
//! and are given the new value where there was none.

use std::collections::BTreeMap;
use std::time::Duration;

use support::{BOUND, Leash, Memcached, wait_until};

use super::crowd::{Crowd, Heard, make_room_for};
use super::house::{fleet, set, sidecar, stale, sum, told};

const CROWD: usize = 10_000;
const LIMITS: &str = "{connections: 12000, waiters: 12000}";
/// A lease that outlasts a crowd on a slow machine.
const STALE: &str = "{grace: 30s, lease: 20s}";
const COLD: &str = "{grace: 30s, lease: 60s, cold_wait: 50s}";

#[track_caller]
fn all_but_one_hear(heard: &Heard, size: usize, value: &str) {
    assert_eq!(heard.winners.len(), 1, "one is told to regenerate");
    assert_eq!(heard.values, BTreeMap::from([(value.to_string(), size - 1)]));
}

/// One of a crowd regenerates a stale value; all others are served it while the winner has not even begun.
fn a_crowd_meets_a_stale_value(server: &Memcached, sidecars: &[Leash], size: usize) {
    let mut crowd = Crowd::before(sidecars, size);
    stale(server, &mut sidecars[0].client(), "page", "old");
    let heard = crowd.gets("page");
    all_but_one_hear(&heard, size, "old");
    println!(
        "{size} concurrent gets of a stale key, {} sidecars: {} regeneration, {} stale answers in {:?}, before its set",
        sidecars.len(),
        heard.winners.len(),
        heard.values["old"],
        heard.took
    );
    assert_eq!(sum(sidecars, "leash_leases_total", "outcome=\"granted\""), 1.0);
    let winner = &mut crowd.callers[heard.winners[0]];
    set(winner, "page", 100, "new");
    let after = crowd.gets("page");
    assert_eq!(after.values, BTreeMap::from([("new".to_string(), size)]));
    assert_eq!(sum(sidecars, "leash_refused_sets_total", ""), 0.0);
}

/// One of a crowd regenerates a value that is not there; all others wait for it and for nothing else.
fn a_crowd_meets_a_cold_key(sidecars: &[Leash], size: usize) {
    let mut crowd = Crowd::before(sidecars, size);
    let since = crowd.asks("page");
    let winner = crowd.first_winner("page");
    let waiting = (size - 1) as f64;
    wait_until("all others wait", 3 * BOUND, || sum(sidecars, "leash_cold_waiters", "") == waiting);
    assert_eq!(crowd.answered(), 0, "nobody is answered before there is a value");
    set(&mut crowd.callers[winner], "page", 100, "new");
    let heard = crowd.hears("page", since, Some(winner));
    assert_eq!(heard.values, BTreeMap::from([("new".to_string(), size - 1)]));
    println!(
        "{size} concurrent gets of a cold key, {} sidecars: 1 regeneration, {} others given its value, {:?} in all",
        sidecars.len(),
        heard.values["new"],
        heard.took
    );
    assert_eq!(sum(sidecars, "leash_leases_total", "outcome=\"granted\""), 1.0);
    assert_eq!(sum(sidecars, "leash_cold_waits_total", "outcome=\"value\""), waiting);
    wait_until("nobody waits", BOUND, || sum(sidecars, "leash_cold_waiters", "") == 0.0);
}

#[test]
fn ten_thousand_gets_of_a_stale_key_are_one_regeneration_and_nobody_waits_for_it() {
    make_room_for(CROWD);
    let server = Memcached::start();
    a_crowd_meets_a_stale_value(&server, &[sidecar(&server, STALE, LIMITS)], CROWD);
}

#[test]
fn fifty_callers_at_each_of_twenty_sidecars_are_one_regeneration_of_a_stale_key() {
    make_room_for(1000);
    let server = Memcached::start();
    a_crowd_meets_a_stale_value(&server, &fleet(&server, 20, STALE), 1000);
}

#[test]
fn ten_thousand_gets_of_a_cold_key_are_one_regeneration_and_all_get_its_value() {
    make_room_for(CROWD);
    let server = Memcached::start();
    a_crowd_meets_a_cold_key(&[sidecar(&server, COLD, LIMITS)], CROWD);
}

#[test]
fn fifty_callers_at_each_of_twenty_sidecars_are_one_regeneration_of_a_cold_key() {
    make_room_for(1000);
    let server = Memcached::start();
    a_crowd_meets_a_cold_key(&fleet(&server, 20, COLD), 1000);
}

#[test]
fn without_cold_wait_every_caller_of_a_cold_key_is_told_at_once_that_there_is_nothing() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 1, STALE);
    let mut crowd = Crowd::before(&sidecars, 200);
    let heard = crowd.gets("page");
    assert_eq!(heard.winners.len(), 200);
    assert!(heard.took < Duration::from_secs(5));
    assert_eq!(sum(&sidecars, "leash_leases_total", ""), 0.0);
    assert_eq!(told(&mut crowd.callers[0], "page"), None);
}
