//! What a server says that fits no question, or was asked by nobody: its connection ends, and no client is told a value.

use support::fake_server::FakeServer;
use support::figures::{metric, reaches};

use super::{leash_before, one, one_with};

#[test]
fn a_reply_that_does_not_fit_closes_its_connection_only_and_becomes_nobodys_value() {
    let slips: &[&str] = &[
        "VA 5 f0 O????????\r\nwrong\r\n",
        "VA 5 f0 O0\r\nwrong\r\n",
        "VA 5 f0 {}0\r\nwrong\r\n",
        "VA 5 f0 {} O1\r\nwrong\r\n",
        "VA 5 f0\r\nwrong\r\n",
        "VA 5 f0 {}\r\nwrongXX",
        "VA 5 f0 {}\r\nwrong way\r\n",
        "VA 4294967296 f0 {}\r\n",
        "VA 18446744073709551617 f0 {}\r\n",
        "VA -1 f0 {}\r\n",
        "VA 1e3 f0 {}\r\n",
        "NS {}\r\n",
        "NF {}\r\n",
        "MN\r\n",
        "OK\r\n",
        "STORED\r\n",
        "VALUE get 0 5\r\nwrong\r\nEND\r\n",
        "EN\n",
        "\r\n",
        "\n",
        "\0\0\0\0\r\n",
        "CLIENT_ERROR bad data chunk\r\n",
        "H",
    ];
    let (server, leash, mut client, mut backend) = one_with("failures: 1000");
    let label = format!("server=\"{}\"", server.address());
    for (count, slip) in (1..).zip(slips) {
        client.send("get mine\r\nset yours 0 0 1\r\nx\r\nversion\r\n");
        let question = backend.receives("mg mine v f");
        backend.receives("ms yours 1");
        backend.sends(slip.replace("{}", &question.opaque));
        if *slip == "H" {
            backend.sends("X".repeat(5000));
        }
        client.expect("", "END\r\n");
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        let expected = "SERVER_ERROR server 127.0.0.1:";
        assert!(line.starts_with(expected) && line.contains("not asked"), "after {slip:?}: {line}");
        assert!(client.read_line().unwrap().starts_with(b"VERSION "));
        backend.sees_the_end();
        assert_eq!(metric(&leash, "leash_upstream_desync_total", &label), f64::from(count), "{slip:?}");

        client.send("get mine\r\n");
        backend = server.greets();
        let question = backend.receives("mg mine v f");
        backend.sends_value(&question, "right");
        client.expect("", "VALUE mine 0 5\r\nright\r\nEND\r\n");
    }
    assert_eq!(metric(&leash, "leash_upstream_reconnects_total", &label), slips.len() as f64);
    assert!(!leash.log().contains("wrong"), "what a server says may be a value, and is not logged");
}

/// They counted to 64 and began anew, so whoever had one line taken for a reply knew what to write into the next one.
#[test]
fn nobody_can_foretell_a_token_from_those_before_it() {
    let (_server, _leash, mut client, mut backend) = one();
    let mut tokens = Vec::new();
    for _ in 0..200 {
        client.send("get key\r\n");
        let question = backend.receives("mg key v f");
        backend.sends_value(&question, "x");
        client.expect("", "VALUE key 0 1\r\nx\r\nEND\r\n");
        tokens.push(question.opaque);
    }
    assert!(tokens.iter().all(|token| token.len() == "O".len() + 8), "{tokens:?}");
    // In each place of a token any of 64 characters may stand, whatever stood there before.
    for place in 1..=8 {
        let seen: std::collections::HashSet<u8> = tokens.iter().map(|token| token.as_bytes()[place]).collect();
        assert!(seen.len() > 40, "only {} characters in place {place}", seen.len());
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 200);
}

#[test]
fn what_a_server_says_unasked_closes_its_connection() {
    let (server, leash, mut client, mut backend) = one();
    backend.sends("VA 5 f0 O????????\r\nwrong\r\n");
    backend.sees_the_end();
    reaches(&leash, "leash_upstream_desync_total", "", 1.0);
    client.send("get mine\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg mine v f");
    backend.sends_value(&question, "right");
    client.expect("", "VALUE mine 0 5\r\nright\r\nEND\r\n");
}

#[test]
fn what_a_server_says_behind_its_greeting_is_not_taken_for_an_answer() {
    let server = FakeServer::start();
    let leash = leash_before(&[&server], "failures: 100");
    let mut client = leash.client();
    client.send("get mine\r\n");
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    backend.sends("MN\r\nVA 5 f0 O????????\r\nwrong\r\n");
    client.expect("", "END\r\n");
    backend.sees_the_end();
    assert_eq!(metric(&leash, "leash_upstream_desync_total", ""), 1.0);
}

#[test]
fn a_server_that_only_talks_garbage_goes_down() {
    let (server, leash, mut client, mut backend) = one();
    for round in 1..=3 {
        client.send("get mine\r\n");
        if round > 1 {
            backend = server.greets();
        }
        backend.receives("mg mine v f");
        backend.sends("garbage\r\n");
        client.expect("", "END\r\n");
    }
    backend.sees_the_end();
    reaches(&leash, "leash_server_up", "", 0.0);
}
