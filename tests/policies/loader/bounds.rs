//! How much the endpoint is asked at once, and in which order.

use std::time::{Duration, Instant};

use support::{BOUND, Memcached, Origin, wait_until};

use super::{is_long, loading_from};

const MOST: usize = 8;

#[test]
fn however_many_keys_are_cold_at_once_no_more_calls_are_under_way_than_configured() {
    let cold = if is_long() { 10_000 } else { 2000 };
    let keys: Vec<String> = (0..cold).map(|n| format!("k{n}")).collect();
    let servers = Memcached::start_many(2);
    let origin = Origin::start("time.sleep(0.005)\nself.say(200, path[7:].encode())");
    let leash = loading_from(&servers, &origin, &format!(", timeout: 300s, max_in_flight: {MOST}"));
    let mut client = leash.client();
    client.set_bound(20 * BOUND);
    client.send(format!("get {}\r\n", keys.join(" ")));
    for key in &keys {
        let head = String::from_utf8(client.read_line().unwrap()).unwrap();
        assert_eq!(head.trim_end(), format!("VALUE {key} 0 {}", key.len()));
        assert_eq!(client.read_line().unwrap(), format!("{key}\r\n").as_bytes());
    }
    client.expect("", "END\r\n");
    assert_eq!((origin.calls(), origin.most_at_once() <= MOST), (keys.len(), true), "{}", origin.most_at_once());
}

#[test]
fn callers_of_keys_that_do_not_get_their_turn_in_time_miss_in_time() {
    let keys: Vec<String> = (0..200).map(|n| format!("k{n}")).collect();
    let servers = Memcached::start_many(1);
    let origin = Origin::start("time.sleep(0.4)\nself.say(200, b'v')");
    let leash = loading_from(&servers, &origin, ", timeout: 1s, max_in_flight: 2");
    let mut client = leash.client();
    let asked = Instant::now();
    client.send(format!("get {}\r\n", keys.join(" ")));
    let mut values = 0;
    loop {
        match client.read_line().unwrap() {
            line if line == b"END\r\n" => break,
            line => values += usize::from(line.starts_with(b"VALUE")),
        }
    }
    let took = asked.elapsed();
    assert!((2..=8).contains(&values), "{values} values");
    assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1800), "{took:?}");
    wait_until("nothing is left waiting", BOUND, || {
        let page = leash.page("/metrics");
        let is = |line: &str| page.lines().any(|known| known == line);
        is("leash_loads_waiting{route=\"everything else\"} 0")
            && is("leash_loads_in_flight{route=\"everything else\"} 0")
    });
    assert!(origin.calls() <= 10, "calls were begun for callers that are long gone: {}", origin.calls());
}

#[test]
fn one_that_asks_for_hundreds_of_keys_holds_up_nobody_who_asks_for_one() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("time.sleep(0.02)\nself.say(200, b'v')");
    let leash = loading_from(&servers, &origin, ", timeout: 60s, max_in_flight: 1");
    let (mut greedy, mut modest) = (leash.client(), leash.client());
    let keys: Vec<String> = (0..300).map(|n| format!("k{n}")).collect();
    greedy.send(format!("get {}\r\n", keys.join(" ")));
    wait_until("its first keys are loaded", BOUND, || origin.calls() >= 5);
    modest.expect("get one\r\n", "VALUE one 0 1\r\nv\r\nEND\r\n");
    let before = origin.paths().iter().position(|path| path == "/cache/one").unwrap();
    assert!(before < 150, "{before} calls went before it");
}
