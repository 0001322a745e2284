//! Copies beside writers: what a finished write or delete has replaced is never read again, and never left behind.
//!
//! Each key has one writer, who writes ever higher versions through sidecars of two neighbouring phases, and deletes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use support::{Client, Leash, Memcached, Random};

use super::house::{House, client, old_server, pools};

const KEYS: usize = 1500;
/// The keys that are written and read meanwhile; the others only wait to be copied.
const BUSY: usize = KEYS / 2;
const WRITERS: usize = 3;
const READERS: usize = 2;
const ROUNDS: usize = 3;

/// What is known of the keys of one round.
struct Round {
    name: String,
    /// For each key, the lowest version that may still be read.
    least: Vec<AtomicU64>,
    /// For each key, what its writer did last; the version 0 was there before.
    last: Vec<Mutex<Option<u64>>>,
    is_over: AtomicBool,
    writes: AtomicU64,
}

impl Round {
    fn new(name: String, old: &Memcached) -> Round {
        let sets: String = (0..KEYS).map(|key| format!("set {name}{key} 0 1000 1 noreply\r\n0\r\n")).collect();
        let mut straight = client(old);
        straight.send(sets);
        straight.expect("mn\r\n", "MN\r\n");
        Round {
            name,
            least: (0..KEYS).map(|_| AtomicU64::new(0)).collect(),
            last: (0..KEYS).map(|_| Mutex::new(Some(0))).collect(),
            is_over: AtomicBool::new(false),
            writes: AtomicU64::new(0),
        }
    }

    fn write(&self, writer: usize, sidecars: &[Leash]) {
        let chance = &mut Random::new(1000 + writer as u64);
        let mut clients: Vec<Client> = sidecars.iter().map(Leash::client).collect();
        let mut version = 0;
        while !self.is_over.load(SeqCst) {
            version += 1;
            let key = chance.below(BUSY / WRITERS) * WRITERS + writer;
            let (through, name) = (chance.below(clients.len()), format!("{}{key}", self.name));
            let is_deleted = chance.chance(30);
            let reply = match is_deleted {
                true => clients[through].ask(format!("delete {name}\r\n")),
                false => clients[through].ask(format!("set {name} 0 1000 {}\r\n{version}\r\n", digits(version))),
            };
            assert!(["STORED", "DELETED", "NOT_FOUND"].contains(&reply.as_str()), "{name}: {reply}");
            self.least[key].store(version, SeqCst);
            *self.last[key].lock().unwrap() = (!is_deleted).then_some(version);
            self.writes.fetch_add(1, SeqCst);
        }
    }

    fn read(&self, reader: usize, sidecars: &[Leash]) {
        let chance = &mut Random::new(2000 + reader as u64);
        let mut clients: Vec<Client> = sidecars.iter().map(Leash::client).collect();
        while !self.is_over.load(SeqCst) {
            let (key, through) = (chance.below(BUSY), chance.below(clients.len()));
            let least = self.least[key].load(SeqCst);
            if let Some(version) = self.version(&mut clients[through], key) {
                assert!(version >= least, "{}{key}: {version} is read after {least} was written", self.name);
            }
        }
    }

    fn version(&self, client: &mut Client, key: usize) -> Option<u64> {
        let value = client.get(&format!("{}{key}", self.name)).expect("an answer")?;
        Some(String::from_utf8(value).unwrap().parse().expect("a version"))
    }

    /// When all is over, each key has what its writer left.
    fn is_as_it_was_left(&self, sidecar: &Leash) {
        let mut client = sidecar.client();
        for key in 0..KEYS {
            let left = *self.last[key].lock().unwrap();
            assert_eq!(self.version(&mut client, key), left, "{}{key}", self.name);
        }
    }
}

fn digits(version: u64) -> usize {
    version.to_string().len()
}

fn sidecar(old: &Memcached, new: &Memcached, phase: &str) -> Leash {
    let route = format!("{{prefix: '', migrate: {{from: old, to: new, phase: {phase}}}}}");
    Leash::with_config(&format!("workers: 1\n{}\nroutes: [{route}]\n", pools(&[old], &[new])))
}

/// Two runs of copies beside writers in each round, the second of what writers have put into the old pool meanwhile.
fn copies_beside(phases: [&str; 2]) {
    let (old, new) = (old_server(), Memcached::start());
    old.advance_cas(3000);
    let sidecars = phases.map(|phase| sidecar(&old, &new, phase));
    let warm = sidecar(&old, &new, "warm");
    let house = House::moving(&[&old], &[&new]);
    let (mut copied, mut there, mut writes) = (0, 0, 0);
    for number in 0..ROUNDS {
        let round = Round::new(format!("r{number}:"), &old);
        std::thread::scope(|scope| {
            let (round, sidecars) = (&round, &sidecars);
            (0..WRITERS).for_each(|writer| drop(scope.spawn(move || round.write(writer, sidecars))));
            (0..READERS).for_each(|reader| drop(scope.spawn(move || round.read(reader, sidecars))));
            for _ in 0..2 {
                let ended = house.warm(&["--rate", "2000", "--prefix", &round.name]);
                assert_eq!(ended.code, Some(0), "{}", ended.said);
                copied += ended.all("copied");
                there += ended.all("there") + ended.all("gone");
            }
            round.is_over.store(true, SeqCst);
        });
        round.is_as_it_was_left(&warm);
        writes += round.writes.load(SeqCst);
    }
    println!("{phases:?}: {copied} copied, {there} left alone or gone, beside {writes} writes");
    let alone = (ROUNDS * (KEYS - BUSY)) as u64;
    assert!(copied > alone && there > alone && writes > 1000, "{copied} copied, {there} not, {writes} writes");
}

#[test]
fn writers_in_prepare_and_warm_are_never_overtaken_by_a_copy() {
    copies_beside(["prepare", "warm"]);
}

#[test]
fn writers_in_warm_and_drain_are_never_overtaken_by_a_copy() {
    copies_beside(["warm", "drain"]);
}
