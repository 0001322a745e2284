//! Many reloads under self-checking traffic: no error, no wrong value, no connection lost, nothing left behind.
//!
//! Every value carries its key, a version and a checksum over both. Each client owns its keys and asks for what it has
//! just written in the same breath: so what it reads must be exactly that, also where a reload came in between.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use super::{reload, reloads};

/// How many reloads; `LEASH_TEST_RELOADS=1000` for a minute of them.
const RELOADS: usize = 300;
/// How often one begins.
const PERIOD: Duration = Duration::from_millis(60);
/// Reloads before the memory is looked at for the first time.
const WARM: usize = 40;
/// By how much the memory may have grown at the end.
const GROWTH: f64 = 12e6;

const CLIENTS: usize = 8;
/// Each client sends a batch so often, of so many requests: 20,000 a second together.
const BEAT: Duration = Duration::from_millis(10);
const BATCH: usize = 25;
const KEYS: u64 = 50;

struct House {
    main: Memcached,
    more: Memcached,
    other: Memcached,
}

impl House {
    /// Configuration number `n`. All of them place the keys of every route but `moving:` alike.
    fn yaml(&self, n: usize) -> String {
        let [mut timeout, mut limits, mut level, mut extra] = ["5s", "{}", "error", ""];
        let [mut moving, mut refresh] = ["main", "{lease: 10s}"];
        match n % 6 {
            1 => extra = "  - {prefix: 'a-long-prefix:', pool: other, refresh: {}}\n",
            2 => timeout = "6s",
            3 => limits = "{in_flight: 100, item_size: 2MiB, memory: 128MiB, waiters: 100}",
            4 => (moving, refresh) = ("other", "{lease: 20s, cold_wait: 1s}"),
            5 => (level, moving, extra) = ("off", "other", "  - {prefix: 'page:x', pool: other}\n"),
            _ => {}
        }
        format!(
            "workers: 2\nlog: {{level: {level}}}\nlimits: {limits}\npools:\n  \
             main: {{servers: [\"{}\", \"{}\"], request_timeout: {timeout}}}\n  other: {{servers: [\"{}\"]}}\nroutes:\n{extra}  \
             - {{prefix: 'page:', pool: main, refresh: {refresh}}}\n  - {{prefix: 'moving:', pool: {moving}}}\n  \
             - {{prefix: '', pool: main}}\n",
            self.main.address(),
            self.more.address(),
            self.other.address(),
        )
    }
}

/// What all clients saw together.
#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    hits: AtomicUsize,
    trouble: Mutex<Vec<String>>,
}

fn value(key: &str, version: u64) -> String {
    let sum = format!("{key} {version}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{key} {version} {sum:016x}")
}

/// One client on one connection, from the beginning to the end.
struct Talker<'a> {
    id: usize,
    version: u64,
    client: Client,
    seen: &'a Seen,
}

impl Talker<'_> {
    fn run(&mut self, done: &AtomicBool) -> io::Result<()> {
        let start = Instant::now();
        for beat in 1.. {
            if done.load(Relaxed) {
                break;
            }
            self.batch()?;
            self.seen.requests.fetch_add(BATCH, Relaxed);
            pause((start + BEAT * beat).saturating_duration_since(Instant::now()));
        }
        Ok(())
    }

    /// Eight pairs of a set and a get behind it, and get of eight keys with one that nobody has.
    fn batch(&mut self) -> io::Result<()> {
        let first = self.version;
        let mut bytes = Vec::new();
        for version in first..first + 8 {
            let key = self.key(version);
            let value = value(&key, version);
            bytes.extend_from_slice(format!("set {key} 0 1000 {}\r\n{value}\r\nget {key}\r\n", value.len()).as_bytes());
        }
        let steady: Vec<String> = (first..first + 8).map(|version| self.key(version)).collect();
        bytes.extend_from_slice(format!("get {} nobodys\r\n", steady.join(" ")).as_bytes());
        self.client.stream.write_all(&bytes)?;
        for version in first..first + 8 {
            let line = self.client.read_line()?;
            self.check(line == b"STORED\r\n", || format!("a set was answered {:?}", String::from_utf8_lossy(&line)));
            self.expect_values(version..version + 1)?;
        }
        self.expect_values(first..first + 8)?;
        self.version += 8;
        Ok(())
    }

    /// A quarter of the keys are of a route that moves from pool to pool, a quarter of one that refreshes.
    fn key(&self, version: u64) -> String {
        let route = ["steady", "page", "calm", "moving"][version as usize % 4];
        format!("{route}:{}:{}", self.id, version / 4 % KEYS)
    }

    /// The values of these keys as they were written last. A key that moves may miss, or be found as it was before it
    /// moved: the move may have come between the set and the get.
    fn expect_values(&mut self, versions: Range<u64>) -> io::Result<()> {
        let found = self.read_values()?;
        let mut known = 0;
        for version in versions {
            let key = self.key(version);
            let got = found.iter().find(|(name, _)| *name == key).map(|(_, got)| got.as_str());
            let is_it = match got {
                Some(got) if key.starts_with("moving") => is_a_value_of(&key, got),
                None if key.starts_with("moving") => true,
                got => got == Some(&value(&key, version)),
            };
            self.check(is_it, || format!("{key} at {version}: got {got:?}"));
            known += usize::from(got.is_some());
        }
        self.check(known == found.len(), || format!("values nobody asked for: {found:?}"));
        self.seen.hits.fetch_add(known, Relaxed);
        Ok(())
    }

    /// The values of a reply to a get.
    fn read_values(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        loop {
            let line = String::from_utf8_lossy(&self.client.read_line()?).trim_end().to_string();
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["END"] => return Ok(found),
                ["VALUE", key, "0", length] => {
                    let length: usize = length.parse().map_err(io::Error::other)?;
                    let bytes = self.client.read_exactly(length + 2)?;
                    found.push((key.to_string(), String::from_utf8_lossy(&bytes[..length]).to_string()));
                }
                _ => return Err(io::Error::other(format!("a get was answered {line:?}"))),
            }
        }
    }

    fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.seen.trouble.lock().unwrap().push(format!("client {}: {}", self.id, what()));
        }
    }
}

/// Whether `got` is a value that was once written under `key`.
fn is_a_value_of(key: &str, got: &str) -> bool {
    let version = got.split(' ').nth(1).and_then(|word| word.parse().ok());
    version.is_some_and(|version| got == value(key, version))
}

/// What is there of everything that a reload could leave behind.
fn footprint(leash: &Leash) -> (f64, f64) {
    let of = |name: &str| metric(leash, name, "");
    (of("process_resident_memory_bytes"), of("process_open_fds"))
}

fn reload_for_a_while(leash: &Leash, house: &House, count: usize) {
    let start = Instant::now();
    for n in 0..count {
        reload(leash, house.yaml(n));
        pause((start + PERIOD * n as u32).saturating_duration_since(Instant::now()));
    }
    reload(leash, house.yaml(0));
}

#[test]
fn many_reloads_under_load_break_nothing_and_leave_nothing_behind() {
    let count = std::env::var("LEASH_TEST_RELOADS").map_or(RELOADS, |count| count.parse().expect("a number"));
    let house = House { main: Memcached::start(), more: Memcached::start(), other: Memcached::start() };
    let leash = Leash::with_config(&house.yaml(0));
    let (seen, done) = (Seen::default(), AtomicBool::new(false));
    let mut talkers: Vec<Talker> =
        (0..CLIENTS).map(|id| Talker { id, version: 1, client: leash.client(), seen: &seen }).collect();
    let (before, took) = thread::scope(|scope| {
        for talker in &mut talkers {
            let done = &done;
            scope.spawn(move || {
                if let Err(error) = talker.run(done) {
                    talker.check(false, || format!("its connection failed: {error}"));
                }
            });
        }
        reload_for_a_while(&leash, &house, WARM);
        let (before, requests, start) = (footprint(&leash), seen.requests.load(Relaxed), Instant::now());
        reload_for_a_while(&leash, &house, count);
        let rate = (seen.requests.load(Relaxed) - requests) as f64 / start.elapsed().as_secs_f64();
        done.store(true, Relaxed);
        (before, (start.elapsed(), rate))
    });
    let trouble = seen.trouble.lock().unwrap();
    assert!(trouble.is_empty(), "{} troubles, first {:#?}", trouble.len(), &trouble[..trouble.len().min(10)]);
    for labels in ["outcome=\"error\"", "outcome=\"failed\""] {
        assert_eq!(metric(&leash, "leash_requests_total", labels), 0.0, "{labels}");
    }
    assert_eq!((reloads(&leash, "ok"), reloads(&leash, "refused")), ((WARM + count + 2) as f64, 0.0));
    assert_eq!(metric(&leash, "leash_upstream_in_flight", ""), 0.0);
    assert_eq!(metric(&leash, "leash_server_up", ""), 3.0);
    println!("{count} reloads in {:?} under {:.0} requests/s, before {before:?}", took.0, took.1);
    let mut after = footprint(&leash);
    wait_until("memory and descriptors are back", BOUND, || {
        after = footprint(&leash);
        after.0 < before.0 + GROWTH && after.1 <= before.1
    });
    println!("after {after:?}");
    assert!(seen.hits.load(Relaxed) > 10_000 && took.1 > 2_000.0, "hardly any traffic: {:.0} requests/s", took.1);
}
