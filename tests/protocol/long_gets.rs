//! Gets of as many keys as clients like: memcached has no limit for them, and nobody else waits for one.

use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

const PLACES: [&str; 2] = ["over servers", "on the embedded store"];

fn leash(servers: &[&Memcached], limits: &str) -> Leash {
    let servers = match servers {
        [] => "embedded".to_string(),
        servers => servers.iter().map(|server| format!("\"{}\"", server.address())).collect::<Vec<_>>().join(", "),
    };
    Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: [{servers}]}}}}\nlimits: {{{limits}}}\n"))
}

/// A key of 100 bytes.
fn key(n: usize) -> String {
    format!("{n:0100}")
}

fn get(verb: &str, keys: usize) -> String {
    (0..keys).fold(verb.to_string(), |line, n| line + " " + &key(n)) + "\r\n"
}

fn store(leash: &Leash, keys: usize) {
    let mut client = leash.client();
    for batch in (0..keys).collect::<Vec<_>>().chunks(1000) {
        let sets: String = batch.iter().map(|n| format!("set {} 0 0 6 noreply\r\n{n:06}\r\n", key(*n))).collect();
        client.send(sets);
    }
    client.expect("mn\r\n", "MN\r\n");
}

/// Asks and reads the reply to its end, while it is being sent: neither side keeps 10 MB of the other.
fn exchange(client: &Client, request: String) -> Vec<u8> {
    let mut sender = Client::of(client.stream.try_clone().unwrap());
    let mut reader = Client::of(client.stream.try_clone().unwrap());
    let sending = std::thread::spawn(move || sender.send(request));
    reader.set_bound(BOUND);
    let mut reply = Vec::new();
    loop {
        let line = reader.read_line().expect("a line");
        let is_last = !line.starts_with(b"VALUE") && !line[0].is_ascii_digit();
        reply.extend_from_slice(&line);
        if is_last {
            sending.join().unwrap();
            return reply;
        }
    }
}

#[test]
fn a_get_of_100000_keys_of_100_bytes_brings_every_value_in_order() {
    const KEYS: usize = 100_000;
    let servers = [Memcached::start(), Memcached::start()];
    for (place, servers) in PLACES.iter().zip([&servers.iter().collect::<Vec<_>>()[..], &[]]) {
        let leash = leash(servers, "");
        store(&leash, KEYS - 1);
        let mut client = leash.client();
        let reply = exchange(&client, get("get", KEYS));
        let expected: String = (0..KEYS - 1).map(|n| format!("VALUE {} 0 6\r\n{n:06}\r\n", key(n))).collect();
        assert!(reply == (expected + "END\r\n").into_bytes(), "{place}: {} bytes", reply.len());
        client.expect("mn\r\n", "MN\r\n");
        let refused = exchange(&client, get("gets", KEYS + 1));
        assert_eq!(refused, b"CLIENT_ERROR too many keys in one get, at most 100000\r\n", "{place}");
        client.expect("mn\r\n", "MN\r\n");
    }
}

/// pylibmc, Django, PHP and spymemcached took the closed connection for a dead server.
#[test]
fn a_get_of_683_keys_is_no_line_too_long() {
    let leash = leash(&[], "request_line: 1KiB");
    store(&leash, 683);
    for verb in ["get", "gets", "gat 0", "gats 0"] {
        let reply = exchange(&leash.client(), get(verb, 683));
        assert_eq!(reply.windows(6).filter(|six| six == b"VALUE ").count(), 683, "{verb}");
    }
    assert_eq!(metric(&leash, "leash_downstream_protocol_errors_total", ""), 0.0);
}

/// memcached has read the keys before the bad one by then, and touched them.
#[test]
fn a_bad_key_in_the_middle_of_a_line_is_told_as_memcached_tells_it() {
    let (server, other) = (Memcached::start(), Memcached::start());
    let through = [leash(&[], ""), leash(&[&other], "")];
    let (long, spaces) = ("k".repeat(251), " ".repeat(20_000));
    let many = get("a", 500).trim_end().to_string();
    // memcached itself gives up a gat of more than 2048 bytes.
    for line in [
        format!("gat 100 a b {long} c"),
        format!("gat 100 {long} c"),
        format!("gat soon a {long}"),
        format!("gat 100 {}", " ".repeat(1000)),
        format!("get {many} {long} c"),
        format!("get {many} {}", "k".repeat(70_000)),
        format!("gets a{spaces}b {long} c"),
        format!("get {}", "k".repeat(70_000)),
        format!("get{spaces}"),
    ] {
        let ask = |client: &mut Client| {
            client.expect("set a 0 0 1\r\nx\r\nset c 0 0 1\r\nx\r\n", "STORED\r\nSTORED\r\n");
            let told = client.ask(format!("{line}\r\n"));
            // Not how long an item has left: it may have lost a second meanwhile.
            (told, ["a", "c", "b"].map(|key| client.facts(key, "t h").map(|facts| (facts[&'t'] > 0, facts[&'h']))))
        };
        let theirs = ask(&mut Client::connect(&server.address()));
        for leash in &through {
            assert_eq!(ask(&mut leash.client()), theirs, "{:.60}… of {} bytes", line, line.len());
        }
    }
}

#[test]
fn half_a_line_is_no_command() {
    let (server, leash) = (Memcached::start(), leash(&[], ""));
    let there = server.address();
    // memcached itself gives up a gat that is longer.
    for (address, keys) in [(&*there, 10), (leash.address(), 10), (leash.address(), 1000)] {
        let mut client = Client::connect(address);
        client.expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
        let mut gone = Client::connect(address);
        gone.send(get("gat 100 a", keys).trim_end());
        gone.finish_sending();
        assert_eq!(gone.read_to_end().unwrap(), b"");
        client.expect("mg a t\r\n", "HD t-1\r\n");
    }
}

#[test]
fn keys_that_there_is_no_memory_for_are_refused_and_the_connection_lives_on() {
    let leash = leash(&[], "memory: 2MiB, item_size: 64KiB, unsent_replies: 64KiB");
    let mut client = leash.client();
    for keys in [4_000, 60_000] {
        let reply = exchange(&client, get("get", keys));
        assert!(reply == b"END\r\n" || reply.starts_with(b"SERVER_ERROR out of memory"), "{}", reply.escape_ascii());
        client.expect("mn\r\n", "MN\r\n");
    }
    assert!(metric(&leash, "leash_memory_shed_total", "what=\"request\"") >= 1.0);
}

/// A client that was kept from asking more, as memory was short, went on only when its request's time was over: the event
/// that could have woken it was its own memory being given back.
#[test]
fn what_waits_for_memory_is_asked_as_soon_as_there_is_some() {
    const KEYS: usize = 20_000;
    let server = Memcached::start();
    let leash = leash(&[&server], "memory: 16MiB, request_time: 1h");
    let line = (0..KEYS).fold("get".to_string(), |line, n| line + &format!(" k{n:06}")) + "\r\nmn\r\n";
    let clients: Vec<Client> = (0..100).map(|_| leash.client()).collect();
    std::thread::scope(|threads| {
        for client in &clients {
            let (mut sender, mut reader) =
                (Client::of(client.stream.try_clone().unwrap()), Client::of(client.stream.try_clone().unwrap()));
            let line = &line;
            threads.spawn(move || sender.send(line));
            threads.spawn(move || {
                reader.set_bound(BOUND);
                while reader.read_line().expect("an answer to all that was asked") != b"MN\r\n" {}
            });
        }
    });
}

/// What is behind a get waits until all its keys were asked for, also where that they were answered gives memory back, which
/// lets the client ask for more between two looks at how much it may.
#[test]
fn nothing_overtakes_a_get_of_which_the_rest_waits_for_memory() {
    const KEYS: usize = 10_000;
    const HALF: f64 = (8 << 20) as f64;
    let server = Memcached::start();
    let leash = Leash::with_config(&format!(
        "workers: 1\npools: {{main: {{servers: [\"{}\"], request_timeout: 30s}}}}\nlimits: {{memory: 16MiB, in_flight: 5000}}\n",
        server.address()
    ));
    let held = || metric(&leash, "leash_buffer_bytes", "");
    let in_flight = || metric(&leash, "leash_upstream_in_flight", "");
    server.freeze();
    let (mut client, before) = (leash.client(), held());
    client.send(format!("{}mn\r\n", get("get", KEYS)));
    wait_until("as many keys are asked for as may be", BOUND, || in_flight() >= 5000.0);
    // Others take half of the memory, but for less than these keys will give back.
    let given_back = held() - before;
    let size = (given_back / 8.0) as usize;
    let mut others = Vec::new();
    while held() < HALF {
        let begun = held();
        let mut other = leash.client();
        other.send(format!("set other 0 0 {size}\r\n{}", "v".repeat(size - 1)));
        wait_until("what another sends is held", BOUND, || held() > begun + given_back / 16.0);
        others.push(other);
    }
    server.thaw();
    client.expect("", "END\r\nMN\r\n");
}

/// A line that comes slowly but does come is no reason to hang up, as it is none for memcached.
#[test]
fn a_request_may_take_longer_than_its_time_as_long_as_it_goes_on() {
    let leash = leash(&[], "request_time: 400ms");
    let mut client = leash.client();
    let begun = Instant::now();
    for part in ["get", " a", " b", "\r\nset k 0 0 4\r\n", "v", "al", "u", "\r\n"] {
        client.send(part);
        pause(Duration::from_millis(150));
    }
    assert!(begun.elapsed() > Duration::from_millis(800));
    client.expect("", "END\r\nSTORED\r\n");
}

/// While a client asks for 100,000 keys again and again, others are served between the pieces.
#[test]
fn nobody_waits_for_a_get_of_100000_keys() {
    const KEYS: usize = 100_000;
    let leash = leash(&[], "");
    store(&leash, KEYS);
    let (mut beside, long) = (leash.client(), leash.client());
    let mut slowest = |gets: &mut dyn FnMut() -> bool| {
        let mut times = Vec::new();
        while gets() {
            let start = Instant::now();
            beside.expect("get k\r\n", "END\r\n");
            times.push(start.elapsed());
        }
        times.sort_unstable();
        times[times.len() * 99 / 100]
    };
    let mut left = 500;
    let alone = slowest(&mut || {
        left -= 1;
        left > 0
    });
    let asking = std::thread::spawn(move || (0..3).for_each(|_| drop(exchange(&long, get("get", KEYS)))));
    let with = slowest(&mut || !asking.is_finished());
    asking.join().unwrap();
    println!("p99 of a small get alone {alone:?}, beside gets of {KEYS} keys {with:?}");
    // The bound of a machine that does much else; `tests/load` holds the promise itself.
    assert!(with < Duration::from_millis(50), "{with:?}, alone {alone:?}");
    wait_until("nothing is kept", BOUND, || metric(&leash, "leash_buffer_bytes", "") < 4e6);
}
