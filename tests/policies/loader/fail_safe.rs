//! Values that are kept past their grace: gone for everybody, but for those for whom no new one could be made.

use std::time::{Duration, Instant};

use support::{BOUND, Client, Leash, Memcached, Origin, wait_until};

use super::loading;

const KEPT: i64 = 60;

fn keeping(servers: &[Memcached], origin: &Origin, more: &str) -> Leash {
    let more = format!(", fail_safe: {KEPT}s{more}");
    loading(servers, &origin.url("/{key}"), &more, ", refresh: {grace: 1s}")
}

/// Waits until what the key has is past its grace; looks past leash, so that nobody begins to load it.
fn outlive(servers: &[Memcached], key: &str) {
    let mut server = Client::connect(&servers[0].address());
    wait_until("it is past its grace", BOUND, || server.facts(key, "t").unwrap()[&'t'] <= KEPT);
}

#[test]
fn past_its_grace_a_value_is_gone_while_a_new_one_can_be_made() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200, b'%d' % self.call, {'Cache-Control': 'max-age=1'})");
    let leash = keeping(&servers, &origin, "");
    let mut client = leash.client();
    client.expect("get k\r\n", "VALUE k 0 1\r\n1\r\nEND\r\n");
    outlive(&servers, "k");
    client.expect("get k\r\n", "VALUE k 0 1\r\n2\r\nEND\r\n");
    outlive(&servers, "k");
    client.expect("add k 0 0 1\r\nx\r\nget k\r\n", "STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n");
    assert_eq!(origin.calls(), 2);
}

#[test]
fn past_its_grace_a_value_is_served_in_the_whole_fleet_while_none_can_be_made() {
    let servers = Memcached::start_many(1);
    let mut origin = Origin::start("self.say(200, b'one', {'Cache-Control': 'max-age=1', 'Leash-Flags': '7'})");
    let fleet = [(); 2].map(|()| keeping(&servers, &origin, ""));
    let mut clients = fleet.each_ref().map(Leash::client);
    clients[0].expect("get k\r\n", "VALUE k 7 3\r\none\r\nEND\r\n");
    outlive(&servers, "k");
    origin.kill();
    let begun = Instant::now();
    for _ in 0..20 {
        for client in &mut clients {
            client.expect("get k\r\n", "VALUE k 7 3\r\none\r\nEND\r\n");
            client.expect("mg k v f\r\n", "VA 3 f7 Z X\r\none\r\n");
            client.expect("get k other\r\n", "VALUE k 7 3\r\none\r\nEND\r\n");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "nobody waits for what fails at once: {:?}", begun.elapsed());
    let _back = Origin::start_at("self.say(200, b'two')", origin.port());
    wait_until("a new value is there", 2 * BOUND, || clients[1].get("k").unwrap().as_deref() == Some(b"two"));
}

#[test]
fn a_caller_for_whom_a_call_takes_too_long_is_given_what_was_kept() {
    let servers = Memcached::start_many(1);
    let origin =
        Origin::start("time.sleep(30 if self.call > 1 else 0)\nself.say(200, b'one', {'Cache-Control': 'max-age=1'})");
    let leash = keeping(&servers, &origin, ", timeout: 1s");
    let mut client = leash.client();
    client.expect("get k\r\n", "VALUE k 0 3\r\none\r\nEND\r\n");
    outlive(&servers, "k");
    let asked = Instant::now();
    client.expect("get k\r\n", "VALUE k 0 3\r\none\r\nEND\r\n");
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_millis(1600), "{took:?}");
}

#[test]
fn what_is_no_more_is_not_served_though_it_was_kept() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("self.say(200 if self.call == 1 else 404, b'one', {'Cache-Control': 'max-age=1'})");
    let leash = keeping(&servers, &origin, "");
    let mut client = leash.client();
    client.expect("get k\r\n", "VALUE k 0 3\r\none\r\nEND\r\n");
    outlive(&servers, "k");
    client.expect("get k\r\n", "END\r\n");
    client.expect("get k\r\n", "END\r\n");
    assert_eq!(origin.calls(), 2);
}

#[test]
fn an_answer_may_ask_to_be_kept_for_less_time() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start(
        "self.say(200, b'v', {'Cache-Control': 'max-age=300, stale-if-error=' + ('61' if 'all' in path else '31')})",
    );
    let leash = keeping(&servers, &origin, "");
    let mut server = Client::connect(&servers[0].address());
    // 61 s past the stale date is all that the route gives; 30 s less end 30 s earlier.
    for (key, lasts) in [("all", 361), ("less", 331)] {
        leash.client().expect(format!("get {key}\r\n"), format!("VALUE {key} 0 1\r\nv\r\nEND\r\n"));
        let left = server.facts(key, "t").unwrap()[&'t'];
        assert!((lasts - 3..=lasts).contains(&left), "{key}: {left}");
    }
}
