//! Who is down, who only looks it, and how soon that is known.

use support::Memcached;
use support::figures::{metric, reaches};

use super::pools::{comes_back, goes_down, keys_of, leash};

#[test]
fn all_servers_of_a_pool_that_look_down_at_once_are_one_line_in_the_log_and_a_metric() {
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    servers.iter_mut().for_each(Memcached::kill);
    for server in ["m0", "m1"] {
        goes_down(&leash, server, &mut client);
    }
    assert_eq!(metric(&leash, "leash_pool_blackout", ""), 0.0);
    goes_down(&leash, "m2", &mut client);
    reaches(&leash, "leash_pool_blackout", "pool=\"main\"", 1.0);
    servers.iter_mut().for_each(Memcached::restart);
    for server in ["m0", "m1", "m2"] {
        comes_back(&leash, server);
    }
    reaches(&leash, "leash_pool_blackout", "", 0.0);
    assert_eq!(metric(&leash, "leash_pool_blackouts_total", ""), 1.0);
    assert_eq!(leash.log().matches("all servers look down at once").count(), 1, "{}", leash.log());
    assert_eq!(leash.log().matches("servers are reached again").count(), 1);
}

#[test]
fn a_frozen_server_is_down_after_three_timeouts_and_nothing_waits_for_it_from_then_on() {
    let servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let keys = keys_of(&leash, "m1", 3);
    let mut clients = [leash.client(), leash.client(), leash.client(), leash.client()];
    for key in &keys {
        clients[0].expect(format!("set {key} 0 0 1\r\nx\r\n"), "STORED\r\n");
    }
    for client in &mut clients {
        client.expect(format!("get {}\r\n", keys[0]), format!("VALUE {} 0 1\r\nx\r\nEND\r\n", keys[0]));
    }
    servers[1].freeze();
    // One after the other, as one application would.
    for key in &keys {
        clients[0].expect(format!("get {key}\r\n"), "END\r\n");
    }
    assert_eq!(metric(&leash, "leash_server_up", "server=\"m1\""), 0.0);
    const MANY: usize = 50;
    for n in 0..MANY {
        clients[n % 4].expect(format!("get {}\r\n", keys[0]), "END\r\n");
    }
    let failed = |cause: &str| metric(&leash, "leash_failures_total", &format!("cause=\"{cause}\""));
    assert_eq!((failed("timeout"), failed("down")), (3.0, MANY as f64), "nothing waits for a server that is down");
    servers[1].thaw();
    comes_back(&leash, "m1");
    // What other workers had asked of it, and what it says late, is not held against it.
    for client in &mut clients {
        client.expect(format!("get {}\r\n", keys[0]), format!("VALUE {} 0 1\r\nx\r\nEND\r\n", keys[0]));
    }
    assert_eq!(metric(&leash, "leash_upstream_desync_total", ""), 0.0);
}
