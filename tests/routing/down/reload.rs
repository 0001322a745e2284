//! Another configuration while servers are down: nothing that is known of them is forgotten.

use support::figures::{metric, reaches};
use support::reload::reload;
use support::{BOUND, Client, Memcached, wait_until};

use super::pools::{comes_back, config, directory, goes_down, keys_of, leash, misses, reads, set};

/// A change that has nothing to do with servers.
const UNRELATED: &str = "limits: {in_flight: 99}\n";

#[test]
fn all_servers_that_look_down_still_do_after_a_reload_and_it_is_one_blackout() {
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let (mut client, names) = (leash.client(), ["m0", "m1", "m2"]);
    servers.iter_mut().for_each(Memcached::kill);
    names.iter().for_each(|name| goes_down(&leash, name, &mut client));
    reaches(&leash, "leash_pool_blackout", "", 1.0);
    for (pool, more) in [("", UNRELATED), ("failures: 2", UNRELATED), ("failures: 9, connect_timeout: 300ms", "")] {
        let asked = metric(&leash, "leash_upstream_requests_total", "");
        reload(&leash, config(&servers, pool, more));
        client.expect("get a b c d e f g h i\r\n", "END\r\n");
        assert_eq!(metric(&leash, "leash_upstream_requests_total", ""), asked, "nothing is asked of them: {pool}");
        assert_eq!(metric(&leash, "leash_server_up", ""), 0.0, "{pool}");
        assert_eq!(metric(&leash, "leash_pool_blackout", ""), 1.0, "{pool}");
    }
    servers.iter_mut().for_each(Memcached::restart);
    names.iter().for_each(|name| comes_back(&leash, name));
    reaches(&leash, "leash_pool_blackout", "", 0.0);
    assert_eq!(metric(&leash, "leash_pool_blackouts_total", ""), 1.0, "{}", leash.log());
    assert_eq!(leash.log().matches("servers are reached again").count(), 1, "{}", leash.log());
}

#[test]
fn servers_that_are_gone_from_the_configuration_do_not_count_as_up_or_down() {
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    servers[..2].iter_mut().for_each(Memcached::kill);
    ["m0", "m1"].iter().for_each(|name| goes_down(&leash, name, &mut client));
    assert_eq!(metric(&leash, "leash_pool_blackout", ""), 0.0);
    reload(&leash, config(&servers[..2], "", ""));
    reaches(&leash, "leash_pool_blackout", "", 1.0);
    reload(&leash, config(&servers, "", ""));
    reaches(&leash, "leash_pool_blackout", "", 0.0);
}

/// Configurations to go on with while deletes wait for m0: what is changed, as further entries of the pool and as
/// lines.
const CHANGES: [(&str, &str); 4] = [
    ("", UNRELATED),
    ("failures: 7", ""),
    ("connect_timeout: 123ms, failures: 2", UNRELATED),
    ("failures: 2", "spool: {max_keys: 1}\n"),
];

#[test]
fn no_reload_loses_a_delete_that_waits_or_uses_the_server_before_it_was_told() {
    let servers = Memcached::start_many(2);
    let (directory, line) = directory();
    let leash = leash(&servers, "", &line);
    let mut client = leash.client();
    let keys = keys_of(&leash, "m0", CHANGES.len() + 2);
    keys.iter().for_each(|key| set(&mut client, key, "old"));
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    for ((pool, more), key) in CHANGES.iter().zip(&keys[1..]) {
        client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n");
        let more = if more.contains("spool") {
            more.replace('{', &format!("{{dir: {}, ", directory.path().display()))
        } else {
            format!("{line}\n{more}")
        };
        reload(&leash, config(&servers, pool, &more));
        assert_eq!(metric(&leash, "leash_server_up", "server=\"m0\""), 0.0, "{pool} {more}");
        keys.iter().for_each(|key| misses(&mut client, key));
    }
    let waiting = CHANGES.len() + 1;
    assert_eq!(metric(&leash, "leash_spool_keys", "server=\"m0\""), waiting as f64);
    let line = client.ask(format!("delete {}\r\n", keys[waiting]));
    assert!(line.ends_with(": is down"), "the limit is the new one: {line}");
    servers[0].thaw();
    comes_back(&leash, "m0");
    keys[..waiting].iter().for_each(|key| misses(&mut client, key));
    reads(&mut client, &keys[waiting], "old");
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), waiting as f64);
    assert!(!leash.log().contains("no spool there"), "{}", leash.log());
}

#[test]
fn a_server_at_another_address_is_told_what_waits_for_it_before_it_is_used() {
    let (servers, elsewhere) = (Memcached::start_many(2), Memcached::start());
    let leash = leash(&servers, "", "");
    let (mut client, mut direct) = (leash.client(), Client::connect(&elsewhere.address()));
    let keys = keys_of(&leash, "m0", 2);
    for key in &keys {
        set(&mut client, key, "old");
        set(&mut direct, key, "old");
    }
    servers[0].freeze();
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {}\r\n", keys[0]), "NOT_FOUND\r\n");
    let moved = config(&servers, "", "").replace(&servers[0].address(), &elsewhere.address());
    reload(&leash, moved);
    comes_back(&leash, "m0");
    misses(&mut client, &keys[0]);
    reads(&mut client, &keys[1], "old");
    assert_eq!(metric(&leash, "leash_spool_replayed_total", ""), 1.0);
}

#[test]
fn what_was_on_its_way_to_a_frozen_server_before_a_reload_does_not_outlive_a_delete_after_it() {
    let servers = Memcached::start_many(2);
    let leash = leash(&servers, "", "");
    let mut client = leash.client();
    let key = keys_of(&leash, "m0", 1).remove(0);
    set(&mut client, &key, "old");
    servers[0].freeze();
    client.send(format!("set {key} 0 0 4\r\nlate\r\n"));
    assert!(client.read_line().unwrap().ends_with(b": no reply in time\r\n"));
    // The server is not known to be down yet, and has what was sent unread.
    reload(&leash, config(&servers, "failures: 2", ""));
    goes_down(&leash, "m0", &mut client);
    client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n");
    servers[0].thaw();
    comes_back(&leash, "m0");
    misses(&mut client, &key);
}

#[test]
fn deletes_for_a_server_that_is_gone_from_the_configuration_are_told_of_and_wait_in_its_file() {
    let servers = Memcached::start_many(3);
    let (_directory, line) = directory();
    let leash = leash(&servers, "", &line);
    let mut client = leash.client();
    let key = keys_of(&leash, "m2", 1).remove(0);
    set(&mut client, &key, "old");
    servers[2].freeze();
    goes_down(&leash, "m2", &mut client);
    client.expect(format!("delete {key}\r\n"), "NOT_FOUND\r\n");
    reload(&leash, config(&servers[..2], "", &line));
    let told = leash.log();
    let told = told.lines().find(|line| line.contains("gone from the configuration")).unwrap_or_default();
    assert!(told.contains("m2") && told.contains("\"waiting\":1"), "{told}");
    reload(&leash, config(&servers, "", &line));
    assert_eq!(metric(&leash, "leash_server_up", "server=\"m2\""), 0.0);
    servers[2].thaw();
    comes_back(&leash, "m2");
    misses(&mut client, &key);
    assert_eq!(metric(&leash, "leash_spool_replayed_total", "server=\"m2\""), 1.0);
    wait_until("its file is empty", BOUND, || metric(&leash, "leash_spool_keys", "") == 0.0);
}

#[test]
fn the_directory_of_the_spools_waits_for_a_restart() {
    let servers = Memcached::start_many(1);
    let ((_one, line), (other, another)) = (directory(), directory());
    let leash = leash(&servers, "", &line);
    reload(&leash, config(&servers, "", &another));
    assert_eq!(metric(&leash, "leash_config_restart_pending", ""), 1.0);
    assert!(leash.log().contains("spool.dir cannot change while leash runs"), "{}", leash.log());
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
}
