//! A server is dead and the gutter takes its keys: how soon they hit again, that the copies end, and that nothing older
//! comes up when the server is back, nor when it goes once more.

use std::ops::Range;
use std::time::{Duration, Instant};

use support::turn::beside_others;
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::house::{Harm, comes_back, for_millis, goes_down, list, server_of};
use super::load::{all_keys, while_it_is_used};

const TTL: Duration = Duration::from_secs(5);
/// What hit before hits again this soon after the server is known to be dead.
const RECOVERY: Duration = Duration::from_secs(1);

fn leash(servers: &[Memcached], gutter: &str, more: &str) -> Leash {
    let on_down = format!("on_down: {{gutter: {{pool: {gutter}, ttl: {}s}}}}", TTL.as_secs());
    let pool = format!("{{servers: [{}], request_timeout: 300ms, {on_down}}}", list("m", servers));
    Leash::with_config(&format!("workers: 2\npools:\n  main: {pool}\n{more}routes: [{{prefix: \"\", pool: main}}]\n"))
}

/// The server m0 freezes and goes on. For how long it was known to be dead, and when it was used again.
fn freezes(leash: &Leash, servers: &mut [Memcached]) -> (Range<Instant>, Instant) {
    Harm::Freeze.is_done_to(&mut servers[..1]);
    goes_down(leash, "m0");
    let known = Instant::now();
    for_millis(1800);
    Harm::Freeze.is_over_for(&mut servers[..1]);
    let returned = Instant::now();
    comes_back(leash, "m0");
    let back = Instant::now();
    for_millis(400);
    (known..returned, back)
}

/// A server freezes twice, within the time that the gutter may keep copies; the second time right after its return.
/// When it was used again at last.
fn keys_hit_again_and_nothing_older_comes_up(name: &str, leash: &Leash, servers: &mut [Memcached]) -> Instant {
    let begun = Instant::now();
    let ((well, times), seen) = while_it_is_used(
        leash,
        |key| server_of(leash, key),
        None,
        || {
            for_millis(1200);
            let well = begun + Duration::from_millis(400)..Instant::now();
            (well, [(); 2].map(|()| freezes(leash, servers)))
        },
    );
    let usual = seen.hit_rate(&well, 0);
    for (dead, _) in &times {
        let recovered = seen.hit_rate(&(dead.start + RECOVERY..dead.end), 0);
        println!(
            "{name}: hit rate of its keys before {usual:.3}, from {RECOVERY:?} after it was known to be dead {recovered:.3}; \
             0 values that were replaced"
        );
        assert!(recovered > 0.9 * usual, "the gutter has its keys");
    }
    times[1].1
}

#[test]
fn the_keys_of_a_dead_server_hit_in_the_gutter_and_its_copies_end() {
    let _turn = beside_others();
    let (mut servers, spare) = (Memcached::start_many(3), Memcached::start());
    let leash = leash(&servers, "spare", &format!("  spare: {{servers: [\"{}\"]}}\n", spare.address()));
    let back = keys_hit_again_and_nothing_older_comes_up("a gutter pool", &leash, &mut servers);
    let mut direct = Client::connect(&spare.address());
    wait_until("the gutter has no copy any more", BOUND + TTL, || {
        all_keys().all(|key| direct.get(&key).unwrap().is_none())
    });
    // Servers count whole seconds.
    println!("a gutter pool: its last copy ended {:?} after the return, its TTL is {TTL:?}", back.elapsed());
    assert!(back.elapsed() < TTL + Duration::from_secs(3));
}

#[test]
fn the_keys_of_a_dead_server_hit_in_the_gutter_inside_the_process() {
    let _turn = beside_others();
    let mut servers = Memcached::start_many(3);
    let leash = leash(&servers, "embedded", "");
    keys_hit_again_and_nothing_older_comes_up("an embedded gutter", &leash, &mut servers);
}
