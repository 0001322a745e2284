//! A stand-in for a dead server: its keys only, for a short time, and nothing of it afterwards.

use std::time::Duration;

use support::figures::metric;
use support::reload::reload;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::pools::{comes_back, config, goes_down, keys_of, leash, misses, reads, set};

/// Three servers and a gutter of one, which is the last.
fn guttered(ttl: &str, route: &str) -> (Vec<Memcached>, Memcached, Leash) {
    let (servers, spare) = (Memcached::start_many(3), Memcached::start());
    let leash = Leash::with_config(&configured(&servers, &spare, ttl, "", route));
    (servers, spare, leash)
}

/// The configuration of that; `pool` are further entries of the pool, `route` further ones of the route.
fn configured(servers: &[Memcached], spare: &Memcached, ttl: &str, pool: &str, route: &str) -> String {
    let gutter = format!("{pool}on_down: {{gutter: {{pool: spare, ttl: {ttl}}}}}");
    let pools = format!("pools:  spare: {{servers: [\"{}\"]}}\n", spare.address());
    let routes = format!("routes: [{{prefix: \"\", pool: main{route}}}]\n");
    config(servers, &gutter, &(pools + &routes))
}

#[test]
fn a_dead_servers_keys_go_to_the_gutter_and_no_others() {
    let (mut servers, spare, leash) = guttered("10s", "");
    let (mut client, mut direct) = (leash.client(), Client::connect(&spare.address()));
    let (dead, well) = (keys_of(&leash, "m0", 8), keys_of(&leash, "m1", 8));
    well.iter().for_each(|key| set(&mut client, key, "own"));
    servers[0].kill();
    goes_down(&leash, "m0", &mut client);
    for key in &dead {
        misses(&mut client, key);
        set(&mut client, key, "gutter");
        reads(&mut client, key, "gutter");
        reads(&mut direct, key, "gutter");
    }
    for key in &well {
        reads(&mut client, key, "own");
        set(&mut client, key, "own");
        misses(&mut direct, key);
    }
    assert!(metric(&leash, "leash_gutter_requests_total", "server=\"m0\"") >= 24.0);
    assert_eq!(metric(&leash, "leash_gutter_requests_total", "server=\"m1\""), 0.0);
    let key = &dead[0];
    client.expect(format!("delete {key}\r\n"), "DELETED\r\n");
    misses(&mut direct, key);
    client.expect(format!("add {key} 0 0 1\r\n5\r\nincr {key} 1\r\n"), "STORED\r\n6\r\n");
    client.expect(format!("append {key} 0 0 1\r\n0\r\n"), "STORED\r\n");
    reads(&mut direct, key, "60");
}

#[test]
fn no_value_outlasts_the_cap_in_the_gutter() {
    let (mut servers, spare, leash) = guttered("10s", "");
    let (mut client, mut direct) = (leash.client(), Client::connect(&spare.address()));
    let key = keys_of(&leash, "m0", 1).remove(0);
    servers[0].kill();
    goes_down(&leash, "m0", &mut client);
    let is_capped = |direct: &mut Client| {
        let line = direct.ask(format!("mg {key} t\r\n"));
        let ttl: i64 = line.split(' ').nth(1).and_then(|t| t[1..].parse().ok()).unwrap_or_else(|| panic!("{line}"));
        assert!((8..=10).contains(&ttl), "{line}");
    };
    let mut sends = |client: &mut Client, request: String, reply: &str| {
        client.expect(request, reply);
        is_capped(&mut direct);
    };
    for exptime in ["0", "3600", "2592000", "2000000000"] {
        sends(&mut client, format!("set {key} 0 {exptime} 1\r\n1\r\n"), "STORED\r\n");
    }
    sends(&mut client, format!("touch {key} 0\r\n"), "TOUCHED\r\n");
    sends(&mut client, format!("gat 5000 {key}\r\n"), &format!("VALUE {key} 0 1\r\n1\r\nEND\r\n"));
    sends(&mut client, format!("ma {key} T600\r\n"), "HD\r\n");
    sends(&mut client, format!("ms {key} 1\r\n1\r\n"), "HD\r\n");
    client.expect(format!("delete {key}\r\n"), "DELETED\r\n");
    sends(&mut client, format!("mg {key} N0\r\n"), "HD W\r\n");
    client.expect(format!("set {key} 0 -1 1\r\n1\r\nget {key}\r\n"), "STORED\r\nEND\r\n");
}

#[test]
fn a_server_that_is_back_has_its_keys_again_and_nothing_older_than_the_gutter_had() {
    let (servers, spare, leash) = guttered("3s", "");
    let (mut client, mut direct) = (leash.client(), Client::connect(&spare.address()));
    let keys = keys_of(&leash, "m0", 6);
    keys.iter().for_each(|key| set(&mut client, key, "1"));
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    set(&mut client, &keys[0], "22");
    client.expect(format!("delete {}\r\n", keys[1]), "NOT_FOUND\r\n");
    client.expect(format!("add {} 0 0 2\r\n22\r\n", keys[2]), "STORED\r\n");
    client.expect(format!("incr {} 1\r\n", keys[3]), "NOT_FOUND\r\n");
    set(&mut client, &keys[4], "22");
    servers[0].thaw();
    comes_back(&leash, "m0");
    [0, 1, 2, 4].iter().for_each(|n| misses(&mut client, &keys[*n]));
    reads(&mut client, &keys[3], "1");
    reads(&mut client, &keys[5], "1");

    // What is written or deleted now must not come up from the gutter at the next failure.
    reads(&mut direct, &keys[0], "22");
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    set(&mut client, &keys[4], "333");
    misses(&mut direct, &keys[0]);
    misses(&mut direct, &keys[4]);
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    misses(&mut client, &keys[0]);
    misses(&mut client, &keys[4]);
    servers[0].thaw();
    comes_back(&leash, "m0");
    reads(&mut client, &keys[4], "333");
    wait_until("the gutter's copies are gone", BOUND, || direct.get(&keys[2]).unwrap().is_none());
}

#[test]
fn a_gutter_inside_the_process_needs_no_other_pool() {
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "on_down: {gutter: embedded}", "");
    let mut client = leash.client();
    let key = keys_of(&leash, "m2", 1).remove(0);
    servers[2].kill();
    goes_down(&leash, "m2", &mut client);
    set(&mut client, &key, "here");
    reads(&mut client, &key, "here");
    servers[2].restart();
    comes_back(&leash, "m2");
    misses(&mut client, &key);
    set(&mut client, &key, "there");
    reads(&mut client, &key, "there");
}

#[test]
fn one_caller_regenerates_a_stale_value_in_the_gutter() {
    let (mut servers, spare, leash) = guttered("2s", ", refresh: {grace: 30s, lease: 10s}");
    let mut clients = [leash.client(), leash.client(), leash.client()];
    let key = keys_of(&leash, "m0", 1).remove(0);
    servers[0].kill();
    goes_down(&leash, "m0", &mut clients[0]);
    clients[0].expect(format!("set {key} 0 300 5\r\nfirst\r\n"), "STORED\r\n");
    reads(&mut clients[1], &key, "first");
    // Stale once the gutter's time is over, and served for the grace of the route.
    let [winner, others @ ..] = &mut clients;
    wait_until("the value is stale and somebody wins", BOUND, || {
        pause(Duration::from_millis(50));
        winner.get(&key).unwrap().is_none()
    });
    others.iter_mut().for_each(|other| reads(other, &key, "first"));
    winner.expect(format!("set {key} 0 300 6\r\nsecond\r\n"), "STORED\r\n");
    others.iter_mut().for_each(|other| reads(other, &key, "second"));
    drop(spare);
}

#[test]
fn what_cannot_be_remembered_is_not_stored_in_the_gutter() {
    let (servers, spare) = (Memcached::start_many(2), Memcached::start());
    let pools = format!("pools:  spare: {{servers: [\"{}\"]}}\nspool: {{max_keys: 1}}\n", spare.address());
    let routes = "routes: [{prefix: \"\", pool: main}]";
    let leash = leash(&servers, "on_down: {gutter: spare}", &format!("{pools}{routes}"));
    let mut client = leash.client();
    let keys = keys_of(&leash, "m0", 2);
    set(&mut client, &keys[1], "old");
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    set(&mut client, &keys[0], "kept");
    let line = client.ask(format!("set {} 0 0 3\r\nnew\r\n", keys[1]));
    assert!(line.ends_with(": is down"), "an older value would follow it: {line}");
    misses(&mut client, &keys[1]);
    let line = client.ask(format!("add {} 0 0 3\r\nnew\r\n", keys[1]));
    assert!(line.ends_with(": is down"), "an older value would follow it: {line}");
    misses(&mut client, &keys[1]);
    let line = client.ask(format!("ma {} N0\r\n", keys[1]));
    assert!(line.ends_with(": is down"), "an older value would follow it: {line}");
    misses(&mut client, &keys[1]);
}

#[test]
fn each_delete_that_the_spool_has_no_room_for_is_counted_once() {
    let (servers, spare) = (Memcached::start_many(3), Memcached::start());
    let config = configured(&servers, &spare, "10s", "", ", refresh: {grace: 30s, lease: 10s}");
    let leash = Leash::with_config(&format!("{config}spool: {{max_keys: 1}}\n"));
    let mut client = leash.client();
    let keys = keys_of(&leash, "m0", 2);
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    let lost = || metric(&leash, "leash_spool_dropped_total", "reason=\"full\"");
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    assert_eq!(lost(), 1.0, "the key took the one place, the delete of its lease is lost");
    let requests = [
        format!("delete {}\r\n", keys[1]),
        format!("set {} 0 100 3\r\nnew\r\n", keys[1]),
        format!("add {} 0 100 3\r\nnew\r\n", keys[1]),
        format!("ma {} N0\r\n", keys[1]),
    ];
    for (before, request) in requests.into_iter().enumerate() {
        let line = client.ask(&request);
        assert!(line.ends_with(": is down"), "{request}: {line}");
        assert_eq!(lost(), 2.0 + before as f64, "{request}");
    }
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
}

/// The CAS unique that a client is told.
fn unique(client: &mut Client, key: &str) -> u64 {
    client.send(format!("gets {key}\r\n"));
    let head = String::from_utf8(client.read_line().unwrap()).unwrap();
    let cas = head.trim().rsplit(' ').next().and_then(|cas| cas.parse().ok());
    client.read_line().unwrap();
    client.expect("", "END\r\n");
    cas.unwrap_or_else(|| panic!("{head}"))
}

#[test]
fn a_cas_unique_of_the_gutter_is_never_taken_for_one_of_the_server() {
    let (mut servers, spare, leash) = guttered("10s", "");
    let mut client = leash.client();
    let key = keys_of(&leash, "m0", 1).remove(0);
    spare.advance_cas(1000);
    servers[0].kill();
    goes_down(&leash, "m0", &mut client);
    set(&mut client, &key, "gutter");
    let there = unique(&mut client, &key) as u32;
    client.expect(format!("cas {key} 0 0 1 {there}\r\n1\r\n"), "STORED\r\n");
    client.expect(format!("cas {key} 0 0 1 {there}\r\n2\r\n"), "EXISTS\r\n");
    let (there, raw) = (unique(&mut client, &key), unique(&mut Client::connect(&spare.address()), &key));
    servers[0].restart();
    comes_back(&leash, "m0");
    let mut direct = Client::connect(&servers[0].address());
    wait_until("the server gives the same number", BOUND, || {
        set(&mut direct, &key, "server");
        unique(&mut direct, &key) >= raw
    });
    assert_eq!(unique(&mut client, &key), raw);
    client.expect(format!("cas {key} 0 0 1 {there}\r\n9\r\n"), "EXISTS\r\n");
    reads(&mut client, &key, "server");
    (0..20).for_each(|_| set(&mut direct, &key, "server"));
    let home = unique(&mut client, &key);
    servers[0].kill();
    goes_down(&leash, "m0", &mut client);
    let mut beside = Client::connect(&spare.address());
    wait_until("the gutter gives the same number", BOUND, || {
        set(&mut beside, &key, "gutter");
        unique(&mut beside, &key) >= home
    });
    assert_eq!(unique(&mut beside, &key), home);
    client.expect(format!("cas {key} 0 0 1 {home}\r\n9\r\n"), "EXISTS\r\n");
    reads(&mut client, &key, "gutter");
}

#[test]
fn a_copy_in_the_gutter_is_overtaken_also_by_who_has_just_started_or_reloaded() {
    let (servers, spare, leash) = guttered("60s", "");
    let (mut client, mut direct) = (leash.client(), Client::connect(&spare.address()));
    let keys = keys_of(&leash, "m0", 2);
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    keys.iter().for_each(|key| set(&mut client, key, "gutter"));
    servers[0].thaw();
    comes_back(&leash, "m0");
    reload(&leash, configured(&servers, &spare, "60s", "failures: 4, ", ""));
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    misses(&mut direct, &keys[0]);
    let another = Leash::with_config(&configured(&servers, &spare, "60s", "", ""));
    set(&mut another.client(), &keys[1], "server");
    misses(&mut direct, &keys[1]);
}
