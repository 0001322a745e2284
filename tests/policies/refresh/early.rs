//! A value that takes long to make is refreshed before its stale date, by one caller, while all others get it as it is.

use std::time::Duration;

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::house::{GRACE, at_server, fleet, set, stale, told};

const EARLY: &str = "{grace: 30s, lease: 20s, early: {beta: 10}}";
/// How long the value is known to take.
const REGENERATION: Duration = Duration::from_secs(1);
/// Far enough from its stale date, and near enough for one refresh in about three hundred reads.
const TTL: i64 = 60;

/// A fresh value of which is known that it takes a second to make.
fn slow_value(refresh: &str) -> (Memcached, Leash) {
    let server = Memcached::start();
    let leash = fleet(&server, 1, refresh).remove(0);
    let mut maker = leash.client();
    stale(&server, &mut maker, "page", "older");
    assert_eq!(told(&mut maker, "page"), None);
    pause(REGENERATION);
    set(&mut maker, "page", TTL, "old");
    (server, leash)
}

#[test]
fn one_caller_refreshes_a_fresh_value_early_and_all_others_get_it() {
    let (server, leash) = slow_value(EARLY);
    let mut callers: Vec<Client> = (0..20).map(|_| leash.client()).collect();
    let (mut reads, mut winner) = (0, None);
    wait_until("somebody refreshes it", BOUND, || {
        winner = callers.iter_mut().position(|caller| {
            reads += 1;
            let value = told(caller, "page");
            assert!(value.is_none() || value.as_deref() == Some("old"), "{value:?}");
            value.is_none()
        });
        winner.is_some()
    });
    let left = at_server(&server, "page").unwrap().ttl - GRACE;
    println!("refreshed {left} s before its stale date, after {reads} reads");
    assert!(left > TTL / 2, "{left}");
    for _ in 0..100 {
        callers.iter_mut().for_each(|caller| assert_eq!(told(caller, "page").as_deref(), Some("old")));
    }
    assert_eq!(metric(&leash, "leash_early_refreshes_total", ""), 1.0);
    set(&mut callers[winner.unwrap()], "page", 1000, "new");
    callers.iter_mut().for_each(|caller| assert_eq!(told(caller, "page").as_deref(), Some("new")));
    assert_eq!(metric(&leash, "leash_refused_sets_total", ""), 0.0);
}

#[test]
fn a_meta_client_that_refreshes_early_gets_the_value_with_w_and_no_x() {
    let (_server, leash) = slow_value(EARLY);
    let mut client = leash.client();
    let mut letters = String::new();
    wait_until("the client wins", BOUND, || {
        letters = client.ask("mg page s\r\n");
        letters != "HD s3"
    });
    assert_eq!(letters, "HD s3 W");
    client.expect("mg page v\r\n", "VA 3\r\nold\r\n");
}

#[test]
fn nothing_is_refreshed_early_where_that_is_not_asked_for() {
    let (_server, leash) = slow_value("{grace: 30s, lease: 20s}");
    let mut client = leash.client();
    for _ in 0..3000 {
        assert_eq!(told(&mut client, "page").as_deref(), Some("old"));
    }
    assert_eq!(metric(&leash, "leash_early_refreshes_total", ""), 0.0);
}
