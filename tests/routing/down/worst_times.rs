//! No reply later than its time, whatever leash waits for: every command in every phase, under every fault of a server.
//!
//! Prints the table that stands in docs/reference/deadlines.md: `cargo test --test routing worst -- --nocapture`.

use std::thread;
use std::time::{Duration, Instant};

use support::{Client, Leash, Memcached, pause};

use super::slow_server::SlowServer;

/// What a server is given, in both pools.
const TIMEOUT: Duration = Duration::from_millis(300);
/// Nearly as much.
const SLOW: Duration = Duration::from_millis(240);
const COLD_WAIT: Duration = Duration::from_millis(200);
/// What leash may take above that.
const PROMISED: Duration = Duration::from_millis(50);
/// What a machine may take that does other things beside.
const NOISE: Duration = Duration::from_millis(400);

/// Client flags and TTL of a value that is half through its grace.
const STALE: &str = "2147483648 30";

/// A kind of command, and what a client sends of it about a key.
const KINDS: [(&str, &[&str]); 5] = [
    ("get", &["get K\r\n", "mg K v t\r\n"]),
    ("gets", &["gets K\r\n", "mg K v c\r\n"]),
    ("set", &["set K 0 9 1\r\n6\r\n", "ms K 1\r\n6\r\n"]),
    (
        "depends",
        &[
            "add K 0 0 1\r\n6\r\n",
            "cas K 0 0 1 77\r\n6\r\n",
            "replace K 0 0 1\r\n6\r\n",
            "append K 0 0 1\r\n6\r\n",
            "incr K 1\r\n",
            "touch K 50\r\n",
            "gat 50 K\r\n",
            "ma K N0 v\r\n",
            "md K I\r\n",
        ],
    ),
    ("delete", &["delete K\r\n", "md K\r\n"]),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    OldFrozen,
    NewFrozen,
    BothFrozen,
    OldKilled,
    BothSlow,
}

/// A way of serving keys, and how long a reply may take there, in units of the time-out.
struct Way {
    name: &'static str,
    route: &'static str,
    timeouts: u32,
    is_stale: bool,
}

const WAYS: [Way; 6] = [
    Way { name: "plain", route: "pool: old", timeouts: 1, is_stale: false },
    Way {
        name: "refresh",
        route: "pool: old, refresh: {grace: 60s, lease: 10s, cold_wait: 200ms}",
        timeouts: 1,
        is_stale: true,
    },
    Way { name: "prepare", route: "migrate: {from: old, to: new, phase: prepare}", timeouts: 2, is_stale: false },
    Way { name: "warm", route: "migrate: {from: old, to: new, phase: warm}", timeouts: 2, is_stale: false },
    Way { name: "drain", route: "migrate: {from: old, to: new, phase: drain}", timeouts: 2, is_stale: false },
    Way { name: "gutter", route: "pool: guttered", timeouts: 2, is_stale: false },
];

#[test]
fn no_reply_comes_later_than_its_time_however_servers_fail() {
    let faults =
        [Fault::None, Fault::OldFrozen, Fault::NewFrozen, Fault::BothFrozen, Fault::OldKilled, Fault::BothSlow];
    println!("{:9} {:11} {}", "", "", KINDS.map(|(kind, _)| format!("{kind:>8}")).concat());
    for way in &WAYS {
        let played = thread::scope(|scope| {
            faults.map(|fault| scope.spawn(move || (fault, play(way, fault)))).map(|played| played.join().unwrap())
        });
        for (fault, worst) in played {
            let shown = worst.map(|(_, took)| format!("{:>8}", took.as_millis())).concat();
            println!("{:9} {:11} {shown}", way.name, format!("{fault:?}"));
            for (kind, took) in worst {
                let waits = if way.is_stale && kind.starts_with("get") { COLD_WAIT } else { Duration::ZERO };
                let bound = TIMEOUT * way.timeouts + waits;
                assert!(took <= bound + PROMISED + NOISE, "{} {fault:?} {kind}: {took:?} for {bound:?}", way.name);
            }
        }
    }
}

/// The longest that each kind of command took: on a key that nobody is busy with, and again on the same key at once.
fn play(way: &Way, fault: Fault) -> [(&'static str, Duration); 5] {
    let (mut old, new) = (Memcached::start(), Memcached::start());
    let slow = (SlowServer::before(&old, SLOW), SlowServer::before(&new, SLOW));
    let places = match fault {
        Fault::BothSlow => [slow.0.address(), slow.1.address()],
        _ => [old.address(), new.address()],
    };
    let leash = leash(way, &places);
    let mut direct = Client::connect(&old.address());
    for number in 0..KINDS.len() * 20 {
        let flags = if way.is_stale { STALE } else { "0 0" };
        direct.expect(format!("set k{number} {flags} 1\r\n5\r\n"), "STORED\r\n");
    }
    // Connections are there, and greeted.
    for number in 0..4 {
        leash.client().ask(format!("delete none{number}\r\n"));
    }
    match fault {
        Fault::None | Fault::BothSlow => {}
        Fault::OldFrozen => old.freeze(),
        Fault::NewFrozen => new.freeze(),
        Fault::BothFrozen => [&old, &new].map(Memcached::freeze).into_iter().collect(),
        Fault::OldKilled => old.kill(),
    }
    let asked = thread::scope(|scope| {
        let ask = |(row, (kind, commands)): (usize, &(&'static str, &'static [&'static str]))| {
            let (leash, kind, commands) = (&leash, *kind, *commands);
            let askers = commands.iter().enumerate().map(move |(column, command)| {
                scope.spawn(move || worst_of(leash, command, &format!("k{}", row * 20 + column)))
            });
            (kind, askers.collect::<Vec<_>>())
        };
        let running: Vec<_> = KINDS.iter().enumerate().map(ask).collect();
        let longest = |askers: Vec<thread::ScopedJoinHandle<'_, Duration>>| {
            askers.into_iter().map(|asker| asker.join().unwrap()).max().unwrap()
        };
        running.into_iter().map(|(kind, askers)| (kind, longest(askers))).collect::<Vec<_>>()
    });
    asked.try_into().expect("one for each kind")
}

/// Asks, then does what waits for leash's own claim, then all at once what waits for its turn.
fn worst_of(leash: &Leash, command: &str, key: &str) -> Duration {
    let command = command.replace('K', key);
    let mut client = leash.client();
    let mut time = |asked: &str, replies: usize| {
        let start = Instant::now();
        client.send(asked);
        (0..replies).for_each(|_| read_reply(&mut client));
        start.elapsed()
    };
    let alone = time(&command, 1);
    let next = time(&format!("touch {key} 60\r\n"), 1);
    let many = time(&format!("incr {key} 1\r\n").repeat(10), 10);
    // What is still under way ends, so that it is not in the way of the next one.
    pause(TIMEOUT);
    alone.max(next).max(many)
}

fn read_reply(client: &mut Client) {
    let line = String::from_utf8(client.read_line().expect("a reply")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["VA", length, ..] => drop(client.read_exactly(length.parse::<usize>().unwrap() + 2)),
        ["VALUE", _, _, length, ..] => drop(client.read_exactly(length.parse::<usize>().unwrap() + 2 + 5)),
        _ => {}
    }
}

/// Servers that look down only to a route with a gutter: what is known to be down is answered at once.
fn leash(way: &Way, [old, new]: &[String; 2]) -> Leash {
    let timeout = format!("request_timeout: {}ms", TIMEOUT.as_millis());
    let patient = format!("{timeout}, failures: 100000");
    let pools = format!(
        "  old: {{servers: [\"{old}\"], {patient}}}\n  new: {{servers: [\"{new}\"], {patient}}}\n  guttered: {{servers: \
         [\"{old}\"], {timeout}, failures: 2, on_down: {{gutter: {{pool: new, ttl: 10s}}}}}}\n"
    );
    Leash::with_config(&format!("workers: 2\npools:\n{pools}routes: [{{prefix: \"\", {}}}]\n", way.route))
}
