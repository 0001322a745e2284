//! Routes that move between pools while servers of either die: the gutter of each side takes its keys, and nothing
//! older comes up.

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::pools::{misses, reads, set};

/// An old pool, a new one and a gutter of one server each, and a leash that moves every key.
struct Move {
    old: Memcached,
    new: Memcached,
    spare: Memcached,
}

impl Move {
    fn start() -> Move {
        Move { old: Memcached::start(), new: Memcached::start(), spare: Memcached::start() }
    }

    /// `old` and `new` are further entries of these pools.
    fn leash(&self, phase: &str, old: &str, new: &str) -> Leash {
        let pool = |name: &str, server: &Memcached, more: &str| {
            format!("  {name}: {{servers: [{{name: {name}0, address: \"{}\"}}]{more}}}\n", server.address())
        };
        let pools = [pool("old", &self.old, old), pool("new", &self.new, new), pool("spare", &self.spare, "")].concat();
        let route = format!("{{prefix: \"\", migrate: {{from: old, to: new, phase: {phase}}}}}");
        Leash::with_config(&format!("workers: 2\npools:\n{pools}routes: [{route}]\n"))
    }
}

const GUTTER: &str = ", on_down: {gutter: {pool: spare, ttl: 30s}}";

fn is_up(leash: &Leash, server: &str) -> bool {
    metric(leash, "leash_server_up", &format!("server=\"{server}\"")) == 1.0
}

#[track_caller]
fn goes_down(leash: &Leash, server: &str, client: &mut Client) {
    wait_until(&format!("{server} is down"), BOUND, || {
        client.ask("get nothing\r\n");
        !is_up(leash, server)
    });
}

#[track_caller]
fn comes_back(leash: &Leash, server: &str) {
    wait_until(&format!("{server} is up"), BOUND, || is_up(leash, server));
}

#[test]
fn a_dead_new_server_is_replaced_by_its_gutter_and_comes_back_without_older_values() {
    for phase in ["warm", "drain"] {
        let servers = Move::start();
        let leash = servers.leash(phase, "", GUTTER);
        let (mut client, mut old) = (leash.client(), Client::connect(&servers.old.address()));
        ["set", "deleted", "counted", "untouched"].iter().for_each(|key| set(&mut client, key, "1"));
        servers.new.freeze();
        goes_down(&leash, "new0", &mut client);
        set(&mut old, "set", "0");
        set(&mut client, "set", "2");
        misses(&mut old, "set");
        reads(&mut client, "set", "2");
        client.expect("delete deleted\r\n", "NOT_FOUND\r\n");
        client.expect("add counted 0 0 1\r\n5\r\nincr counted 1\r\n", "STORED\r\n6\r\n");
        client.expect("gets none\r\n", "END\r\n");
        misses(&mut client, "untouched");
        servers.new.thaw();
        comes_back(&leash, "new0");
        ["set", "deleted", "counted"].iter().for_each(|key| misses(&mut client, key));
        // A plain read leaves it where it was.
        reads(&mut client, "untouched", "1");
        set(&mut client, "set", "3");
        misses(&mut Client::connect(&servers.spare.address()), "set");
    }
}

#[test]
fn items_are_brought_over_into_the_gutter_of_a_dead_new_server() {
    let mut servers = Move::start();
    let leash = servers.leash("warm", "", GUTTER);
    let (mut client, mut old) = (leash.client(), Client::connect(&servers.old.address()));
    let mut spare = Client::connect(&servers.spare.address());
    servers.new.kill();
    goes_down(&leash, "new0", &mut client);
    old.expect("set read 7 0 1\r\n1\r\nset counted 0 0 1\r\n1\r\n", "STORED\r\nSTORED\r\n");
    client.expect("get read\r\n", "VALUE read 7 1\r\n1\r\nEND\r\n");
    wait_until("it is brought over", BOUND, || {
        spare.send("get read\r\n");
        spare.read_line().unwrap() == b"VALUE read 7 1\r\n" && {
            spare.expect("", "1\r\nEND\r\n");
            true
        }
    });
    client.expect("incr counted 1\r\n", "2\r\n");
    misses(&mut old, "counted");
    let unique = |client: &mut Client| {
        client.send("gets counted\r\n");
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        client.expect("", "2\r\nEND\r\n");
        line.trim().rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let cas = unique(&mut client);
    client.expect(format!("cas counted 0 0 1 {}\r\n9\r\n", cas + 1), "EXISTS\r\n");
    client.expect(format!("cas counted 0 0 1 {cas}\r\n3\r\n"), "STORED\r\n");
    client.expect("delete counted\r\nget counted\r\n", "DELETED\r\nEND\r\n");
}

#[test]
fn a_dead_old_server_in_prepare_is_replaced_by_its_gutter() {
    let servers = Move::start();
    let leash = servers.leash("prepare", GUTTER, "");
    let (mut client, mut new) = (leash.client(), Client::connect(&servers.new.address()));
    ["set", "deleted", "counted"].iter().for_each(|key| set(&mut client, key, "1"));
    servers.old.freeze();
    goes_down(&leash, "old0", &mut client);
    set(&mut new, "set", "0");
    set(&mut client, "set", "2");
    misses(&mut new, "set");
    reads(&mut client, "set", "2");
    client.expect("delete deleted\r\n", "NOT_FOUND\r\n");
    client.expect("add counted 0 0 1\r\n5\r\nincr counted 1\r\n", "STORED\r\n6\r\n");
    servers.old.thaw();
    comes_back(&leash, "old0");
    ["set", "deleted", "counted"].iter().for_each(|key| misses(&mut client, key));
}

#[test]
fn what_is_made_in_the_new_pool_while_the_old_server_is_down_is_forgotten_there() {
    let servers = Move::start();
    let leash = servers.leash("warm", "", "");
    let (mut client, mut old) = (leash.client(), Client::connect(&servers.old.address()));
    ["set", "added", "untouched"].iter().for_each(|key| set(&mut old, key, "1"));
    servers.old.freeze();
    goes_down(&leash, "old0", &mut client);
    client.expect("set set 0 0 1\r\n2\r\nadd added 0 0 1\r\n2\r\n", "STORED\r\nSTORED\r\n");
    client.expect("incr untouched 1\r\n", "NOT_FOUND\r\n");
    servers.old.thaw();
    comes_back(&leash, "old0");
    // As if they had been evicted in the new pool.
    Client::connect(&servers.new.address()).expect("delete set\r\ndelete added\r\n", "DELETED\r\nDELETED\r\n");
    ["set", "added"].iter().for_each(|key| misses(&mut client, key));
    client.expect("incr untouched 1\r\n", "2\r\n");
}

#[test]
fn a_gutter_that_is_the_pool_a_route_moves_to_is_no_gutter_on_that_route() {
    let servers = Move::start();
    let leash = servers.leash("warm", ", on_down: {gutter: new}", "");
    let mut client = leash.client();
    servers.old.freeze();
    goes_down(&leash, "old0", &mut client);
    set(&mut client, "key", "kept");
    reads(&mut client, "key", "kept");
    client.expect("delete key\r\nget key\r\n", "DELETED\r\nEND\r\n");
    assert!(leash.log().contains("new, the gutter of pool old, shares servers with the other side"), "{}", leash.log());
}
