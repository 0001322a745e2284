//! Threads that delete while the server falls and rises: a client that was told that a key is deleted reads no older
//! value.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::*;
use crate::config::{self, Address};
use crate::protocol::Cause;
use crate::upstream::spool::Spool;
use crate::upstream::{Options, Peers};

const KEYS: usize = 3;
/// So many deletes are seen to wait for the server.
const WAITED: u64 = 60_000;
/// As long as that takes at most.
const BOUND: Duration = Duration::from_secs(60);

/// What the server has: versions, each greater than all before.
#[derive(Default)]
struct Items {
    newest: u64,
    by_key: [Option<u64>; KEYS],
}

struct House {
    target: std::sync::Arc<Target>,
    items: Mutex<Items>,
    keys: [Key; KEYS],
    /// For each key, the newest version that was there when a delete began which was then answered.
    deleted: [AtomicU64; KEYS],
    is_over: AtomicBool,
}

impl House {
    fn new() -> House {
        let second = Duration::from_secs(1);
        let options = Options {
            connect_timeout: second,
            request_timeout: second,
            idle_timeout: None,
            least_rest: Duration::ZERO,
            queue: 1,
            failures: 1,
            linger: Duration::ZERO,
            tls: None,
            auth: None,
            any_address: false,
            show_keys: false,
        };
        let server = config::ServerConfig { name: "m0".into(), address: Address::Unix("/m0".into()), weight: 1 };
        let target = Target::new(&server, options, &Peers::new("main".into()), Spool::in_memory(9));
        target.spool.hold(&target.me);
        let keys = ["a", "b", "c"].map(|name| Key::text(name.into()).unwrap());
        let (items, deleted, is_over) = Default::default();
        House { target, items, keys, deleted, is_over }
    }

    /// Another sidecar writes.
    fn write(&self, key: usize) {
        let mut items = self.items.lock().unwrap();
        items.newest += 1;
        items.by_key[key] = Some(items.newest);
    }

    fn delete(&self, key: usize) {
        let newest = self.items.lock().unwrap().newest;
        match self.target.remember(&self.keys[key]) {
            Remembered::Kept => {}
            Remembered::Up => self.items.lock().unwrap().by_key[key] = None,
            Remembered::Late | Remembered::Lost(_) => panic!("there is room"),
        }
        self.deleted[key].fetch_max(newest, SeqCst);
    }

    fn read(&self, key: usize) {
        let deleted = self.deleted[key].load(SeqCst);
        if !self.target.health.is_down() {
            let found = self.items.lock().unwrap().by_key[key];
            assert!(found.is_none_or(|version| version > deleted), "version {found:?}, deleted up to {deleted}");
        }
    }

    fn fall_and_rise(&self, chance: &mut StdRng) {
        std::thread::yield_now();
        while !self.target.health.failed(Cause::Timeout, Instant::now(), Instant::now()) {}
        loop {
            self.target.health.probing();
            std::thread::yield_now();
            if self.replay(chance) && self.target.rise() {
                return;
            }
            self.target.health.postpone();
        }
    }

    /// True if nothing waits any more. Now and then the connection is lost.
    fn replay(&self, chance: &mut StdRng) -> bool {
        loop {
            let batch = self.target.spool.take(&self.target.me, 2);
            if batch.records().is_empty() {
                return true;
            }
            for record in batch.records() {
                if chance.random_ratio(1, 8) {
                    return false;
                }
                let key = self.keys.iter().position(|key| *key == record.key).unwrap();
                self.items.lock().unwrap().by_key[key] = None;
            }
            batch.were_replayed(&[]);
        }
    }

    /// Does it to keys by chance until the others are done.
    fn keeps(&self, seed: u64, act: fn(&House, usize)) {
        let mut chance: StdRng = rand::SeedableRng::seed_from_u64(seed);
        while !self.is_over.load(SeqCst) {
            act(self, chance.random_range(0..KEYS));
            std::thread::yield_now();
        }
    }
}

#[test]
fn nobody_reads_what_was_deleted_while_the_server_falls_and_rises() {
    let (house, mut chance) = (House::new(), rand::SeedableRng::seed_from_u64(7));
    std::thread::scope(|scope| {
        for (seed, act) in [House::write, House::delete, House::delete, House::read].into_iter().enumerate() {
            scope.spawn({
                let house = &house;
                move || house.keeps(seed as u64, act)
            });
        }
        let start = Instant::now();
        while house.target.spool.replayed() < WAITED && start.elapsed() < BOUND {
            house.fall_and_rise(&mut chance);
        }
        house.is_over.store(true, SeqCst);
    });
    assert!(house.target.spool.replayed() >= WAITED, "{}", house.target.spool.replayed());
}
