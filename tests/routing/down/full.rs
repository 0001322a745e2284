//! A server that takes no more connections: those that it has go on, and whoever needs another is told in its words.

use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, wait_until};

const SAID: &str = "ERROR Too many open connections";

/// Connections that take all the room there is.
fn fill(server: &Memcached) -> Vec<Client> {
    let mut taken = Vec::new();
    wait_until("the server is full", BOUND, || {
        let mut client = Client::connect(&server.address());
        client.send("mn\r\n");
        let is_taken = client.read_line().is_ok_and(|line| line.starts_with(b"MN"));
        if is_taken {
            taken.push(client);
        }
        !is_taken
    });
    taken
}

fn configured(server: &Memcached) -> Leash {
    let pool = format!("pools: {{p: {{servers: [\"{}\"], failures: 1}}}}", server.address());
    Leash::with_config(&format!("{pool}\nworkers: 2\n"))
}

#[test]
fn the_connections_of_a_full_server_go_on_and_others_are_told_in_its_words() {
    let server = Memcached::start_with(&["-c", "20"]);
    let leash = configured(&server);
    // The second client has the other worker, which has no connection yet.
    let (mut first, mut second) = (leash.client(), leash.client());
    first.expect("set k 0 0 1\r\nx\r\n", "STORED\r\n");
    let taken = fill(&server);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        second.expect(
            "touch k 0\r\n",
            format!("SERVER_ERROR server {}: turns new connections away, it says \"{SAID}\"\r\n", server.address()),
        );
        first.expect("get k\r\n", "VALUE k 0 1\r\nx\r\nEND\r\n");
    }
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0);
    assert!(metric(&leash, "leash_failures_total", "cause=\"turned_away\"") > 0.0);
    assert!(leash.log().contains(SAID), "{}", leash.log());
    drop(taken);
    wait_until("there is room again", BOUND, || second.ask("get k\r\n").starts_with("VALUE"));
}

#[test]
fn a_server_that_is_full_from_the_start_is_down_and_quoted_and_comes_back() {
    let server = Memcached::start_with(&["-c", "20"]);
    let taken = fill(&server);
    let leash = configured(&server);
    let mut client = leash.client();
    let said = client.ask("set k 0 0 1\r\nx\r\n");
    assert!(said.contains(SAID), "{said}");
    wait_until("it is down", BOUND, || metric(&leash, "leash_server_up", "") == 0.0);
    let said = client.ask("set k 0 0 1\r\nx\r\n");
    assert!(said.contains("is down") && said.contains(SAID), "{said}");
    drop(taken);
    wait_until("it is back", BOUND, || client.ask("set k 0 0 1\r\nx\r\n") == "STORED");
}
