//! Many owners at once, for as long as something happens.

use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{Client, Leash, Memcached, Random, pause};

use super::owner::{Owned, Owner, Planting};
use super::seen::{Answer, Sample, Seen};

const OWNERS: usize = 16;
const KEYS_EACH: usize = 16;
/// Two requests of one owner are at most this far apart.
const PACE_MS: usize = 8;
/// No reply may take this long, whatever happens.
const HANG: Duration = Duration::from_secs(5);

/// The keys of all owners.
pub fn all_keys() -> impl Iterator<Item = String> {
    (0..OWNERS).flat_map(keys_of)
}

fn keys_of(owner: usize) -> impl Iterator<Item = String> {
    (0..KEYS_EACH).map(move |n| format!("owned{owner}:{n}"))
}

/// Lets applications run beside `leash` while something `happens`. Panics if one of them saw something wrong.
/// `server_of` is asked for the number of a key's server.
pub fn while_it_is_used<T>(
    leash: &Leash,
    server_of: impl Fn(&str) -> usize,
    planting: Option<&Planting>,
    happens: impl FnOnce() -> T,
) -> (T, Seen) {
    let owned = |name: String| Owned::new(&name, server_of(&name));
    let owner = |number: usize| Owner {
        clients: (0..2).map(|_| connect(leash.address())).collect(),
        keys: keys_of(number).map(owned).collect(),
        random: Random::new(number as u64 + 1),
        planting: planting.map(|planting| (planting, connect(&planting.address))),
        samples: Vec::new(),
        wrong: Vec::new(),
    };
    let owners: Vec<Owner> = (0..OWNERS).map(owner).collect();
    let (well, is_over) = (Memcached::start(), AtomicBool::new(false));
    let another = Leash::with_servers(slice::from_ref(&well));
    thread::scope(|scope| {
        let running: Vec<_> = owners.into_iter().map(|owner| scope.spawn(|| runs(owner, &is_over))).collect();
        let beside = scope.spawn(|| asks_beside(&another, &is_over));
        let over = Over(&is_over);
        let what = happens();
        drop(over);
        let mut seen = Seen { samples: Vec::new(), beside: beside.join().unwrap() };
        let mut wrong = Vec::new();
        for owner in running {
            let (samples, of_owner) = owner.join().unwrap();
            seen.samples.extend(samples);
            wrong.extend(of_owner);
        }
        assert!(wrong.is_empty(), "{} were wrong:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
        (what, seen)
    })
}

/// Ends the load, however the story ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn connect(address: &str) -> Client {
    let client = Client::connect(address);
    client.set_bound(HANG);
    client
}

fn runs(mut owner: Owner<'_>, is_over: &AtomicBool) -> (Vec<Sample>, Vec<String>) {
    while !is_over.load(Ordering::Relaxed) {
        if let Err(error) = owner.acts() {
            owner.wrong.push(format!("no reply, at the latest after {HANG:?}: {error}"));
            break;
        }
        pause(Duration::from_millis(owner.random.below(PACE_MS) as u64));
    }
    (owner.samples, owner.wrong)
}

/// What the machine does to a client of another leash, which has no trouble.
fn asks_beside(another: &Leash, is_over: &AtomicBool) -> Vec<Sample> {
    let (mut client, mut samples) = (another.client(), Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        client.expect("get nothing\r\n", "END\r\n");
        samples.push(Sample { begun, waited: begun.elapsed(), server: 0, answer: Answer::Miss });
        pause(Duration::from_millis(1));
    }
    samples
}
