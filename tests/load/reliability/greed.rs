//! A client that asks for far more than its share of a server that cannot give it: the others get theirs.

use std::time::Duration;

use support::pause;
use support::rig::{Flood, Load, Outcome, Reading};

use super::house::{alone, go_on, share};
use super::overload::{CAPACITY, Saturated};

/// What the modest ones ask for together: a tenth of what there is.
const MODEST: u64 = CAPACITY as u64 / 10;
const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(3);

#[test]
fn those_who_ask_for_little_of_a_saturated_server_get_it_beside_one_who_asks_for_everything() {
    let _alone = alone();
    let server = Saturated::start();
    let leash = server.leash();
    let keys = Saturated::keys();
    let greedy = Flood::start(leash.address(), 1, keys.gets(), Reading::All);
    let modest = Load::open(leash.address(), 20, keys, MODEST);
    pause(WARM_UP);
    let time = go_on(TIME);
    let (tally, _) = (modest.stop(), greedy.stop());
    tally.has_nothing_foreign();
    let (hits, misses) = (tally.waits(&time, Outcome::Hit), tally.waits(&time, Outcome::Miss));
    println!("of {MODEST} modest gets a second, beside a greedy client: hits {hits}; missed {misses}");
    let got = hits.count() as f64 / (hits.count() + misses.count()) as f64;
    assert!(got >= share(0.9), "the modest ones get {:.0} %", 100.0 * got);
}
