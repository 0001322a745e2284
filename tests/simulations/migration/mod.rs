//! A migration under every order of events that a seed can think of: sidecars in neighbouring phases around one key,
//! the real route and two real stores, with wires between them on which the seed decides who goes first.
//!
//! What is promised stands in `oracle.rs`, who acts in `people.rs`, how the world turns in `world.rs`. A failing seed
//! tells its story. `LEASH_STORIES=n` tells n times as many.

mod oracle;
mod people;
mod server;
mod sidecar;
mod world;

use std::ops::Range;

use people::Plot;
use server::Fault;
use world::{Outcome, play};

use crate::engine::{stories, tell};

const PLOTS: [Plot; 4] = [Plot::Values, Plot::Uniques, Plot::Counter, Plot::Lock];

/// Seeds go round the pairs of phases: before and prepare, prepare and warm, warm and drain, drain and after.
const PAIRS: u64 = 4;

#[test]
fn no_read_returns_what_was_replaced_in_8000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Values, 8000);
}

#[test]
fn no_cas_stores_over_a_change_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Uniques, 6000);
}

#[test]
fn no_increment_is_lost_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Counter, 6000);
}

#[test]
fn no_lock_is_given_twice_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Lock, 6000);
}

/// A simulation that finds nothing may see nothing: each wrong order and each server that breaks its word must be
/// found.
#[test]
fn a_wrong_order_is_found_out() {
    for (fault, plot) in [
        (Fault::DeletesToFirst, Plot::Values),
        (Fault::ComparesNothing, Plot::Values),
        (Fault::ComparesNothing, Plot::Lock),
        (Fault::ClaimsExcludeNobody, Plot::Counter),
        (Fault::ClaimsExcludeNobody, Plot::Lock),
        (Fault::ForgetsInvalidations, Plot::Values),
        (Fault::UniquesAreAlike, Plot::Uniques),
    ] {
        let found = (0..40).find_map(|block| first_broken(plot, block * 100..block * 100 + 100, fault));
        assert!(found.is_some(), "{fault:?} is not found out by 4000 stories of {plot:?}");
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    for (seed, plot) in (0..40).zip(PLOTS.into_iter().cycle()) {
        let story = || run(plot, seed, Fault::None, true).story;
        let (one, other) = (story(), story());
        assert!(!one.is_empty() && one == other, "{plot:?}, seed {seed}:\n{one}\n-- and --\n{other}");
    }
}

fn explore(plot: Plot, usually: u64) {
    if let Some((seed, _)) = first_broken(plot, stories(usually), Fault::None) {
        let told = run(plot, seed, Fault::None, true);
        let why = told.broken.unwrap_or("the seed does not do it again".into());
        panic!("{plot:?}, seed {seed}: {why}\n{}", told.story);
    }
}

/// The lowest seed found that breaks a promise, and how.
fn first_broken(plot: Plot, seeds: Range<u64>, fault: Fault) -> Option<(u64, String)> {
    crate::engine::first_broken(seeds, |seed| run(plot, seed, fault, false).broken)
}

fn run(plot: Plot, seed: u64, fault: Fault, is_told: bool) -> Outcome {
    tell(play(plot, seed, fault, is_told))
}
