//! Refreshing goes on in the gutter: of many callers of a dead server's keys one regenerates each, when the gutter has
//! nothing yet, and again when its copy is stale.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use support::turn::beside_others;
use support::{BOUND, Client, Leash, Memcached, Random, pause};

use super::house::{goes_down, list, server_of};

const CALLERS: usize = 8;
const KEYS: usize = 30;
/// How long it takes to make a value.
const REGENERATION: Duration = Duration::from_millis(50);

/// A key of the dead server, whether somebody is making its value, and how often it was made.
struct Value {
    key: String,
    is_in_the_making: AtomicBool,
    made: AtomicUsize,
}

impl Value {
    /// Who is told that there is none makes it. False if somebody else was at it.
    fn is_asked_for(&self, client: &mut Client) -> bool {
        if client.get(&self.key).unwrap().is_some() {
            return true;
        }
        let is_alone = !self.is_in_the_making.swap(true, SeqCst);
        pause(REGENERATION);
        // Before it is stored: who is told afterwards that it is stale is right to begin.
        self.is_in_the_making.store(false, SeqCst);
        client.expect(format!("set {} 0 300 5\r\nvalue\r\n", self.key), "STORED\r\n");
        self.made.fetch_add(1, SeqCst);
        is_alone
    }
}

#[test]
fn of_all_callers_of_a_dead_servers_keys_one_regenerates_each_in_the_gutter() {
    let _turn = beside_others();
    let (mut servers, spare) = (Memcached::start_many(3), Memcached::start());
    let main = format!("{{servers: [{}], on_down: {{gutter: {{pool: spare, ttl: 2s}}}}}}", list("m", &servers));
    let pools = format!("  main: {main}\n  spare: {{servers: [\"{}\"], request_timeout: 5s}}\n", spare.address());
    let refresh = "refresh: {grace: 60s, lease: 20s, cold_wait: 5s}";
    let leash =
        Leash::with_config(&format!("workers: 2\npools:\n{pools}routes: [{{prefix: \"\", pool: main, {refresh}}}]\n"));
    let of_the_dead = (0..).map(|n| format!("key{n}")).filter(|key| server_of(&leash, key) == 0).take(KEYS);
    let value = |key| Value { key, is_in_the_making: AtomicBool::default(), made: AtomicUsize::default() };
    let values: Vec<Value> = of_the_dead.map(value).collect();
    servers[0].kill();
    (0..3).for_each(|_| drop(leash.client().get(&values[0].key)));
    goes_down(&leash, "m0");

    let (begun, piled) = (Instant::now(), AtomicUsize::new(0));
    let is_over = || begun.elapsed() > BOUND || values.iter().all(|value| value.made.load(SeqCst) >= 2);
    let calls = |seed: usize| {
        let (mut client, mut random) = (leash.client(), Random::new(seed as u64));
        while !is_over() {
            let is_alone = values[random.below(KEYS)].is_asked_for(&mut client);
            piled.fetch_add(usize::from(!is_alone), SeqCst);
        }
    };
    thread::scope(|scope| (0..CALLERS).for_each(|seed| drop(scope.spawn(move || calls(seed)))));
    let made: usize = values.iter().map(|value| value.made.load(SeqCst)).sum();
    println!(
        "{made} regenerations of {KEYS} keys in the gutter in {:?}, {} at once with another",
        begun.elapsed(),
        piled.load(SeqCst)
    );
    assert!(made >= 2 * KEYS, "each key was cold and went stale");
    assert_eq!(piled.load(SeqCst), 0, "one caller regenerates a key");
}
