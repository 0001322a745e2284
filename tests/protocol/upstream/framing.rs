//! What a line of a server must have to be somebody's reply, and that no client brings about one that has not.

use support::fake_server::{Backend, FakeServer};
use support::figures::{metric, reaches};
use support::{Leash, Memcached};

use super::{leash_before, one};

fn desync(leash: &Leash) -> f64 {
    metric(leash, "leash_upstream_desync_total", "")
}

/// memcached files such an item as text, and then told its key as it is: as the end of a line, and lines of their own.
#[test]
fn a_key_that_memcached_takes_for_text_puts_nothing_out_of_step() {
    let server = Memcached::start();
    let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: ['{}']}}}}\n", server.address()));
    let (mut hostile, mut victim) = (leash.client(), leash.client());
    victim.expect("set mine 0 0 5\r\nright\r\n", "STORED\r\n");
    // "a CR LF b", and "x y CR LF VA 4 f0 O1 CR LF EVIL CR LF".
    for key in ["YQ0KYg==", "eCB5DQpWQSA0IGYwIE8xDQpFVklMDQo="] {
        let no = "CLIENT_ERROR me is answered for keys that are plain text only";
        hostile.expect(
            format!("ma {key} b N0 k\r\nmg {key} b k v\r\nms {key} 1 b MA k\r\n5\r\nme {key} b\r\nmd {key} b k\r\n"),
            format!("HD k{key} b\r\nVA 1 k{key} b\r\n0\r\nHD k{key} b\r\n{no}\r\nHD k{key} b\r\n"),
        );
        victim.expect("get mine\r\nmg mine s\r\n", "VALUE mine 0 5\r\nright\r\nEND\r\nHD s5\r\n");
    }
    assert_eq!(desync(&leash), 0.0);
}

#[test]
fn what_a_server_is_asked_holds_nothing_that_it_would_repeat_but_the_token() {
    let (_server, leash, mut client, mut backend) = one();
    client.send("mg key k O1 v q\r\nmd key k\r\nma key k\r\nms a2V5 1 k b O2\r\nx\r\nme a2V5 b\r\n");
    for line in ["mg key v", "md key", "ma key D1", "ms a2V5 1 b"] {
        let question = backend.receives(line);
        backend.sends_code(&question, if line.starts_with("mg") { "EN" } else { "HD" });
    }
    backend.receives("me key");
    backend.sends("ME a2V5 exp=-1 la=0\r\n");
    client.expect("", "HD kkey\r\nHD kkey\r\nHD ka2V5 b O2\r\nME a2V5 exp=-1 la=0\r\n");
    assert_eq!(desync(&leash), 0.0);
}

#[test]
fn what_me_is_told_of_another_key_or_beside_facts_closes_the_connection() {
    let (server, leash, mut client, mut backend) = one();
    for (count, slip) in (1..).zip(["ME other exp=-1", "ME key", "ME key exp", "ME key exp=-1 \tla=2", "HD O1", "END"])
    {
        client.send("me key\r\n");
        backend.receives("me key");
        backend.sends(format!("{slip}\r\n"));
        client.expect("", "EN\r\n");
        backend.sees_the_end();
        assert_eq!(desync(&leash), f64::from(count), "{slip}");
        client.send("me key\r\n");
        backend = server.greets();
        backend.receives("me key");
        backend.sends("ME key exp=-1 la=2 fetch=no\r\n");
        client.expect("", "ME key exp=-1 la=2 fetch=no\r\n");
    }
}

#[test]
fn an_error_that_leaves_a_value_unread_closes_the_connection_and_others_do_not() {
    let (server, leash, mut client, mut backend) = one();
    for refusal in ["SERVER_ERROR object too large for cache", "CLIENT_ERROR invalid flag"] {
        client.send("set key 0 0 1\r\nx\r\n");
        backend.receives("ms key 1");
        backend.sends(format!("{refusal}\r\n"));
        client.expect("", format!("{refusal}\r\n"));
    }
    for (count, doubt) in (1..).zip(["ERROR", "CLIENT_ERROR bad command line format", "SERVER_ERROR a\rb"]) {
        client.send("set key 0 0 1\r\nx\r\n");
        backend.receives("ms key 1");
        backend.sends(format!("{doubt}\r\n"));
        let told = client.ask("");
        assert!(told.contains("answered something that was not asked"), "{doubt:?}: {told}");
        backend.sees_the_end();
        assert_eq!(desync(&leash), f64::from(count), "{doubt:?}");
        client.send("get key\r\n");
        backend = server.greets();
        let question = backend.receives("mg key v f");
        backend.sends_code(&question, "EN");
        client.expect("", "END\r\n");
    }
}

/// A memcached of this version, that a leash has just connected to.
fn memcached_of(version: &str) -> (FakeServer, Leash, super::Client, Backend) {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "");
    let mut client = leash.client();
    client.send("touch key 5\r\n");
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    backend.sends("MN\r\n");
    assert_eq!(backend.reads_line(), "version");
    backend.sends(format!("VERSION {version}\r\n"));
    backend.receives("mg key T5");
    backend.sends("EN\r\n");
    (server, leash, client, backend)
}

#[test]
fn a_miss_without_a_token_is_believed_of_a_memcached_before_1_6_18_only() {
    for version in ["1.6.10", "1.6.17", "something-else"] {
        let (_server, leash, mut client, _backend) = memcached_of(version);
        client.expect("", "NOT_FOUND\r\n");
        assert_eq!(desync(&leash), 0.0, "{version}");
    }
    for version in ["1.6.18", "1.6.45", "1.7.0"] {
        let (_server, leash, mut client, backend) = memcached_of(version);
        assert!(client.ask("").contains("answered something that was not asked"), "{version}");
        backend.sees_the_end();
        assert_eq!(desync(&leash), 1.0, "{version}");
    }
}

/// memcached has no token left to repeat where a value is gone from flash.
#[test]
fn a_miss_of_a_value_needs_no_token() {
    let (_server, leash, mut client, mut backend) = one();
    client.send("get key\r\nmg key v O1\r\n");
    backend.receives("mg key v f");
    backend.receives("mg key v");
    backend.sends("EN\r\nEN\r\n");
    client.expect("", "END\r\nEN O1\r\n");
    assert_eq!(desync(&leash), 0.0);
}

#[test]
fn a_memcached_that_takes_no_more_connections_is_not_out_of_step() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "");
    let mut client = leash.client();
    client.send("set key 0 0 1\r\nx\r\n");
    let mut backend = server.accepts();
    backend.sends("SERVER_ERROR Too many open connections\r\n");
    let told = client.ask("");
    assert!(told.contains("turns new connections away, it says \"SERVER_ERROR Too many"), "{told}");
    reaches(&leash, "leash_failures_total", "cause=\"turned_away\"", 1.0);
    assert_eq!(desync(&leash), 0.0);
}
