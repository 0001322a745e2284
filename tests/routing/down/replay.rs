//! Servers that misbehave while they are told what they missed. The test plays the server.

use support::fake_server::{Backend, FakeServer};
use support::figures::{metric, reaches};
use support::reload::reload;
use support::{Client, Leash};

use super::pools::directory;

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

/// A server that is back and refused the delete.
fn refuses() -> (FakeServer, Leash) {
    let (server, leash) = down();
    let mut backend = replays(&server);
    backend.sends(SOME);
    backend.receives("md key");
    backend.sends("SERVER_ERROR out of patience\r\n");
    reaches(&leash, "leash_server_up", "", 1.0);
    (server, leash)
}

#[test]
fn a_delete_that_a_server_refuses_is_asked_again_until_it_takes_it_and_its_key_misses_meanwhile() {
    let (server, leash) = refuses();
    let mut client = leash.client();
    for refusal in ["SERVER_ERROR out of memory", "CLIENT_ERROR no", "ERROR"] {
        assert_eq!(metric(&leash, "leash_spool_refused", ""), 1.0);
        assert_eq!(metric(&leash, "leash_spool_keys", ""), 1.0);
        client.expect("get key\r\n", "END\r\n");
        client.expect("mg key v\r\n", "EN\r\n");
        let line = client.ask("incr key 1\r\n");
        assert!(line.starts_with("SERVER_ERROR server m0 ") && line.ends_with(": is down"), "{line}");
        let mut backend = replays(&server);
        backend.sends(SOME);
        backend.receives("md key");
        backend.sends(format!("{refusal}\r\n"));
    }
    assert!(leash.page("/").contains("1 delete refused by m0 (main)."), "{}", leash.page("/"));
    let mut backend = replays(&server);
    backend.sends(SOME);
    let question = backend.receives("md key");
    backend.sends_code(&question, "HD");
    reaches(&leash, "leash_spool_refused", "", 0.0);
    assert_eq!(metric(&leash, "leash_spool_keys", ""), 0.0);
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), 1.0);
    assert_eq!(metric(&leash, "leash_spool_dropped_total", ""), 0.0);
    for line in ["a server that is back refused deletes", "the server has taken the deletes that it had refused"] {
        assert_eq!(leash.log().matches(line).count(), 1, "{}", leash.log());
    }
    client.send("get key\r\n");
    let mut backend = server.greets();
    let question = backend.receives("mg key v f");
    backend.sends_code(&question, "EN");
    client.expect("", "END\r\n");
}

#[test]
fn a_server_that_refuses_one_delete_serves_all_other_keys_and_takes_writes_of_that_one() {
    let (server, leash) = refuses();
    let mut client = leash.client();
    client.send("get other\r\nset key 0 0 3\r\nnew\r\n");
    let mut served = loop {
        let mut backend = server.greets();
        let question = backend.receives_any();
        if question.line == "mg other v f" {
            backend.sends_value(&question, "value");
            break backend;
        }
        // The delete is asked again.
        assert_eq!(question.line, "stats");
        backend.sends(SOME);
        backend.receives("md key");
        backend.sends("SERVER_ERROR still not\r\n");
    };
    let question = served.receives("ms key 3");
    served.sends_code(&question, "HD");
    client.expect("", "VALUE other 0 5\r\nvalue\r\nEND\r\nSTORED\r\n");
    client.expect("get key\r\n", "END\r\n");
}

#[test]
fn a_delete_that_was_refused_is_still_known_after_the_end_of_leash() {
    let server = FakeServer::start();
    let (_directory, line) = directory();
    let config = config(&server, "failures: 1, request_timeout: 2s") + &line;
    let first = Leash::with_config(&config);
    let (mut client, mut backend) = in_use(&server, &first);
    client.send("delete key\r\n");
    backend.receives("md key");
    backend.hangs_up();
    let mut backend = replays(&server);
    backend.sends(SOME);
    backend.receives("md key");
    backend.sends("SERVER_ERROR out of patience\r\n");
    reaches(&first, "leash_spool_refused", "", 1.0);
    // SIGKILL.
    drop(first);
    let second = Leash::with_config(&config);
    second.client().expect("get key\r\n", "END\r\n");
    let mut backend = loop {
        // The first one may have been on its way.
        let mut backend = server.greets();
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| backend.reads_line())) {
            Ok(line) if line == "stats" => break backend,
            other => assert!(other.is_err(), "{other:?}"),
        }
    };
    backend.sends(SOME);
    let question = backend.receives("md key");
    backend.sends_code(&question, "HD");
    reaches(&second, "leash_server_up", "", 1.0);
    assert_eq!(metric(&second, "leash_spool_keys", ""), 0.0);
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
