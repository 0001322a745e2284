//! Sentences about keys and what was found of them.

use std::time::Duration;

use super::*;
use crate::config::Phase;
use crate::explain::finding::Evidence;
use crate::protocol::{Cause, Failure, Item, Reply};
use crate::route::refresh::decide::REVOKED;
use crate::snapshot::tree::policy;

fn spot_in(pool: &str, slot: u16, address: &str) -> Spot {
    Spot { pool: pool.into(), server: address.into(), address: address.into(), slot: Some(slot), gutter: None }
}

fn there() -> AtServer {
    let spot = spot_in("main", 3, "m0:11211");
    AtServer {
        sent_as: "k".into(),
        spot,
        migrate: None,
        refresh: None,
        queue: None,
        loader: None,
        lease: None,
        state: None,
        live: None,
    }
}

fn leads_to(there: AtServer) -> Destination {
    Destination { key: "k".into(), route: Some("p:".into()), end: Arrival::Server(Box::new(there)) }
}

/// What is said of an item and its lease on a route with the default refresh.
fn said(item: &Reply, lease: &Reply) -> Vec<String> {
    let policy = policy(&Refresh::default());
    found(&Finding::of(&Evidence { policy: Some(&policy), item, lease: Some(lease), won_here: None }))
}

fn item(client_flags: u32, ttl: i64) -> Reply {
    Reply::Hit(Item { client_flags, ttl, size: 5, cas: 9, last_access: 3, ..Item::default() })
}

fn lease(value: &'static [u8]) -> Reply {
    Reply::Hit(Item { value: Some(value.into()), ttl: 7, ..Item::default() })
}

const MARKED: u32 = 1 << 31;

#[test]
fn the_policies_stand_in_the_order_of_the_way() {
    let mut there = there();
    assert_eq!(in_words(&leads_to(there.clone())), "k  route \"p:\"  pool main  slot 3  server m0:11211");
    there.sent_as = "n:k".into();
    there.refresh = Some(RefreshTerms::from(&Refresh::default()));
    there.spot.gutter = Some(Standby { pool: "spare".into(), ttl: 10 });
    let way = "k  route \"p:\"  sent as n:k  refresh grace 60s lease 10s  pool main  slot 3  server m0:11211";
    assert_eq!(in_words(&leads_to(there)), format!("{way}  gutter spare ttl 10s"));
}

#[test]
fn a_queue_is_told_with_what_its_key_becomes() {
    let queue = QueueTerms { name: "p:k".into(), mode: "kestrel", reserve: 1.5 };
    let away = AtServer { sent_as: "p:k".into(), queue: Some(queue.clone()), ..there() };
    let line = "k  route \"p:\"  queue p:k mode kestrel reserve 1500ms  pool main  slot 3  server m0:11211";
    assert_eq!(in_words(&leads_to(away)), line);
    let end = Arrival::Here { queue, dir: "/q".into() };
    let here = Destination { key: "k/open".into(), route: Some("p:".into()), end };
    assert_eq!(in_words(&here), "k/open  route \"p:\"  queue p:k mode kestrel reserve 1500ms  dir /q");
    assert_eq!(
        in_json(&here),
        r#"{"dir":"/q","key":"k/open","queue":{"mode":"kestrel","name":"p:k","reserve":1.5},"route":"p:"}"#
    );
}

#[test]
fn what_is_off_is_not_told() {
    let of = |policy| refresh(&RefreshTerms::from(&policy));
    assert_eq!(of(Refresh::default()), "refresh grace 60s lease 10s");
    let all = Refresh {
        cold_wait: Duration::from_millis(1500),
        jitter: 0.125,
        marker_bit: 30,
        early: Some(2.5),
        ..Refresh::default()
    };
    let told = "refresh grace 60s lease 10s cold_wait 1500ms jitter 12.5% early beta 2.5 marker_bit 30";
    assert_eq!(of(all), told);
}

#[test]
fn an_item_is_told_as_clients_see_it() {
    let free = Reply::Miss;
    let facts = |ttl| format!("5 bytes  client flags 1  TTL {ttl}  last access 3s ago  never read");
    let free_lease = "the lease is free";
    assert_eq!(said(&item(MARKED | 1, 72), &free), ["fresh for 12s more", &facts("12s"), free_lease]);
    let stale = "stale since 5s, served for 55s more";
    assert_eq!(said(&item(MARKED | 1, 55), &free), [stale, &facts("0s"), free_lease]);
    assert_eq!(said(&item(1, 55), &free), ["not marked: never judged stale", &facts("55s"), free_lease]);
    let endless = "without an end: never judged stale";
    assert_eq!(said(&item(MARKED | 1, -1), &free), [endless, &facts("none"), free_lease]);
    assert_eq!(said(&Reply::Miss, &free), ["no item", free_lease]);
}

#[test]
fn a_route_that_migrates_tells_both_places() {
    let (from, to) = (spot_in("old", 4, "m0:11211"), spot_in("new", 4, "n0:11211"));
    let destination = leads_to(AtServer { migrate: Some(Crossing { phase: Phase::Warm, from, to }), ..there() });
    let expected = "k  route \"p:\"  migrate from old to new phase warm  pool old  slot 4  server m0:11211  \
                    pool new  slot 4  server n0:11211";
    assert_eq!(in_words(&destination), expected);
}

#[test]
fn the_lease_is_told() {
    let of = |reply: Reply| said(&Reply::Miss, &reply).pop().unwrap();
    assert_eq!(of(lease(b"0123")), "lease taken, 7s left");
    let revoked = "lease revoked by a write or a delete, free for the next caller, forgotten in 7s";
    assert_eq!(of(lease(REVOKED)), revoked);
    assert_eq!(of(Reply::Miss), "the lease is free");
}

#[test]
fn memcached_s_own_game_is_left_to_the_application() {
    let marked = |marks| Reply::Hit(Item { client_flags: MARKED, ttl: 10, marks, ..Item::default() });
    let first = |marks| said(&marked(marks), &Reply::Miss).remove(0);
    assert_eq!(first(*b"XW\0"), "invalidated by the application (md I), which is left to it");
    assert_eq!(first(*b"ZX\0"), "invalidated by the application (md I), which is left to it");
    assert_eq!(first(*b"Z\0\0"), "a client has memcached's own win token, which is left to the application");
}

#[test]
fn a_route_that_does_not_refresh_has_neither_stale_dates_nor_leases() {
    let evidence = Evidence { policy: None, item: &item(MARKED, -1), lease: None, won_here: None };
    let facts = "5 bytes  client flags 2147483648  TTL none  last access 3s ago  never read";
    assert_eq!(found(&Finding::of(&evidence)), ["there", facts]);
}

#[test]
fn a_server_that_could_not_be_asked_is_named_once() {
    let down = Reply::Failed(Failure { cause: Cause::Timeout, server: "m0".into(), said: None });
    assert_eq!(said(&down, &down), ["not known: server m0: no reply in time"]);
    let half = said(&Reply::Miss, &Reply::Error("SERVER_ERROR out of memory".into()));
    assert_eq!(half, ["no item", "not known: the server says SERVER_ERROR out of memory"]);
    let policy = policy(&Refresh::default());
    let evidence = Evidence { policy: Some(&policy), item: &Reply::Miss, lease: Some(&down), won_here: None };
    assert!(!leads_to(there()).is_in_doubt());
    assert!(leads_to(AtServer { live: Some(Finding::of(&evidence)), ..there() }).is_in_doubt());
}
