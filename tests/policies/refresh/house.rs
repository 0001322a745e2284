//! Sidecars before one memcached, values that go stale, and what the server itself says of them.

use std::fmt::Write as _;
use std::slice;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

/// The grace of most stories, in seconds: longer than any of them takes.
pub const GRACE: i64 = 30;
/// The marker of a value whose last seconds are stale time, on a route that does not say otherwise.
pub const MARKER: u32 = 1 << 31;

/// Sidecars that share one server.
pub fn fleet(server: &Memcached, count: usize, refresh: &str) -> Vec<Leash> {
    (0..count).map(|_| Leash::refreshing(slice::from_ref(server), refresh)).collect()
}

/// A sidecar with limits of its own, whose server may take its time: it is shared with a crowd.
pub fn sidecar(server: &Memcached, refresh: &str, limits: &str) -> Leash {
    let mut yaml = String::from("workers: 2\n");
    writeln!(yaml, "limits: {limits}").unwrap();
    writeln!(yaml, "pools: {{main: {{servers: [\"{}\"], request_timeout: 5s}}}}", server.address()).unwrap();
    writeln!(yaml, "routes: [{{prefix: \"\", pool: main, refresh: {refresh}}}]").unwrap();
    Leash::with_config(&yaml)
}

/// The sum of a metric over all sidecars.
pub fn sum(sidecars: &[Leash], name: &str, labels: &str) -> f64 {
    sidecars.iter().map(|leash| metric(leash, name, labels)).sum()
}

/// What the server has, without anybody in between.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored {
    pub value: String,
    pub flags: u32,
    /// Seconds left, -1 for ever.
    pub ttl: i64,
}

/// Asks the server itself.
#[track_caller]
pub fn at_server(server: &Memcached, key: &str) -> Option<Stored> {
    let mut client = Client::connect(&server.address());
    let head = client.ask(format!("mg {key} v f t\r\n"));
    let words: Vec<&str> = head.split(' ').collect();
    let ["VA", length, flags, ttl] = words[..] else {
        assert_eq!(head, "EN");
        return None;
    };
    let value = client.read_exactly(length.parse().unwrap()).unwrap();
    let value = String::from_utf8(value).unwrap();
    Some(Stored { value, flags: flags[1..].parse().unwrap(), ttl: ttl[1..].parse().unwrap() })
}

/// Waits until a value with this grace is past its stale date, as its server counts.
#[track_caller]
pub fn goes_stale(server: &Memcached, key: &str, grace: i64) {
    let mut client = Client::connect(&server.address());
    wait_until(&format!("{key} is stale"), BOUND, || {
        let line = client.ask(format!("mg {key} t\r\n"));
        let ttl = line.strip_prefix("HD t").unwrap_or_else(|| panic!("{key} is gone: {line}"));
        ttl.parse::<i64>().unwrap() <= grace
    });
}

/// Waits until the server has nothing under a key.
#[track_caller]
pub fn goes(server: &Memcached, key: &str) {
    wait_until(&format!("{key} is gone"), BOUND, || at_server(server, key).is_none());
}

#[track_caller]
pub fn set(client: &mut Client, key: &str, ttl: i64, value: &str) {
    client.expect(format!("set {key} 0 {ttl} {}\r\n{value}\r\n", value.len()), "STORED\r\n");
}

/// Stores a value and lets it go stale.
#[track_caller]
pub fn stale(server: &Memcached, client: &mut Client, key: &str, value: &str) {
    set(client, key, 1, value);
    goes_stale(server, key, GRACE);
}

/// What a caller is told: a value, or to regenerate it.
#[track_caller]
pub fn told(client: &mut Client, key: &str) -> Option<String> {
    let value = client.get(key).unwrap_or_else(|e| panic!("get {key}: {e}"));
    value.map(|value| String::from_utf8(value).unwrap())
}

/// Who was told to regenerate, and how long that took.
pub struct Next {
    pub caller: usize,
    pub after: Duration,
    /// How often others were served meanwhile.
    pub served: usize,
}

/// Callers ask in turn until one of them is told to regenerate `key`. All others are served `stale` until then.
#[track_caller]
pub fn next_winner(callers: &mut [Client], key: &str, stale: &str) -> Next {
    let (start, mut served) = (Instant::now(), 0);
    loop {
        for (caller, client) in callers.iter_mut().enumerate() {
            match told(client, key) {
                None => return Next { caller, after: start.elapsed(), served },
                Some(value) => assert_eq!(value, stale, "everybody else is served what there is"),
            }
            served += 1;
        }
        assert!(start.elapsed() < BOUND, "nobody was told to regenerate {key}");
        pause(Duration::from_millis(2));
    }
}
