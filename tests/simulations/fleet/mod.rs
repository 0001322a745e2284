//! What ten thousand sidecars ask of a hundred servers, all together: the arithmetic behind docs/operations/scale.md.
//!
//! No process runs here: each story asks leash's own deciders when a sidecar acts next, and counts what a server gets of
//! it. The figures are printed: `cargo test --test simulations fleet -- --nocapture`.

mod connections;
mod leases;
mod look_ups;
mod probes;
mod reloads;
mod replays;

use std::time::Duration;

use support::Random;

const SIDECARS: usize = 10_000;
const SERVERS: usize = 100;
/// Of each sidecar, and so connections that each server gets of it as a rule.
const WORKERS: usize = 2;

/// How often something happens, in steps of time.
struct Tally {
    step: Duration,
    counts: Vec<usize>,
}

impl Tally {
    fn new(step: Duration, steps: usize) -> Tally {
        Tally { step, counts: vec![0; steps] }
    }

    /// It happens at `at`; what comes after the last step does not count.
    fn add(&mut self, at: Duration) {
        let place = (at.as_micros() / self.step.as_micros()) as usize;
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
    }

    fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The most in one step from step number `first` on.
    fn most_from(&self, first: usize) -> usize {
        self.counts[first..].iter().copied().max().unwrap_or(0)
    }
}

/// A number in 0..1, as leash's own chance is.
fn chance(random: &mut Random) -> f64 {
    random.below(1 << 30) as f64 / f64::from(1 << 30)
}

/// How long until the next of events that come by chance, `mean` apart.
fn exponential(random: &mut Random, mean: Duration) -> Duration {
    mean.mul_f64(-(1.0 - chance(random)).ln())
}
