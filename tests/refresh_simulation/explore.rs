//! Runs a scenario for many seeds, on all cores; a seed that breaks a promise is told again, in full.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Builder;
use tokio::task::unconstrained;

use crate::random::Random;
use crate::scenarios::Scenario;
use crate::wire::Fault;

/// What came of one seed.
pub struct Outcome {
    pub broken: Option<String>,
    pub story: String,
}

/// Panics with the story of the first seed found that breaks a promise. `LEASH_STORIES=n` tells n times as many.
pub fn explore(scenario: Scenario, stories: u64) {
    let times = std::env::var("LEASH_STORIES").map_or(1, |times| times.parse().expect("how many times as many"));
    let seeds = 0..stories * times;
    if let Some((seed, _)) = first_broken(scenario, seeds, Fault::None) {
        let told = play(scenario, seed, Fault::None, true);
        let why = told.broken.unwrap_or("the seed does not do it again".into());
        panic!("{scenario:?}, seed {seed}: {why}\n{}", told.story);
    }
}

/// The lowest seed found that breaks a promise, and how.
pub fn first_broken(scenario: Scenario, seeds: Range<u64>, fault: Fault) -> Option<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(None::<(u64, String)>);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if let Some(why) = play(scenario, seed, fault, false).broken {
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|(lowest, _)| seed < *lowest) {
                            *found = Some((seed, why));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Plays one seed.
pub fn play(scenario: Scenario, seed: u64, fault: Fault, is_told: bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(unconstrained(scenario.play(Random::new(seed), fault, is_told)))
}
