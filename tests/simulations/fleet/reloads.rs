//! A reload of all sidecars within a minute, with another time-out of a pool: each connects to each server anew.

use std::time::Duration;

use support::Random;

use super::{SIDECARS, Tally, WORKERS, chance, exponential};

const SECOND: Duration = Duration::from_secs(1);
/// Within this a changed ConfigMap reaches all machines.
const REACHES: Duration = Duration::from_secs(60);
/// leash looks at its file this often, each in a rhythm of its own.
const LOOKS: Duration = Duration::from_secs(5);
/// A worker's next request to the server, which connects.
const ASKED: Duration = Duration::from_millis(100);

/// The connections that a server gets in each second, if the change reaches all machines within `reaches`.
fn connections(seed: u64, reaches: Duration) -> Tally {
    let (mut random, mut tally) = (Random::new(seed), Tally::new(SECOND, 90));
    for _ in 0..SIDECARS {
        let reloaded = reaches.mul_f64(chance(&mut random)) + LOOKS.mul_f64(chance(&mut random));
        for _ in 0..WORKERS {
            tally.add(reloaded + exponential(&mut random, ASKED));
        }
    }
    tally
}

#[test]
fn a_reload_of_all_within_a_minute_gives_a_server_its_connections_anew_a_few_at_a_time() {
    let mean = SIDECARS * WORKERS / REACHES.as_secs() as usize;
    let tally = connections(1, REACHES);
    println!("a reload of all: {} connections a second at most, {} in all", tally.most_from(0), tally.total());
    assert_eq!(tally.total(), SIDECARS * WORKERS);
    assert!(tally.most_from(0) <= mean * 5 / 4, "{}", tally.most_from(0));
    // A file that all have at once, as on one machine: the rhythm of the looks alone spreads it.
    let at_once = connections(1, Duration::ZERO).most_from(0);
    println!("a reload of all at once: {at_once} connections a second at most");
    assert!(at_once <= SIDECARS * WORKERS / LOOKS.as_secs() as usize * 5 / 4, "{at_once}");
}
