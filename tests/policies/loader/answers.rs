//! What callers are told: never a miss where the endpoint has a value.

use support::packets::Question;
use support::{BOUND, Memcached, Origin, wait_until};

use super::{loading, loading_from};

/// The first call says `one`, the next ones `two`, all fresh for a second and slow by half of one from the second on.
const ONE_THEN_TWO: &str = "time.sleep(0.5 if self.call > 1 else 0)
self.say(200, b'one' if self.call == 1 else b'two', {'Cache-Control': 'max-age=1'})";

#[test]
fn a_caller_that_finds_nothing_is_given_the_value_that_is_loaded_and_the_next_one_finds_it() {
    let servers = Memcached::start_many(2);
    let origin = Origin::start("self.say(200, b'made of ' + path.encode(), {'Leash-Flags': '7'})");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    for _ in 0..2 {
        client.expect("get page:1\r\n", "VALUE page:1 7 23\r\nmade of /cache/page%3A1\r\nEND\r\n");
    }
    assert_eq!(origin.paths(), ["/cache/page%3A1"]);
}

#[test]
fn a_stale_value_is_served_at_once_to_all_and_loaded_once() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start(ONE_THEN_TWO);
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    client.expect("get k\r\n", "VALUE k 0 3\r\none\r\nEND\r\n");
    // `mg` tells a stale value from a fresh one, and asks for no lease that `get` would not.
    wait_until("it is stale", BOUND, || client.ask("mg k t\r\n").contains("HD t0"));
    wait_until("the second call is under way", BOUND, || origin.calls() == 2);
    for _ in 0..50 {
        client.expect("get k\r\n", "VALUE k 0 3\r\none\r\nEND\r\n");
    }
    client.expect("mg k v f\r\n", "VA 3 f0 Z X\r\none\r\n");
    wait_until("the new value is there", BOUND, || client.get("k").unwrap().as_deref() == Some(b"two"));
    assert_eq!(origin.calls(), 2);
}

#[test]
fn with_a_soft_timeout_the_caller_for_whom_a_stale_value_is_loaded_waits_that_long_for_the_new_one() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, b'%d' % self.call, {'Cache-Control': 'max-age=1'})");
    let leash = loading_from(&servers, &origin, ", soft_timeout: 2s");
    let mut client = leash.client();
    let value = |client: &mut support::Client| client.get("k").unwrap().unwrap();
    assert_eq!(value(&mut client), b"1");
    wait_until("a new value is told at once, and never an older one", BOUND, || value(&mut client) == b"2");
    assert_eq!(origin.calls(), 2);
}

#[test]
fn every_way_to_read_is_answered_with_what_is_loaded() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, b'abc', {'Cache-Control': 'max-age=100', 'Leash-Flags': '5'})");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    assert!(client.ask("gets a\r\n").starts_with("VALUE a 5 3 "), "with its CAS unique");
    client.expect("", "abc\r\nEND\r\n");
    client.expect("gat 50 b\r\n", "VALUE b 5 3\r\nabc\r\nEND\r\n");
    client.expect("mg c v f s\r\n", "VA 3 f5 s3\r\nabc\r\n");
    let left = client.facts("c", "t").expect("c is there")[&'t'];
    assert!((90..=100).contains(&left), "{left} s left of 100");
    client.expect("mg d f\r\n", "HD f5\r\n");
    client.expect("mg e v q\r\nmn\r\n", "VA 3\r\nabc\r\nMN\r\n");
    client.expect("mg Zg== b v k\r\n", "VA 3 kZg== b\r\nabc\r\n");
    client.expect("touch g 10\r\n", "NOT_FOUND\r\n");
    client.expect("mg h N30 v\r\n", "VA 0 W\r\n\r\n");
    assert_eq!(origin.paths(), ["/cache/a", "/cache/b", "/cache/c", "/cache/d", "/cache/e", "/cache/f"]);
}

#[test]
fn a_get_in_packets_is_answered_with_what_is_loaded_and_a_quiet_one_too() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(404 if 'none' in path else 200, b'abc', {'Leash-Flags': '5'})");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    let (get, quiet, noop) = (0x00, 0x09, 0x0a);
    let questions = [(quiet, "none"), (quiet, "a"), (get, "b"), (noop, "")];
    client.send(questions.map(|(opcode, key)| Question::new(opcode, key).bytes()).concat());
    for opcode in [quiet, get] {
        let packet = client.read_exactly(24 + 4 + 3).unwrap();
        assert_eq!((packet[1], &packet[24..]), (opcode, &b"\0\0\0\x05abc"[..]));
    }
    assert_eq!(client.read_exactly(24).unwrap()[1], noop, "a quiet miss is not told");
    assert_eq!(origin.calls(), 3);
}

#[test]
fn the_keys_of_a_multi_get_that_are_not_there_are_loaded_side_by_side() {
    let servers = Memcached::start_many(2);
    let origin = Origin::start("time.sleep(1)\nself.say(200, path[-1:].encode())");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    client.expect("set b 0 0 1\r\nB\r\n", "STORED\r\n");
    let begun = std::time::Instant::now();
    let found = |key: &str, value: &str| format!("VALUE {key} 0 1\r\n{value}\r\n");
    let all = [found("a", "a"), found("b", "B"), found("c", "c"), found("d", "d")].concat();
    client.expect("get a b c d\r\n", all + "END\r\n");
    assert!(begun.elapsed().as_millis() < 2000, "one after the other: {:?}", begun.elapsed());
    assert_eq!(origin.calls(), 3);
}

#[test]
fn ordinary_commands_do_what_they_do_on_any_route() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(404)");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    client.expect("set n 3 0 1 noreply\r\n5\r\nincr n 2\r\nget n\r\n", "7\r\nVALUE n 3 1\r\n7\r\nEND\r\n");
    client.expect("add n 0 0 1\r\nx\r\n", "NOT_STORED\r\n");
    client.expect("append n 0 0 1\r\nx\r\nget n\r\n", "STORED\r\nVALUE n 3 2\r\n7x\r\nEND\r\n");
    client.expect("delete n\r\nincr n 1\r\n", "DELETED\r\nNOT_FOUND\r\n");
    assert_eq!(origin.calls(), 0, "none of these loads");
    client.expect("get n\r\n", "END\r\n");
    client.expect("add n 0 0 1\r\nx\r\nget n\r\n", "STORED\r\nVALUE n 0 1\r\nx\r\nEND\r\n");
    assert_eq!(origin.calls(), 1);
}

#[test]
fn that_there_is_no_value_is_remembered_in_the_whole_fleet_and_until_a_write() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(404 if self.call == 1 else 200, b'now')");
    let [one, other] = [(); 2].map(|()| loading_from(&servers, &origin, ", negative_ttl: 60s"));
    let (mut one, mut other) = (one.client(), other.client());
    for _ in 0..3 {
        one.expect("get k\r\n", "END\r\n");
        other.expect("get k\r\n", "END\r\n");
        other.expect("mg k v\r\n", "EN\r\n");
    }
    assert_eq!(origin.calls(), 1);
    one.expect("delete k\r\n", "NOT_FOUND\r\n");
    one.expect("get k\r\n", "VALUE k 0 3\r\nnow\r\nEND\r\n");
    assert_eq!(origin.calls(), 2);
}

#[test]
fn a_stale_value_that_is_no_more_is_removed() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200 if self.call == 1 else 410, b'one', {'Cache-Control': 'max-age=1'})");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    client.expect("get k\r\n", "VALUE k 0 3\r\none\r\nEND\r\n");
    wait_until("it is gone", BOUND, || client.get("k").unwrap().is_none());
    assert_eq!(origin.calls(), 2);
}

#[test]
fn a_value_that_may_not_be_kept_is_told_and_asked_for_again() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, b'%d' % self.call, {'Cache-Control': 'no-store'})");
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    for call in 1..4 {
        client.expect("get k\r\n", format!("VALUE k 0 1\r\n{call}\r\nEND\r\n"));
    }
    support::Client::connect(&servers[0].address()).expect("get k\r\n", "END\r\n");
}

#[test]
fn a_value_that_has_not_changed_is_renewed_by_its_etag() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start(
        "same = self.headers.get('If-None-Match') == '\"v1\"'
note(0, 'conditional' if same else 'whole')
self.say(304 if same else 200, b'' if same else b'one',
         {'ETag': '\"v1\"', 'Cache-Control': 'max-age=1', 'Leash-Flags': '9'})",
    );
    let leash = loading_from(&servers, &origin, "");
    let mut client = leash.client();
    wait_until("it was asked for conditionally", BOUND, || {
        client.expect("get k\r\n", "VALUE k 9 3\r\none\r\nEND\r\n");
        origin.paths().iter().filter(|path| *path == "conditional").count() == 2
    });
    assert_eq!(origin.paths().iter().filter(|path| *path == "whole").count(), 1);
}

#[test]
fn the_endpoint_is_sent_the_headers_that_were_configured_and_their_values_are_shown_nowhere() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, self.headers['authorization'].encode())");
    let leash = loading(&servers, &origin.url("/{key}"), ", headers: {Authorization: 'Bearer s3cret'}", "");
    leash.client().expect("get k\r\n", "VALUE k 0 13\r\nBearer s3cret\r\nEND\r\n");
    for page in ["/config", "/status", "/", "/metrics"] {
        assert!(!leash.page(page).contains("s3cret"), "{page}");
    }
    assert!(leash.page("/config").contains("authorization"), "the name is shown");
    assert!(!leash.log().contains("s3cret"));
}
