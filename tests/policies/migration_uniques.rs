//! CAS uniques while a route is moved between two real memcached: clients that keep 32 bits or a double can store by
//! them, and none of one pool ever stores over what the other has, whichever phases lie between.

use support::reload::reload;
use support::{BOUND, Client, Leash, Memcached, wait_until};

/// The route as it is configured, one step after the other.
const STEPS: [&str; 5] = [
    "pool: old",
    "migrate: {from: old, to: new, phase: prepare}",
    "migrate: {from: old, to: new, phase: warm}",
    "migrate: {from: old, to: new, phase: drain}",
    "pool: new",
];

struct Move {
    old: Memcached,
    new: Memcached,
    leash: Leash,
}

impl Move {
    fn begin() -> Move {
        let (old, new) = (Memcached::start(), Memcached::start());
        let leash = Leash::with_config(&configured(&old, &new, STEPS[0]));
        Move { old, new, leash }
    }

    fn enter(&self, step: usize) {
        reload(&self.leash, configured(&self.old, &self.new, STEPS[step]));
    }

    /// Stores `k` in `server` until the server itself gives it this CAS unique.
    fn store_as(server: &Memcached, cas: u64) {
        let mut direct = Client::connect(&server.address());
        wait_until("the server gives the same number", BOUND, || {
            direct.expect("set k 0 0 5\r\nother\r\n", "STORED\r\n");
            unique(&mut direct) >= cas
        });
        assert_eq!(unique(&mut direct), cas);
    }
}

fn configured(old: &Memcached, new: &Memcached, route: &str) -> String {
    let pools =
        format!("pools: {{old: {{servers: [\"{}\"]}}, new: {{servers: [\"{}\"]}}}}", old.address(), new.address());
    format!("workers: 1\n{pools}\nroutes: [{{prefix: \"\", {route}}}]\n")
}

fn unique(client: &mut Client) -> u64 {
    client.facts("k", "c").expect("an item")[&'c'] as u64
}

#[track_caller]
fn swaps(client: &mut Client, cas: u64, outcome: &str) {
    client.expect(format!("cas k 0 0 4 {cas}\r\nmine\r\nms k 4 C{cas}\r\nmine\r\n"), outcome);
}

#[test]
fn a_client_that_keeps_32_bits_or_a_double_stores_by_what_it_was_told_in_every_phase() {
    let scene = Move::begin();
    scene.old.advance_cas(5000);
    for step in 0..STEPS.len() {
        scene.enter(step);
        let mut client = scene.leash.client();
        client.expect("set k 0 0 1\r\n1\r\n", "STORED\r\n");
        let kept = unique(&mut client) as u32 as f64;
        swaps(&mut client, kept as u64, "STORED\r\nEX\r\n");
        client.expect("get k\r\n", "VALUE k 0 4\r\nmine\r\nEND\r\n");
    }
}

/// What a client was told in one step of the item in one pool, and uses in another step, in which the other pool has an
/// item with the same number.
fn crosses(told_in: usize, used_in: usize) {
    let scene = Move::begin();
    let path: Vec<usize> = if told_in < used_in {
        (0..=used_in).collect()
    } else {
        (0..=told_in).chain((used_in..told_in).rev()).collect()
    };
    let (theirs, others) = if told_in < 2 { (&scene.old, &scene.new) } else { (&scene.new, &scene.old) };
    theirs.advance_cas(1000);
    let mut client = scene.leash.client();
    let mut told = 0;
    for (nth, step) in path.iter().enumerate() {
        if nth > 0 {
            scene.enter(*step);
        }
        if *step == told_in && told == 0 {
            client.expect("set k 0 0 3\r\nold\r\n", "STORED\r\n");
            told = unique(&mut client);
        }
    }
    let mut direct = Client::connect(&theirs.address());
    let raw = unique(&mut direct);
    if told_in >= 2 {
        direct.expect("delete k\r\n", "DELETED\r\n");
    }
    Move::store_as(others, raw);
    let mut there = Client::connect(&others.address());
    swaps(&mut client, told, "EXISTS\r\nEX\r\n");
    there.expect("mg k v\r\n", "VA 5\r\nother\r\n");
}

#[test]
fn a_unique_of_the_old_pool_never_stores_in_the_new_one() {
    for (told_in, used_in) in [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)] {
        crosses(told_in, used_in);
    }
}

#[test]
fn a_unique_of_the_new_pool_never_stores_in_the_old_one() {
    for (told_in, used_in) in [(2, 1), (2, 0), (3, 1)] {
        crosses(told_in, used_in);
    }
}

/// What is told before a route is moved is good in `prepare`, where the same server has the last word.
#[test]
fn a_unique_told_before_the_move_stores_in_its_first_phase() {
    let scene = Move::begin();
    let mut client = scene.leash.client();
    client.expect("set k 0 0 3\r\nold\r\n", "STORED\r\n");
    let told = unique(&mut client);
    scene.enter(1);
    swaps(&mut client, told, "STORED\r\nEX\r\n");
}
