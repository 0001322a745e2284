//! What pymemcache's FallbackClient promises, for a whole application at once: the old pool is warm, the new one empty,
//! and the hit rate stays what it was.

use std::thread;
use std::time::Instant;

use support::turn::beside_others;
use support::{Client, Leash, Memcached, Random};

use super::house::list;

const KEYS: usize = 4000;
const CALLERS: usize = 8;
/// What a busy application asks in a minute.
const READS_EACH: usize = 3000;

fn leash(old: &[Memcached], new: &[Memcached], route: &str) -> Leash {
    let pools = format!("{{old: {{servers: [{}]}}, new: {{servers: [{}]}}}}", list("old", old), list("new", new));
    Leash::with_config(&format!("workers: 2\npools: {pools}\nroutes: [{{prefix: \"\", {route}}}]\n"))
}

/// The share of the same reads that hit; each hit is the value of its key.
fn hit_rate(leash: &Leash) -> f64 {
    let calls = |seed: usize| {
        let (mut client, mut random) = (leash.client(), Random::new(seed as u64));
        let mut hits = |_| {
            let key = random.below(KEYS);
            let found = client.get(&format!("key{key}")).unwrap();
            assert!(found.as_ref().is_none_or(|value| *value == value_of(key)), "key{key}");
            usize::from(found.is_some())
        };
        (0..READS_EACH).map(&mut hits).sum::<usize>()
    };
    let hits: usize = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|seed| scope.spawn(move || calls(seed))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    hits as f64 / (CALLERS * READS_EACH) as f64
}

fn value_of(key: usize) -> Vec<u8> {
    format!("{key} {}", "v".repeat(key % 300)).into_bytes()
}

fn ttl_of(key: usize) -> usize {
    if key.is_multiple_of(5) { 0 } else { 600 + key }
}

/// Nine of ten keys, as an application would have stored them.
fn fill(leash: &Leash) {
    let mut client = leash.client();
    for key in (0..KEYS).filter(|key| key % 10 != 0) {
        let value = String::from_utf8(value_of(key)).unwrap();
        client.expect(format!("set key{key} {key} {} {}\r\n{value}\r\n", ttl_of(key), value.len()), "STORED\r\n");
    }
}

/// What is known of an item, wherever in the pool it is.
fn facts(pool: &mut [Client], key: usize) -> Option<(i64, i64)> {
    let mut found = pool.iter_mut().filter_map(|client| client.facts(&format!("key{key}"), "f t"));
    found.next().map(|facts| (facts[&'f'], facts[&'t']))
}

#[test]
fn an_application_in_front_of_an_empty_new_pool_keeps_its_hit_rate() {
    let _turn = beside_others();
    let (old, new) = (Memcached::start_many(2), Memcached::start_many(3));
    let before = leash(&old, &new, "pool: old");
    fill(&before);
    let usual = hit_rate(&before);
    let leash = leash(&old, &new, "migrate: {from: old, to: new, phase: warm}");
    let begun = Instant::now();
    let now = hit_rate(&leash);
    println!(
        "hit rate of the old pool {usual:.4}, through leash with an empty new one {now:.4}, in {:?}",
        begun.elapsed()
    );
    assert!(usual > 0.85 && now >= 0.99 * usual);

    let [mut theirs, mut ours] =
        [&old, &new].map(|pool| pool.iter().map(|s| Client::connect(&s.address())).collect::<Vec<_>>());
    let mut moved = 0;
    for key in 0..KEYS {
        let Some((flags, ttl)) = facts(&mut ours, key) else { continue };
        let (old_flags, old_ttl) = facts(&mut theirs, key).expect("the original");
        moved += 1;
        assert_eq!((flags, old_flags), (key as i64, key as i64), "key{key}");
        assert!((ttl - old_ttl).abs() <= 1 && (ttl == -1) == (ttl_of(key) == 0), "key{key}: {ttl} and {old_ttl}");
    }
    println!("{moved} of {} items were moved, with their flags and, within a second, their TTL", KEYS * 9 / 10);
    assert!(moved > KEYS * 8 / 10);

    let mut client = leash.client();
    for key in 1..100 {
        client.expect(format!("set key{key} 0 0 3\r\nnew\r\n"), "STORED\r\n");
        assert!(
            facts(&mut ours, key) == Some((0, -1)) && facts(&mut theirs, key).is_none(),
            "key{key} is in the new pool only"
        );
    }
}
