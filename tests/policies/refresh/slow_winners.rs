//! A winner that takes longer than its lease: its value is stored unless there is a newer one, and never over a newer
//! one.

use std::ops::Range;
use std::time::Duration;

use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::house::{GRACE, at_server, fleet, goes, goes_stale, next_winner, set, stale, sum, told};

const REFRESH: &str = "{grace: 30s, lease: 2s, cold_wait: 100ms}";
/// Every second begins and ends otherwise for each of so many keys, told to somebody a moment apart.
const KEYS: Range<usize> = 0..20;
const MOMENT: Duration = Duration::from_millis(70);

/// What the second winner's key looks like before anybody wins it.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Stale,
    Cold,
}

/// Two winners of one key, the second past the first one's lease, each with a client of its own.
struct Overtaken {
    server: Memcached,
    sidecars: Vec<Leash>,
    first: Client,
    second: Client,
    key: String,
}

impl Overtaken {
    fn by_one_at_the_same_sidecar(before: Before) -> Overtaken {
        Overtaken::with(before, 1)
    }

    fn by_one_elsewhere(before: Before) -> Overtaken {
        Overtaken::with(before, 2)
    }

    fn with(before: Before, count: usize) -> Overtaken {
        let server = Memcached::start();
        let sidecars = fleet(&server, count, REFRESH);
        let (mut first, second) = (sidecars[0].client(), sidecars[count - 1].client());
        let key = "page".to_string();
        if before == Before::Stale {
            stale(&server, &mut first, &key, "old");
        }
        assert_eq!(told(&mut first, &key), None);
        let mut second = [second];
        if before == Before::Stale {
            next_winner(&mut second, &key, "old");
        } else {
            let granted = || sum(&sidecars, "leash_leases_total", "outcome=\"granted\"");
            wait_until("the second one wins", BOUND, || {
                assert_eq!(told(&mut second[0], &key), None);
                granted() == 2.0
            });
        }
        let [second] = second;
        Overtaken { server, sidecars, first, second, key }
    }

    /// Everybody reads the second winner's value, and goes on reading it.
    fn ends_with_the_second_ones(&mut self) {
        assert_eq!(at_server(&self.server, &self.key).expect("a value").value, "second");
        for leash in &self.sidecars {
            assert_eq!(told(&mut leash.client(), &self.key).as_deref(), Some("second"));
        }
        assert_eq!(sum(&self.sidecars, "leash_refused_sets_total", ""), 1.0);
    }
}

/// How two winners come to be, out of what.
type Beginning = (Before, fn(Before) -> Overtaken);

const BEGINNINGS: [Beginning; 4] = [
    (Before::Stale, Overtaken::by_one_elsewhere),
    (Before::Stale, Overtaken::by_one_at_the_same_sidecar),
    (Before::Cold, Overtaken::by_one_elsewhere),
    (Before::Cold, Overtaken::by_one_at_the_same_sidecar),
];

#[test]
fn the_first_winners_late_set_does_not_replace_the_second_ones_value() {
    for (before, begin) in BEGINNINGS {
        let mut story = begin(before);
        set(&mut story.second, &story.key, 100, "second");
        set(&mut story.first, &story.key, 100, "first");
        story.ends_with_the_second_ones();
    }
}

#[test]
fn the_second_winners_value_is_stored_after_the_first_ones_late_set() {
    for (before, begin) in BEGINNINGS {
        let mut story = begin(before);
        set(&mut story.first, &story.key, 100, "first");
        let between = at_server(&story.server, &story.key).map(|stored| stored.value);
        let expected = (before == Before::Stale).then(|| "old".to_string());
        assert_eq!(between, expected, "the overtaken value was refused");
        set(&mut story.second, &story.key, 100, "second");
        story.ends_with_the_second_ones();
    }
}

fn all_go_stale(server: &Memcached, leash: &Leash, grace: i64) {
    let keys: Vec<String> = KEYS.map(|number| format!("page:{number}")).collect();
    keys.iter().for_each(|key| set(&mut leash.client(), key, 1, "old"));
    keys.iter().for_each(|key| goes_stale(server, key, grace));
}

/// One caller of each key is told to regenerate it, each at another moment of a second.
fn told_one_by_one(leash: &Leash, keys: Range<usize>) -> Vec<(String, Client)> {
    let winners = keys.map(|number| {
        pause(MOMENT);
        let (key, mut client) = (format!("page:{number}"), leash.client());
        assert_eq!(told(&mut client, &key), None);
        (key, client)
    });
    winners.collect()
}

/// Each sets its value, and everybody reads it.
fn all_are_stored(server: &Memcached, leash: &Leash, winners: Vec<(String, Client)>, how: &str) {
    let count = winners.len();
    let mut reader = leash.client();
    for (key, mut winner) in winners {
        set(&mut winner, &key, 100, "new");
        assert_eq!(told(&mut reader, &key).as_deref(), Some("new"), "{how}: {key}");
        let stored = at_server(server, &key).expect("stored");
        assert!(stored.ttl > 100 && stored.ttl <= 100 + GRACE, "{stored:?}");
    }
    assert_eq!(sum(std::slice::from_ref(leash), "leash_refused_sets_total", ""), 0.0);
    println!("{how}: {count} of {count} lone slow winners were stored");
}

fn lease_runs_out(server: &Memcached) {
    wait_until("no lease is left", BOUND, || {
        let mut client = Client::connect(&server.address());
        KEYS.map(|number| lease_key(&format!("page:{number}")))
            .all(|lease| client.ask(format!("mg {lease} t\r\n")) == "EN")
    });
}

/// The item beside an item.
fn lease_key(key: &str) -> String {
    format!("leash:lease:{:032x}", xxhash_rust::xxh3::xxh3_128(key.as_bytes()))
}

#[test]
fn a_lone_winner_slower_than_its_lease_is_stored_every_time() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    all_go_stale(&server, &leash, GRACE);
    let winners = told_one_by_one(&leash, KEYS);
    lease_runs_out(&server);
    all_are_stored(&server, &leash, winners, "longer than the lease");
}

#[test]
fn a_lone_winner_within_a_moment_of_the_end_of_its_lease_is_stored_every_time() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    all_go_stale(&server, &leash, GRACE);
    // The first ones are late by now and the last ones are not.
    let winners = told_one_by_one(&leash, KEYS);
    pause(Duration::from_millis(700));
    all_are_stored(&server, &leash, winners, "about as long as the lease");
}

#[test]
fn a_lone_winner_slower_than_the_grace_finds_nothing_and_is_stored_every_time() {
    let server = Memcached::start();
    let leash = Leash::refreshing(std::slice::from_ref(&server), "{grace: 4s, lease: 2s}");
    all_go_stale(&server, &leash, 4);
    let winners = told_one_by_one(&leash, KEYS);
    KEYS.for_each(|number| goes(&server, &format!("page:{number}")));
    lease_runs_out(&server);
    let stored = winners.len();
    let mut reader = leash.client();
    for (key, mut winner) in winners {
        set(&mut winner, &key, 100, "new");
        assert_eq!(told(&mut reader, &key).as_deref(), Some("new"), "{key}");
    }
    println!("longer than the grace: {stored} of {stored} lone slow winners were stored");
}

#[test]
fn a_lone_slow_winner_of_a_cold_key_is_stored_every_time() {
    let server = Memcached::start();
    let leash = fleet(&server, 1, REFRESH).remove(0);
    let winners = told_one_by_one(&leash, KEYS);
    lease_runs_out(&server);
    all_are_stored(&server, &leash, winners, "a cold key, longer than the lease");
}
