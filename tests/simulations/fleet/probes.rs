//! Probes of one dead server: each sidecar has one prober, and all of them saw it die at the same moment.

use std::time::Duration;

use leash::upstream::spacing::probe_delay;
use support::Random;

use super::{SIDECARS, Tally, chance, exponential};

const SECOND: Duration = Duration::from_secs(1);
const MINUTES: usize = 10;
/// So long after the death nothing of its moment is left in the rhythm of the probes.
const SETTLED: usize = 60;
/// Each sidecar probes every 7.5 s in the end, on average.
const MEAN: usize = SIDECARS * 2 / 15;

/// The probes of each second after the death, where `delay` says when the next one is due.
fn probes(seed: u64, delay: impl Fn(u32, f64) -> Duration) -> Tally {
    let (mut random, mut tally) = (Random::new(seed), Tally::new(SECOND, 60 * MINUTES));
    for _ in 0..SIDECARS {
        // Each notices by its own requests.
        let mut at = exponential(&mut random, SECOND / 20);
        for attempt in 0.. {
            at += delay(attempt, chance(&mut random));
            if at > SECOND * 60 * MINUTES as u32 {
                break;
            }
            tally.add(at);
        }
    }
    tally
}

#[test]
fn a_dead_server_is_probed_by_all_and_by_few_at_a_time() {
    for seed in 0..3 {
        let tally = probes(seed, probe_delay);
        let (first, settled) = (tally.counts[0], tally.most_from(SETTLED));
        let early = tally.most_from(10);
        println!(
            "probes: {first} in the first second, {early} a second at most from the tenth on, {settled} from a minute on, {MEAN} on average"
        );
        assert!(first <= 4 * SIDECARS, "{first} in the first second");
        assert!(early <= 3 * MEAN, "{early} in a second");
        assert!(settled <= MEAN * 5 / 4, "{settled} in a second");
    }
}

#[test]
fn probers_that_keep_step_are_found_out() {
    let in_step = probes(1, |attempt, _| probe_delay(attempt, 0.0));
    assert!(in_step.most_from(SETTLED) > 3 * MEAN, "{}", in_step.most_from(SETTLED));
}
