//! Self-checking load: while servers die, freeze and come back, nobody ever reads another key's value or an older one
//! than was promised, and nobody waits longer than the deadline allows.
//!
//! Every value carries its key, a version and a filling that follows from both. Each client owns its keys, so it knows
//! the last version it wrote. A read may miss (servers come back empty); it may never be wrong.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::checked_value::{value, version_of};
use support::memcached::signal;
use support::turn::beside_others;
use support::{BOUND, Client, Leash, Memcached, Random, pause, wait_until};

const CLIENTS: usize = 64;
const KEYS: usize = 40;
const TIME: Duration = Duration::from_secs(12);
/// The pool's `request_timeout`.
const DEADLINE: Duration = Duration::from_millis(500);
/// What scheduling on a busy machine may add to the deadline for all but one reply in a thousand.
const SLACK: Duration = Duration::from_millis(50);
/// What no single reply may take.
const HANG: Duration = Duration::from_secs(2);

/// What all clients saw together.
#[derive(Default)]
struct Seen {
    batches: AtomicUsize,
    hits: AtomicUsize,
    misses: AtomicUsize,
    errors: AtomicUsize,
    trouble: Mutex<Vec<String>>,
    waits: Mutex<Vec<Duration>>,
}

impl Seen {
    fn blame(&self, what: String) {
        let mut trouble = self.trouble.lock().unwrap();
        if trouble.len() < 20 {
            trouble.push(what);
        }
    }
}

/// One question of a batch and what its answer must look like.
enum Asked {
    Set { key: String, version: u64 },
    Get { keys: Vec<String> },
    Delete { key: String },
}

/// What a client knows about one of its keys.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The last version sent, and the oldest that may still be seen.
    newest: u64,
    oldest: u64,
}

struct Worker<'a> {
    id: usize,
    random: Random,
    known: HashMap<String, Known>,
    seen: &'a Seen,
    /// Keys of these servers may fail; asked of leash once, before the trouble begins.
    shaky: &'a dyn Fn(&str) -> bool,
    version: u64,
}

impl Worker<'_> {
    fn key(&mut self) -> String {
        format!("load:{}:{}", self.id, self.random.below(KEYS))
    }

    /// A batch of one to sixteen questions, as bytes and as what was asked.
    fn batch(&mut self) -> (Vec<u8>, Vec<Asked>) {
        let (mut bytes, mut asked) = (Vec::new(), Vec::new());
        let depth = if self.random.chance(30) { 1 + self.random.below(16) } else { 1 };
        for _ in 0..depth {
            match self.random.below(100) {
                0..30 => {
                    let key = self.key();
                    self.version += 1;
                    let length = if self.random.chance(5) {
                        100_000 + self.random.below(400_000)
                    } else {
                        20 + self.random.below(2000)
                    };
                    let value = value(&key, self.version, length);
                    bytes.extend_from_slice(format!("set {key} 0 0 {}\r\n", value.len()).as_bytes());
                    bytes.extend_from_slice(&value);
                    bytes.extend_from_slice(b"\r\n");
                    self.known.entry(key.clone()).or_default().newest = self.version;
                    asked.push(Asked::Set { key, version: self.version });
                }
                30..35 => {
                    let key = self.key();
                    bytes.extend_from_slice(format!("delete {key}\r\n").as_bytes());
                    asked.push(Asked::Delete { key });
                }
                _ => {
                    let many = if self.random.chance(20) { 2 + self.random.below(20) } else { 1 };
                    let mut keys: Vec<String> = (0..many).map(|_| self.key()).collect();
                    keys.sort();
                    keys.dedup();
                    bytes.extend_from_slice(format!("get {}\r\n", keys.join(" ")).as_bytes());
                    asked.push(Asked::Get { keys });
                }
            }
        }
        (bytes, asked)
    }

    fn answers(&mut self, client: &mut Client, asked: Vec<Asked>) -> io::Result<()> {
        for question in asked {
            match question {
                Asked::Set { key, version } => {
                    let line = text(client.read_line()?);
                    if line == "STORED" {
                        self.known.entry(key).or_default().oldest = version;
                    } else {
                        self.error(&key, &line);
                    }
                }
                Asked::Delete { key } => {
                    let line = text(client.read_line()?);
                    match line.as_str() {
                        "DELETED" | "NOT_FOUND" => self.known.entry(key).or_default().oldest += 1,
                        _ => self.error(&key, &line),
                    }
                }
                Asked::Get { keys } => self.got(client, &keys)?,
            }
        }
        Ok(())
    }

    fn got(&mut self, client: &mut Client, keys: &[String]) -> io::Result<()> {
        let mut hits = 0;
        loop {
            let line = text(client.read_line()?);
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["END"] => break,
                ["VALUE", key, "0", length] => {
                    let length: usize = length.parse().map_err(io::Error::other)?;
                    let bytes = client.read_exactly(length + 2)?;
                    hits += 1;
                    self.judge(keys, key, &bytes[..length]);
                }
                _ => {
                    self.seen.blame(format!("a get was answered {line:?}"));
                    return Err(io::Error::other(line));
                }
            }
        }
        self.seen.hits.fetch_add(hits, Ordering::Relaxed);
        self.seen.misses.fetch_add(keys.len() - hits.min(keys.len()), Ordering::Relaxed);
        Ok(())
    }

    fn judge(&self, keys: &[String], key: &str, bytes: &[u8]) {
        if !keys.iter().any(|asked| asked == key) {
            return self.seen.blame(format!("asked for {keys:?}, got {key}"));
        }
        let Some(version) = version_of(key, bytes) else {
            return self.seen.blame(format!("{key}: {} bytes that are not its value", bytes.len()));
        };
        let known = self.known.get(key).copied().unwrap_or_default();
        if version > known.newest {
            self.seen.blame(format!("{key}: version {version} was never written"));
        } else if version < known.oldest {
            self.seen.blame(format!("{key}: version {version} although {} was acknowledged", known.oldest));
        }
    }

    fn error(&self, key: &str, line: &str) {
        self.seen.errors.fetch_add(1, Ordering::Relaxed);
        if !line.starts_with("SERVER_ERROR ") {
            self.seen.blame(format!("{key}: answered {line:?}"));
        } else if !(self.shaky)(key) {
            self.seen.blame(format!("{key}: its server is well, yet {line:?}"));
        }
    }

    fn run(&mut self, address: &str, done: &AtomicBool) {
        let mut client = Client::connect(address);
        client.set_bound(HANG);
        while !done.load(Ordering::Relaxed) {
            let (bytes, asked) = self.batch();
            let start = Instant::now();
            let result = client.stream.write_all(&bytes).and_then(|()| self.answers(&mut client, asked));
            let waited = start.elapsed();
            self.seen.batches.fetch_add(1, Ordering::Relaxed);
            self.seen.waits.lock().unwrap().push(waited);
            if let Err(e) = result {
                let what =
                    if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) { "hung" } else { "broke" };
                return self.seen.blame(format!("client {} {what} after {waited:?}: {e}", self.id));
            }
            // A closed loop of 64 would take the whole machine; the test is about truth, not about speed.
            pause(Duration::from_millis(self.random.number() % 20));
        }
    }
}

fn text(line: Vec<u8>) -> String {
    String::from_utf8_lossy(&line).trim_end().to_string()
}

/// Kills and freezes two of the three servers in turn until the time is over; all are well in the end.
fn disturb(servers: &mut [Memcached], until: Instant) {
    let mut round = 0;
    while Instant::now() < until {
        pause(Duration::from_millis(600));
        if round % 3 == 2 {
            servers[1].freeze();
            pause(Duration::from_millis(1200));
            servers[1].thaw();
        } else {
            servers[0].kill();
            pause(Duration::from_millis(500));
            servers[0].restart();
        }
        round += 1;
    }
    servers[0].restart();
}

#[test]
fn under_load_with_dying_servers_no_value_is_wrong_and_no_reply_hangs() {
    let _turn = beside_others();
    let mut servers = Memcached::start_many(3);
    let leash = Leash::with_servers(&servers);
    // Keys that are found in the third server after a write through leash live there; it is never disturbed.
    let steady = steady_keys(&leash, &servers[2]);
    let shaky = |key: &str| !steady.contains(key);
    let seen = Seen::default();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for id in 0..CLIENTS {
            let (seen, done, shaky, address) = (&seen, &done, &shaky, leash.address());
            scope.spawn(move || {
                let random = Random::new(id as u64 + 1);
                let mut worker = Worker { id, random, known: HashMap::new(), seen, shaky, version: 1000 };
                worker.run(address, done);
            });
        }
        disturb(&mut servers, Instant::now() + TIME);
        done.store(true, Ordering::Relaxed);
    });
    report(&seen);
    let mut client = leash.client();
    wait_until("all servers are used again", BOUND, || {
        (0..50).all(|n| client.ask(format!("set afterwards{n} 0 0 1\r\nx\r\n")) == "STORED")
    });
    client
        .expect("set afterwards 0 0 2\r\nok\r\nget afterwards\r\n", "STORED\r\nVALUE afterwards 0 2\r\nok\r\nEND\r\n");
}

/// Freezes, then kills all servers at once, until the time is over; all are well in the end.
fn disturb_all(servers: &mut [Memcached], until: Instant) {
    while Instant::now() < until {
        pause(Duration::from_millis(800));
        servers.iter().for_each(Memcached::freeze);
        pause(Duration::from_millis(1200));
        servers.iter().for_each(Memcached::thaw);
        pause(Duration::from_millis(800));
        servers.iter_mut().for_each(Memcached::kill);
        pause(Duration::from_millis(300));
        servers.iter_mut().for_each(Memcached::restart);
    }
}

#[test]
fn under_load_with_all_servers_dying_at_once_no_value_is_wrong_and_no_reply_hangs() {
    let _turn = beside_others();
    let mut servers = Memcached::start_many(3);
    let leash = Leash::with_servers(&servers);
    let (seen, done) = (Seen::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for id in 0..CLIENTS {
            let (seen, done, shaky, address) = (&seen, &done, &|_: &str| true, leash.address());
            scope.spawn(move || {
                let random = Random::new(id as u64 + 1001);
                let mut worker = Worker { id, random, known: HashMap::new(), seen, shaky, version: 1000 };
                worker.run(address, done);
            });
        }
        disturb_all(&mut servers, Instant::now() + TIME);
        done.store(true, Ordering::Relaxed);
    });
    report(&seen);
    let mut client = leash.client();
    wait_until("all servers are used again", BOUND, || {
        (0..50).all(|n| client.ask(format!("set afterwards{n} 0 0 1\r\nx\r\n")) == "STORED")
    });
}

fn steady_keys(leash: &Leash, steady: &Memcached) -> std::collections::HashSet<String> {
    let keys = (0..CLIENTS).flat_map(|id| (0..KEYS).map(move |n| format!("load:{id}:{n}")));
    let (mut through, mut direct) = (leash.client(), Client::connect(&steady.address()));
    let mut found = std::collections::HashSet::new();
    for key in keys {
        through.expect(format!("set {key} 0 0 1\r\nx\r\n"), "STORED\r\n");
        if direct.get(&key).unwrap().is_some() {
            found.insert(key.clone());
        }
        through.expect(format!("delete {key}\r\n"), "DELETED\r\n");
    }
    assert!(found.len() > CLIENTS * KEYS / 6, "the third server has only {} keys", found.len());
    found
}

fn report(seen: &Seen) {
    let mut waits = seen.waits.lock().unwrap().clone();
    waits.sort();
    let (worst, usual) = (waits[waits.len() - 1], waits[waits.len() * 999 / 1000]);
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "{} batches, {} hits, {} misses, {} errors, waits: 99.9 % {usual:?}, worst {worst:?}",
        count(&seen.batches),
        count(&seen.hits),
        count(&seen.misses),
        count(&seen.errors)
    );
    let trouble = seen.trouble.lock().unwrap();
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
    assert!(count(&seen.hits) > 2_000, "only {} hits: nothing was tested", count(&seen.hits));
    assert!(usual < DEADLINE + SLACK, "one reply in a thousand took longer than {usual:?}");
    assert!(worst < HANG, "a reply took {worst:?}");
}

#[test]
fn the_load_test_would_notice_a_wrong_value() {
    let good = value("load:1:1", 7, 300);
    assert_eq!(version_of("load:1:1", &good), Some(7));
    assert_eq!(version_of("load:1:2", &good), None);
    let mut bad = good.clone();
    bad[150] ^= 1;
    assert_eq!(version_of("load:1:1", &bad), None);
    assert_eq!(version_of("load:1:1", &good[..200]), None);
}

#[test]
fn a_terminated_leash_answers_what_is_in_flight_and_ends() {
    let _turn = beside_others();
    let servers = Memcached::start_many(1);
    let leash = Leash::with_servers(&servers);
    let mut client = leash.client();
    client.send("get a\r\n".repeat(1000));
    assert_eq!(text(client.read_line().unwrap()), "END");
    signal(leash.pid(), "TERM");
    for _ in 1..1000 {
        assert_eq!(text(client.read_line().expect("an answer to what was sent before the end")), "END");
    }
    assert_eq!(client.read_to_end().unwrap(), b"");
}
