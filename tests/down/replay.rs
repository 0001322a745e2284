//! Servers that misbehave while they are told what they missed. The test plays the server.

use crate::fake_server::{Backend, FakeServer};
use crate::figures::{metric, reaches};
use crate::reloading::reload;
use crate::support::{Client, Leash};

/// One worker before this server, named m0.
fn config(server: &FakeServer, pool: &str) -> String {
    format!("workers: 1\npools: {{main: {{servers: [{{name: m0, address: \"{}\"}}], {pool}}}}}\n", server.address())
}

/// The first connection, over which it was found that the key is not there.
fn in_use(server: &FakeServer, leash: &Leash) -> (Client, Backend) {
    let mut client = leash.client();
    client.send("get key\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg key v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
    (client, backend)
}

/// A server that went down over a delete, which waits for it.
fn down() -> (FakeServer, Leash) {
    let server = FakeServer::start();
    let leash = Leash::with_config(&config(&server, "failures: 1, request_timeout: 2s"));
    let (mut client, mut backend) = in_use(&server, &leash);
    client.send("delete key\r\n");
    backend.receives("md key");
    backend.hangs_up();
    client.read_line().unwrap();
    reaches(&leash, "leash_spool_keys", "", 1.0);
    (server, leash)
}

/// A probe that has got as far as the replay.
fn replays(server: &FakeServer) -> Backend {
    let mut backend = server.greets();
    assert_eq!(backend.reads_line(), "stats");
    backend
}

/// Still down, and told nothing.
fn waits(leash: &Leash) {
    assert_eq!(metric(leash, "leash_server_up", ""), 0.0);
    assert_eq!(metric(leash, "leash_spool_keys", ""), 1.0);
}

const SOME: &str = "STAT pid 7\r\nSTAT curr_items 5\r\nEND\r\n";

#[test]
fn a_server_that_talks_nonsense_when_it_is_told_what_it_missed_does_not_come_back() {
    let (server, leash) = down();
    for nonsense in ["HD O????????\r\n", "HD\r\nHD", "VA 5 {}\r\nkey", "\r\n"] {
        let mut backend = replays(&server);
        backend.sends(SOME);
        let question = backend.receives("md key");
        backend.sends(nonsense.replace("{}", &question.opaque));
        backend.hangs_up();
        waits(&leash);
    }
    let mut backend = replays(&server);
    backend.sends(SOME);
    let question = backend.receives("md key");
    waits(&leash);
    backend.sends_code(&question, "NF");
    reaches(&leash, "leash_server_up", "", 1.0);
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), 1.0);
}

#[test]
fn a_server_that_is_lost_before_it_was_told_is_told_when_it_is_there_again() {
    let (server, leash) = down();
    server.accepts().hangs_up();
    let mut backend = server.accepts();
    assert_eq!(backend.reads_line(), "mn");
    backend.sends("MN\r");
    backend.hangs_up();
    replays(&server).hangs_up();
    let mut backend = replays(&server);
    backend.sends("STAT curr_items 0\r\nSTAT threads 4\r\n");
    backend.hangs_up();
    waits(&leash);
    // Now it has been started anew.
    replays(&server).sends("STAT curr_items 0\r\nEND\r\n");
    reaches(&leash, "leash_server_up", "", 1.0);
    assert_eq!(metric(&leash, "leash_spool_skipped_total", ""), 1.0);
}

#[test]
fn what_a_server_refuses_to_delete_is_counted_and_logged_and_does_not_keep_it_away() {
    let (server, leash) = down();
    let mut backend = replays(&server);
    backend.sends(SOME);
    backend.receives("md key");
    backend.sends("SERVER_ERROR out of patience\r\n");
    reaches(&leash, "leash_server_up", "", 1.0);
    assert_eq!(metric(&leash, "leash_spool_dropped_total", "reason=\"refused\""), 1.0);
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), 0.0);
    assert!(leash.log().contains("a server that is back refused deletes"), "{}", leash.log());
}

#[test]
fn a_connection_of_before_a_reload_has_been_read_to_its_end_before_the_server_is_told() {
    let server = FakeServer::start();
    let patient = "request_timeout: 2s";
    let leash = Leash::with_config(&config(&server, patient));
    let (mut client, mut old) = in_use(&server, &leash);
    client.send("set key 0 0 4\r\nlate\r\n");
    assert!(client.read_line().unwrap().ends_with(b": no reply in time\r\n"));
    // Somebody is about to tell the server at once; the reload takes that over.
    let before = server.accepts();
    reload(&leash, config(&server, &format!("{patient}, failures: 5")));
    let mut prober = server.greets();
    prober.hears_nothing();
    old.receives("ms key 4");
    old.sees_the_end();
    assert_eq!(prober.reads_line(), "stats");
    prober.sends(SOME);
    let question = prober.receives("md key");
    prober.sends_code(&question, "HD");
    reaches(&leash, "leash_server_up", "", 1.0);
    before.hangs_up();
}
