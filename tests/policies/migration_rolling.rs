//! Six sidecars are taken through a whole migration, one restart after the other, while clients write, delete, count
//! and lock: what a finished write replaced is never read again, no count is lost, and no lock is given twice.
//!
//! Sidecars are killed, not asked to stop: what was under way through one of them has an unknown end, as on any
//! memcached.

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use support::{Client, Leash, Memcached, Random, pause};

const SIDECARS: usize = 6;
const KEYS: usize = 8;
const COUNTERS: usize = 2;
const LOCKS: usize = 2;
/// The rhythm of the restarts.
const BETWEEN: Duration = Duration::from_millis(200);

/// What clients share.
struct Fleet {
    addresses: RwLock<Vec<String>>,
    is_over: AtomicBool,
    /// For each key, the lowest version that may still be read.
    least: Vec<AtomicU64>,
    /// For each counter, the numbers that were told.
    counts: Vec<Mutex<HashSet<u64>>>,
    /// For each lock, whether somebody has it.
    is_taken: Vec<AtomicBool>,
    done: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Fleet {
    fn connect(&self, chance: &mut Random) -> Option<Client> {
        let address = self.addresses.read().unwrap()[chance.below(SIDECARS)].clone();
        Client::try_connect(&address).ok()
    }

    /// One request through any sidecar; `None` if its end is unknown.
    fn ask(&self, chance: &mut Random, request: &str) -> Option<String> {
        let mut client = self.connect(chance)?;
        let line = exchange(&mut client, request).ok()?;
        self.done.fetch_add(1, SeqCst);
        Some(line)
    }

    fn get(&self, chance: &mut Random, key: &str) -> Option<u64> {
        let value = self.connect(chance)?.get(key).ok()??;
        self.done.fetch_add(1, SeqCst);
        let number = std::str::from_utf8(&value).ok().and_then(|text| text.trim().parse().ok());
        if number.is_none() {
            self.complain(format!("{key} is {value:?}"));
        }
        number
    }

    fn complain(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// The only writer of its key.
    fn write(&self, key: usize) {
        let chance = &mut Random::new(1000 + key as u64);
        let mut version = 0;
        while !self.is_over.load(SeqCst) {
            version += 1;
            if chance.chance(20) {
                let reply = self.ask(chance, &format!("delete key{key}\r\n"));
                if matches!(reply.as_deref(), Some("DELETED" | "NOT_FOUND")) {
                    self.least[key].store(version, SeqCst);
                }
            } else {
                let text = version.to_string();
                let reply = self.ask(chance, &format!("set key{key} 0 1000 {}\r\n{text}\r\n", text.len()));
                if reply.as_deref() == Some("STORED") {
                    self.least[key].store(version, SeqCst);
                }
            }
        }
    }

    fn read(&self, seed: u64) {
        let chance = &mut Random::new(2000 + seed);
        while !self.is_over.load(SeqCst) {
            let key = chance.below(KEYS);
            let least = self.least[key].load(SeqCst);
            if let Some(version) = self.get(chance, &format!("key{key}"))
                && version < least
            {
                self.complain(format!("key{key}: version {version} is read after {least} was written"));
            }
        }
    }

    fn count(&self, seed: u64) {
        let chance = &mut Random::new(3000 + seed);
        while !self.is_over.load(SeqCst) {
            let counter = chance.below(COUNTERS);
            let Some(reply) = self.ask(chance, &format!("incr count{counter} 1\r\n")) else { continue };
            match reply.parse() {
                Ok(number) if self.counts[counter].lock().unwrap().insert(number) => {}
                Ok(number) => self.complain(format!("count{counter}: {number} was counted twice")),
                Err(_) if reply.starts_with("SERVER_ERROR") => {}
                Err(_) => self.complain(format!("count{counter}: {reply}")),
            }
        }
    }

    fn lock(&self, seed: u64) {
        let chance = &mut Random::new(4000 + seed);
        while !self.is_over.load(SeqCst) {
            let lock = chance.below(LOCKS);
            if self.ask(chance, &format!("add lock{lock} 0 8 1\r\n1\r\n")).as_deref() != Some("STORED") {
                continue;
            }
            if self.is_taken[lock].swap(true, SeqCst) {
                self.complain(format!("lock{lock} is given twice"));
            }
            self.is_taken[lock].store(false, SeqCst);
            self.ask(chance, &format!("delete lock{lock}\r\n"));
        }
    }
}

fn exchange(client: &mut Client, request: &str) -> io::Result<String> {
    io::Write::write_all(&mut client.stream, request.as_bytes())?;
    Ok(String::from_utf8_lossy(&client.read_line()?).trim_end().to_string())
}

fn sidecar(pools: &str, route: &str) -> Leash {
    Leash::with_config(&format!("workers: 1\n{pools}\nroutes: [{{prefix: \"\", {route}}}]\n"))
}

#[test]
fn six_sidecars_go_through_all_phases_and_no_client_sees_anything_wrong() {
    let servers = Memcached::start_many(3);
    let [a, b, c] = [0, 1, 2].map(|n: usize| servers[n].address());
    let pools = format!("pools: {{old: {{servers: [\"{a}\"], hash: crc32}}, new: {{servers: [\"{b}\", \"{c}\"]}}}}");
    let mut sidecars: Vec<Leash> = (0..SIDECARS).map(|_| sidecar(&pools, "pool: old")).collect();
    let fleet = Arc::new(Fleet {
        addresses: RwLock::new(sidecars.iter().map(|leash| leash.address().to_string()).collect()),
        is_over: AtomicBool::new(false),
        least: (0..KEYS).map(|_| AtomicU64::new(0)).collect(),
        counts: (0..COUNTERS).map(|_| Mutex::default()).collect(),
        is_taken: (0..LOCKS).map(|_| AtomicBool::new(false)).collect(),
        done: AtomicU64::new(0),
        wrong: Mutex::default(),
    });
    for counter in 0..COUNTERS {
        sidecars[0].client().expect(format!("set count{counter} 0 0 1\r\n0\r\n"), "STORED\r\n");
    }
    let mut threads = Vec::new();
    let mut begin = |act: fn(&Fleet, u64), seed: usize| {
        let fleet = fleet.clone();
        threads.push(std::thread::spawn(move || act(&fleet, seed as u64)));
    };
    (0..KEYS).for_each(|key| begin(|fleet, key| fleet.write(key as usize), key));
    (0..4).for_each(|seed| begin(Fleet::read, seed));
    (0..3).for_each(|seed| begin(Fleet::count, seed));
    (0..3).for_each(|seed| begin(Fleet::lock, seed));
    let phase = |phase: &str| format!("migrate: {{from: old, to: new, phase: {phase}}}");
    for route in [phase("prepare"), phase("warm"), phase("drain"), "pool: new".to_string()] {
        for (place, old) in sidecars.iter_mut().enumerate() {
            pause(BETWEEN);
            let new = sidecar(&pools, &route);
            fleet.addresses.write().unwrap()[place] = new.address().to_string();
            drop(std::mem::replace(old, new));
        }
        // Long enough for a claim whose holder was killed to run out, and for what waits for it.
        pause(Duration::from_secs(6));
    }
    fleet.is_over.store(true, SeqCst);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*fleet.wrong.lock().unwrap(), Vec::<String>::new());
    for (counter, told) in fleet.counts.iter().enumerate() {
        let value = sidecars[0].client().get(&format!("count{counter}")).unwrap().expect("the counter");
        let value: u64 = String::from_utf8(value).unwrap().trim().parse().unwrap();
        let told = told.lock().unwrap();
        assert!(value >= told.len() as u64 && told.len() > 100, "count{counter} is {value}, {} were told", told.len());
    }
    println!("{} requests, none of them wrong", fleet.done.load(SeqCst));
}
