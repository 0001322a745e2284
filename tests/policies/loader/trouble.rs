//! An endpoint that is down, hangs or lies: nothing of it becomes a value, and callers are told in time.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use support::{BOUND, Leash, Memcached, Origin, wait_until};

use super::{is_long, loading, loading_from};

/// How often a load ended so.
fn loads(leash: &Leash, outcome: &str) -> u64 {
    let begin = format!("leash_loads_total{{route=\"everything else\",outcome=\"{outcome}\"}} ");
    leash.page("/metrics").lines().find_map(|line| line.strip_prefix(&begin)?.parse().ok()).unwrap()
}

#[test]
fn while_the_endpoint_is_down_warm_keys_are_served_stale_and_it_is_asked_only_now_and_then() {
    let servers = Memcached::start_many(2);
    let mut origin = Origin::start("self.say(200, b'v', {'Cache-Control': 'max-age=1'})");
    let leash = loading_from(&servers, &origin, "");
    let keys: Vec<String> = (0..300).map(|n| format!("k{n}")).collect();
    let all = format!("get {}\r\n", keys.join(" "));
    let whole: String = keys.iter().map(|key| format!("VALUE {key} 0 1\r\nv\r\n")).collect::<String>() + "END\r\n";
    let mut client = leash.client();
    client.expect(&all, &whole);
    origin.kill();
    let down = Instant::now();
    let lasts = if is_long() { 30 } else { 6 };
    while down.elapsed() < Duration::from_secs(lasts) {
        client.expect(&all, &whole);
        support::pause(Duration::from_millis(20));
    }
    let called = loads(&leash, "connect");
    // What was under way when it opened, and probes after 1 s, 2 s more, and so on up to 10 s, less up to a quarter.
    let probes = if is_long() { 7 } else { 3 };
    println!("{called} calls in {lasts} s for 300 stale keys");
    assert!((20..=20 + 64 + probes).contains(&called), "{called} calls");
    assert!(loads(&leash, "held_back") > called, "the others were held back");
    assert!(leash.log().contains("the loader of a route fails: it is asked only now and then"));
    let _back = Origin::start_at("self.say(200, b'new')", origin.port());
    wait_until("a new value is there", 2 * BOUND, || client.get("k0").unwrap().as_deref() == Some(b"new"));
    assert!(leash.log().contains("the loader of a route answers again"));
}

#[test]
fn a_cold_key_of_an_endpoint_that_hangs_misses_in_time_and_its_value_is_kept_if_it_comes() {
    let servers = Memcached::start_many(1);
    let origin = Origin::start("time.sleep(0.8 if 'slow' in path else 60)\nself.say(200, b'v')");
    let leash = loading_from(&servers, &origin, ", timeout: 1s");
    let mut client = leash.client();
    let asked = Instant::now();
    client.expect("get k\r\n", "END\r\n");
    let took = asked.elapsed();
    println!("a miss after {took:?} of 1 s");
    let most = if is_long() { 1050 } else { 1400 };
    assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(most), "{took:?}");
    // The next ones miss at once, for a moment.
    let asked = Instant::now();
    client.expect("get k\r\n", "END\r\n");
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());

    let mut hangs_up = leash.client();
    hangs_up.send("get slow\r\n");
    wait_until("it is asked for", BOUND, || origin.calls() == 2);
    drop(hangs_up);
    wait_until("its value is there", BOUND, || {
        support::Client::connect(&servers[0].address()).get("slow").unwrap().is_some()
    });
}

/// An endpoint that says this to every request, for as long as it is listened to.
fn liar(answer: Vec<u8>, is_endless: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head, mut byte) = (stream.unwrap(), Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let _ = stream.write_all(&answer);
            let more = [b'a'; 65_536];
            while is_endless && stream.write_all(&more).is_ok() {}
        }
    });
    port
}

#[test]
fn nothing_of_an_answer_that_is_not_whole_or_not_as_announced_becomes_a_value() {
    let servers = Memcached::start_many(1);
    let ok = "HTTP/1.1 200 OK\r\n";
    let many: String = (0..100_000).map(|n| format!("x{n}: y\r\n")).collect();
    for (n, (answer, is_endless, outcome)) in [
        (format!("{ok}content-length: 5\r\n\r\nab"), false, "broken"),
        (format!("{ok}content-length: 5\r\n\r\nabcdefg"), false, "broken"),
        (format!("{ok}content-length: 5\r\nconnection: close\r\n\r\nabcdefg"), false, "broken"),
        (format!("{ok}\r\nabc"), false, "broken"),
        (format!("{ok}content-length: 10737418240\r\n\r\n"), true, "too_large"),
        (format!("{ok}transfer-encoding: chunked\r\n\r\nffffffff\r\n"), true, "too_large"),
        (format!("{ok}x: "), true, "broken"),
        (format!("{ok}{many}content-length: 1\r\n\r\na"), false, "broken"),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".into(), false, "status"),
        ("HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\nabc".into(), false, "status"),
        ("SSH-2.0-OpenSSH_9.2\r\n".into(), false, "broken"),
        (format!("{ok}content-length: 1\r\nleash-flags: x\r\n\r\na"), false, "broken"),
        (format!("{ok}content-length: 1\r\nleash-flags: 2147483648\r\n\r\na"), false, "broken"),
    ]
    .into_iter()
    .enumerate()
    {
        let port = liar(answer.clone().into_bytes(), is_endless);
        let leash = loading(&servers, &format!("http://127.0.0.1:{port}/{{key}}"), "", "");
        let mut client = leash.client();
        for key in ["a", "b", "c", "d", "e"] {
            client.expect(format!("get {key}{n}\r\n"), "END\r\n");
        }
        let shown = &answer[..answer.len().min(90)];
        assert_eq!(loads(&leash, outcome), 5, "{shown}");
        // The caller is answered first.
        wait_until(shown, BOUND, || {
            leash.page("/metrics").contains("leash_loader_held_back{route=\"everything else\"} 1")
        });
        let status = std::fs::read_to_string(format!("/proc/{}/status", leash.pid())).unwrap();
        let most: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok())
            .unwrap();
        assert!(most < 150_000, "{most} KiB for {shown}");
        support::Client::connect(&servers[0].address()).expect(format!("get a{n} b{n} c{n} d{n} e{n}\r\n"), "END\r\n");
    }
}
