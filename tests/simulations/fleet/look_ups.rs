//! Look-ups of the names of servers, which each sidecar repeats for each server that it is connected to.

use std::time::Duration;

use leash::upstream::spacing::look_up_delay;
use support::Random;

use super::{SERVERS, SIDECARS, Tally, chance};

const SECOND: Duration = Duration::from_secs(1);
const MINUTES: usize = 5;
/// All sidecars were started within this, as by a roll-out without patience.
const STARTED: Duration = Duration::from_secs(5);
const MEAN: usize = SIDECARS * SERVERS * 2 / 45;

/// The look-ups of each second by a part of the fleet, where `delay` says when the next one is due.
fn look_ups(seed: u64, sidecars: usize, delay: impl Fn(f64) -> Duration) -> Tally {
    let (mut random, mut tally) = (Random::new(seed), Tally::new(SECOND, 60 * MINUTES));
    for _ in 0..sidecars {
        let started = STARTED.mul_f64(chance(&mut random));
        for _ in 0..SERVERS {
            let mut at = started;
            while at < SECOND * 60 * MINUTES as u32 {
                at += delay(chance(&mut random));
                tally.add(at);
            }
        }
    }
    tally
}

#[test]
fn names_are_looked_up_at_an_even_rate() {
    let part = 20;
    let most = look_ups(1, SIDECARS / part, look_up_delay).most_from(120) * part;
    println!("look-ups: {most} a second at most, {MEAN} on average, of {SERVERS} names by {SIDECARS} sidecars");
    assert!(most <= MEAN * 5 / 4, "{most} a second");
    let in_step = look_ups(1, SIDECARS / part, |_| look_up_delay(0.0)).most_from(120) * part;
    assert!(in_step > MEAN * 2, "look-ups in step are not found out: {in_step}");
}
