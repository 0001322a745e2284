//! Replays at a server's return: each sidecar has deletes that the server missed, and its prober tells them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use leash::upstream::spacing::{ReplayPace, probe_delay};
use support::Random;

use super::{SIDECARS, chance};

/// What each sidecar has to tell.
const DELETES: usize = 400;
/// What the server carries out a second: a small one.
const SERVES: f64 = 200_000.0;
const ROUND_TRIP: Duration = Duration::from_millis(1);
/// A batch that takes longer has failed, and with it the replay.
const PATIENCE: Duration = Duration::from_secs(1);

/// What became of the replays.
struct Replays {
    /// The longest that a batch took.
    slowest: Duration,
    /// When the last sidecar had told all.
    done: Duration,
}

/// How a sidecar goes about it: how many deletes next, and how long it rests after those took so long.
trait Pace {
    fn batch(&self) -> usize;
    fn rest(&mut self, took: Duration) -> Duration;
}

impl Pace for ReplayPace {
    fn batch(&self) -> usize {
        ReplayPace::batch(self)
    }

    fn rest(&mut self, took: Duration) -> Duration {
        self.took(took)
    }
}

/// As many as there is room for, as fast as the server takes them.
struct Greedy;

impl Pace for Greedy {
    fn batch(&self) -> usize {
        256
    }

    fn rest(&mut self, took: Duration) -> Duration {
        Duration::from_millis(5).saturating_sub(took)
    }
}

/// The server is back at 0; probers find that out when their next probe is due, spread over `spread`.
fn replays<P: Pace>(seed: u64, spread: Duration, pace: impl Fn() -> P) -> Replays {
    let mut random = Random::new(seed);
    let mut sidecars: Vec<(P, usize)> = (0..SIDECARS).map(|_| (pace(), DELETES)).collect();
    let mut next: BinaryHeap<_> =
        (0..SIDECARS).map(|sidecar| Reverse((spread.mul_f64(chance(&mut random)), sidecar))).collect();
    let (mut free, mut seen) = (Duration::ZERO, Replays { slowest: Duration::ZERO, done: Duration::ZERO });
    while let Some(Reverse((at, sidecar))) = next.pop() {
        let (pace, left) = &mut sidecars[sidecar];
        let batch = pace.batch().min(*left);
        // The server takes them one after the other, in the order in which they come.
        free = free.max(at) + Duration::from_secs_f64(batch as f64 / SERVES);
        let took = free + ROUND_TRIP - at;
        *left -= batch;
        seen = Replays { slowest: seen.slowest.max(took), done: seen.done.max(at + took) };
        if *left > 0 {
            let rest = pace.rest(took);
            next.push(Reverse((at + took + rest, sidecar)));
        }
    }
    seen
}

#[test]
fn a_server_that_comes_back_to_ten_thousand_replays_answers_each_batch_in_time() {
    // The longest time between two probes, and the moment after a short outage, when all probe at once.
    for spread in [probe_delay(7, 0.0), probe_delay(2, 0.0)] {
        let seen = replays(1, spread, || ReplayPace::new(PATIENCE));
        let least = (SIDECARS * DELETES) as f64 / SERVES;
        println!(
            "replays: within {:.1} s of the return where {least:.1} s are the least, the slowest batch took {:.2} s",
            seen.done.as_secs_f64(),
            seen.slowest.as_secs_f64()
        );
        assert!(seen.slowest < PATIENCE, "{:?}: a batch that fails is sent again", seen.slowest);
        assert!(seen.done.as_secs_f64() < least * 1.2 + spread.as_secs_f64(), "{:?}", seen.done);
    }
}

#[test]
fn a_stampede_of_replays_is_found_out() {
    let seen = replays(1, probe_delay(2, 0.0), || Greedy);
    println!("without a pace the slowest batch took {:.1} s", seen.slowest.as_secs_f64());
    assert!(seen.slowest > PATIENCE, "{:?}", seen.slowest);
}
