//! What comes between while a value is loaded: another configuration, the end of the process that loads it, a word from
//! another instance.

use std::time::{Duration, Instant};

use support::reload::reload;
use support::{BOUND, Client, Memcached, Origin, wait_until};

use super::{loading, loading_from};

const SLOW: &str = "time.sleep(1.5 if self.call == 1 else 0)\nself.say(200, path.encode())";

fn config(server: &Memcached, route: &str) -> String {
    format!(
        "workers: 2\npools: {{main: {{servers: ['{}']}}}}\nroutes: [{{prefix: '', pool: main{route}}}]\n",
        server.address()
    )
}

#[test]
fn a_load_that_is_under_way_ends_as_it_began_whatever_a_reload_changes() {
    let (servers, other) = (Memcached::start_many(1), Memcached::start());
    for (key, value, next) in
        [("url", "/cache/url", Some("/new/b")), ("off", "/cache/off", None), ("pool", "/cache/pool", Some("/new/b"))]
    {
        let origin = Origin::start(SLOW);
        let leash = loading_from(&servers, &origin, "");
        let mut caller = leash.client();
        caller.send(format!("get {key}\r\n"));
        wait_until("it is asked for", BOUND, || origin.calls() == 1);
        let loader = next.map_or(String::new(), |_| format!(", loader: {{url: '{}'}}", origin.url("/new/{key}")));
        reload(&leash, config(if key == "pool" { &other } else { &servers[0] }, &loader));
        caller.expect("", format!("VALUE {key} 0 {}\r\n{value}\r\nEND\r\n", value.len()));
        match next {
            Some(next) => caller.expect("get b\r\n", format!("VALUE b 0 {}\r\n{next}\r\nEND\r\n", next.len())),
            None => caller.expect("get b\r\n", "END\r\n"),
        }
        Client::connect(&servers[0].address()).ask("delete b\r\n");
    }
}

#[test]
fn a_value_whose_loader_is_killed_is_loaded_by_another_instance_once_the_lease_is_over() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("time.sleep(60 if self.call == 1 else 0)\nself.say(200, b'v')");
    let [mut dies, lives] = [(); 2].map(|()| loading_from(&servers, &origin, ", timeout: 1s"));
    let (mut first, mut other) = (dies.client(), lives.client());
    first.send("get k\r\n");
    wait_until("it is asked for", BOUND, || origin.calls() == 1);
    dies.crash();
    let asked = Instant::now();
    other.expect("get k\r\n", "END\r\n");
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_millis(1600), "{took:?}");
    wait_until("it is loaded", BOUND, || other.get("k").unwrap().as_deref() == Some(b"v"));
    assert_eq!(origin.calls(), 2);
}

#[test]
fn a_caller_that_waits_for_a_load_misses_when_leash_ends() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start(SLOW);
    let mut leash = loading_from(&servers, &origin, "");
    let mut caller = leash.client();
    caller.send("get k\r\n");
    wait_until("it is asked for", BOUND, || origin.calls() == 1);
    leash.terminate();
    caller.expect("", "END\r\n");
}

#[test]
fn a_delete_in_another_instance_ends_what_this_one_knows_of_no_value() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(404 if self.call == 1 else 200, b'now')");
    let [one, other] = [(); 2].map(|()| loading_from(&servers, &origin, ", negative_ttl: 60s"));
    let mut client = one.client();
    client.expect("get k\r\nget k\r\n", "END\r\nEND\r\n");
    assert_eq!(origin.calls(), 1);
    other.client().expect("delete k\r\n", "NOT_FOUND\r\n");
    client.expect("get k\r\n", "VALUE k 0 3\r\nnow\r\nEND\r\n");
}

#[test]
fn what_is_not_kept_and_was_loaded_before_a_delete_elsewhere_is_not_told_after_it() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start(
        "time.sleep(1.5 if self.call == 1 else 0)\nself.say(200, b'%d' % self.call, {'Cache-Control': 'no-store'})",
    );
    let [one, other] = [(); 2].map(|()| loading_from(&servers, &origin, ""));
    let (mut early, mut late) = (one.client(), one.client());
    early.send("get k\r\n");
    wait_until("it is asked for", BOUND, || origin.calls() == 1);
    other.client().expect("delete k\r\n", "NOT_FOUND\r\n");
    late.expect("get k\r\n", "VALUE k 0 1\r\n2\r\nEND\r\n");
    early.expect("", "VALUE k 0 1\r\n2\r\nEND\r\n");
}

#[test]
fn connections_that_an_endpoint_closed_when_it_was_restarted_cost_no_call() {
    let servers = Memcached::start_many(1);
    let mut origin = Origin::start("self.say(200, b'v')");
    let leash = loading(&servers, &origin.url("/{key}"), ", max_in_flight: 8", "");
    let mut client = leash.client();
    let all = |n: usize| (0..8).map(|k| format!("{n}:{k}")).collect::<Vec<_>>();
    for round in 0..3 {
        let keys = all(round);
        let found: String = keys.iter().map(|key| format!("VALUE {key} 0 1\r\nv\r\n")).collect();
        client.expect(format!("get {}\r\n", keys.join(" ")), found + "END\r\n");
        let port = origin.port();
        origin.kill();
        origin = Origin::start_at("self.say(200, b'v')", port);
    }
}
