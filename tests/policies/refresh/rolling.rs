//! A fleet is never reconfigured at one instant: sidecars with different graces side by side, one that comes back with
//! another grace, a lease that is evicted. Regenerations stay bounded, and nobody is told an error.

use std::slice;
use std::thread;

use xxhash_rust::xxh3::xxh3_128;

use support::{Client, Leash, Memcached};

use super::house::{at_server, fleet, goes_stale, set, sum, told};

const LONG: &str = "{grace: 30s, lease: 20s}";
const SHORT: &str = "{grace: 10s, lease: 20s}";
const CALLERS: usize = 50;

/// How many of a sidecar's callers are told to regenerate, asking all at once; the others must be told `value`.
fn winners(leash: &Leash, key: &str, value: &str) -> Vec<Client> {
    let mut callers: Vec<Client> = (0..CALLERS).map(|_| leash.client()).collect();
    callers.iter_mut().for_each(|caller| caller.send(format!("get {key}\r\n")));
    callers.retain_mut(|caller| match caller.read_get(key).expect("no error, and no hang") {
        Some(found) => {
            assert_eq!(String::from_utf8(found).unwrap(), value);
            false
        }
        None => true,
    });
    callers
}

/// The same at several sidecars at the same time.
fn winners_at(sidecars: &[&Leash], key: &str, value: &str) -> Vec<Vec<Client>> {
    thread::scope(|scope| {
        let asking: Vec<_> = sidecars.iter().map(|leash| scope.spawn(move || winners(leash, key, value))).collect();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    })
}

fn counts(winners: &[Vec<Client>]) -> Vec<usize> {
    winners.iter().map(Vec::len).collect()
}

#[test]
fn sidecars_of_two_graces_regenerate_a_value_once_each_at_most() {
    let server = Memcached::start();
    let long = Leash::refreshing(slice::from_ref(&server), LONG);
    let short = Leash::refreshing(slice::from_ref(&server), SHORT);
    // Stored with the longer grace: the other still takes it for fresh.
    set(&mut long.client(), "one", 1, "old");
    goes_stale(&server, "one", 30);
    let mut told_so = winners_at(&[&long, &short], "one", "old");
    println!("stored with grace 30s: {:?} regenerations at grace 30s and 10s", counts(&told_so));
    assert_eq!(counts(&told_so), [1, 0]);
    set(&mut told_so[0][0], "one", 100, "new");
    assert_eq!(counts(&winners_at(&[&long, &short], "one", "new")), [0, 0]);
    // Stored with the shorter grace: the other takes it for stale too early, and makes it its own.
    set(&mut short.client(), "two", 15, "old");
    let mut told_so = winners_at(&[&long, &short], "two", "old");
    println!("stored with grace 10s: {:?} regenerations at grace 30s and 10s", counts(&told_so));
    assert_eq!(counts(&told_so), [1, 0]);
    set(&mut told_so[0][0], "two", 100, "new");
    assert_eq!(counts(&winners_at(&[&long, &short], "two", "new")), [0, 0]);
    assert_eq!(at_server(&server, "two").unwrap().value, "new");
}

#[test]
fn a_value_stale_to_sidecars_of_either_grace_is_regenerated_once() {
    let server = Memcached::start();
    let long = Leash::refreshing(slice::from_ref(&server), LONG);
    let short = Leash::refreshing(slice::from_ref(&server), SHORT);
    set(&mut short.client(), "page", 1, "old");
    goes_stale(&server, "page", 10);
    let mut told_so = winners_at(&[&long, &short], "page", "old");
    assert_eq!(told_so.iter().map(Vec::len).sum::<usize>(), 1);
    let winner = told_so.iter_mut().flatten().next().unwrap();
    set(winner, "page", 100, "new");
    assert_eq!(counts(&winners_at(&[&long, &short], "page", "new")), [0, 0]);
}

#[test]
fn a_sidecar_that_comes_back_with_another_grace_regenerates_once_at_most() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 2, LONG);
    let [stays, goes] = <[Leash; 2]>::try_from(sidecars).ok().unwrap();
    set(&mut goes.client(), "page", 1, "old");
    goes_stale(&server, "page", 30);
    assert_eq!(winners(&goes, "page", "old").len(), 1);
    goes.kill();
    let back = Leash::refreshing(slice::from_ref(&server), "{grace: 60s, lease: 20s}");
    // The lease of the one that is gone is still out.
    assert_eq!(counts(&winners_at(&[&stays, &back], "page", "old")), [0, 0]);
    // What was stored for the shorter grace is stale to the longer one, once.
    set(&mut stays.client(), "next", 20, "old");
    let mut told_so = winners_at(&[&stays, &back], "next", "old");
    assert_eq!(counts(&told_so), [0, 1]);
    set(&mut told_so[1][0], "next", 100, "new");
    assert_eq!(counts(&winners_at(&[&stays, &back], "next", "new")), [0, 0]);
}

#[test]
fn a_lease_that_is_evicted_costs_one_regeneration_a_sidecar_at_most() {
    let server = Memcached::start();
    let sidecars = fleet(&server, 4, LONG);
    set(&mut sidecars[0].client(), "page", 1, "old");
    goes_stale(&server, "page", 30);
    let mut told_so = Vec::new();
    let mut direct = Client::connect(&server.address());
    for leash in &sidecars {
        told_so.extend(winners(leash, "page", "old"));
        direct.expect(format!("delete leash:lease:{:032x}\r\n", xxh3_128(b"page")), "DELETED\r\n");
    }
    println!("a lease evicted at every turn: {} regenerations at {} sidecars", told_so.len(), sidecars.len());
    assert_eq!(told_so.len(), 4, "each sidecar asked once");
    for leash in &sidecars {
        assert_eq!(winners(leash, "page", "old").len(), 0, "and not again");
    }
    // No evidence against the first one to come; what it stored is evidence against the others.
    for (number, winner) in told_so.iter_mut().enumerate() {
        set(winner, "page", 100, &format!("new{number}"));
        assert_eq!(at_server(&server, "page").unwrap().value, "new0");
    }
    assert_eq!(sum(&sidecars, "leash_refused_sets_total", "reason=\"changed\""), 3.0);
    assert_eq!(told(&mut sidecars[3].client(), "page").as_deref(), Some("new0"));
}
