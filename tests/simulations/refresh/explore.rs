//! Runs a scenario for many seeds, on all cores; a seed that breaks a promise is told again, in full.

use std::ops::Range;

use support::random::Random;

use super::scenarios::Scenario;
use super::server::Fault;
use crate::engine::{stories, tell};

/// What came of one seed.
pub struct Outcome {
    pub broken: Option<String>,
    pub story: String,
}

/// Panics with the story of the first seed found that breaks a promise.
pub fn explore(scenario: Scenario, usually: u64) {
    if let Some((seed, first)) = first_broken(scenario, stories(usually), Fault::None) {
        let told = play(scenario, seed, Fault::None, true);
        let why = told.broken.unwrap_or(format!("{first} (the seed does not do it again)"));
        panic!("{scenario:?}, seed {seed}: {why}\n{}", told.story);
    }
}

/// The lowest seed found that breaks a promise, and how.
pub fn first_broken(scenario: Scenario, seeds: Range<u64>, fault: Fault) -> Option<(u64, String)> {
    crate::engine::first_broken(seeds, |seed| play(scenario, seed, fault, false).broken)
}

/// Plays one seed.
pub fn play(scenario: Scenario, seed: u64, fault: Fault, is_told: bool) -> Outcome {
    tell(scenario.play(Random::new(seed), fault, is_told))
}
