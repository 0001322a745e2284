//! A migration under every order of events that a seed can think of: sidecars in neighbouring phases around one key, the
//! real route and two real stores, with wires between them on which the seed decides who goes first.
//!
//! What is promised stands in `oracle.rs`, who acts in `people.rs`, how the world turns in `world.rs`. A failing seed tells
//! its story. `LEASH_STORIES=n` tells n times as many.

mod oracle;
mod people;
#[path = "../support/processes.rs"]
mod processes;
#[path = "../support/random.rs"]
#[allow(dead_code, reason = "each test uses its own part of it")]
mod random;
mod sidecar;
mod wire;
mod world;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use people::Plot;
use tokio::runtime::Builder;
use tokio::task::unconstrained;
use wire::Fault;
use world::{Outcome, play};

const PLOTS: [Plot; 3] = [Plot::Values, Plot::Counter, Plot::Lock];

/// Seeds go round the pairs of phases: before and prepare, prepare and warm, warm and drain, drain and after.
const PAIRS: u64 = 4;

#[test]
fn no_read_returns_what_was_replaced_in_8000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Values, 8000);
}

#[test]
fn no_increment_is_lost_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Counter, 6000);
}

#[test]
fn no_lock_is_given_twice_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Plot::Lock, 6000);
}

/// A simulation that finds nothing may see nothing: each wrong order and each server that breaks its word must be found.
#[test]
fn a_wrong_order_is_found_out() {
    for (fault, plot) in [
        (Fault::DeletesToFirst, Plot::Values),
        (Fault::ComparesNothing, Plot::Values),
        (Fault::ComparesNothing, Plot::Lock),
        (Fault::ClaimsExcludeNobody, Plot::Counter),
        (Fault::ClaimsExcludeNobody, Plot::Lock),
        (Fault::ForgetsInvalidations, Plot::Values),
    ] {
        let found = (0..40).find_map(|block| first_broken(plot, block * 100..block * 100 + 100, fault));
        assert!(found.is_some(), "{fault:?} is not found out by 4000 stories of {plot:?}");
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    for (seed, plot) in (0..40).zip(PLOTS.into_iter().cycle()) {
        let tell = || run(plot, seed, Fault::None, true).story;
        let (one, other) = (tell(), tell());
        assert!(!one.is_empty() && one == other, "{plot:?}, seed {seed}:\n{one}\n-- and --\n{other}");
    }
}

fn explore(plot: Plot, stories: u64) {
    let times = std::env::var("LEASH_STORIES").map_or(1, |times| times.parse().expect("how many times as many"));
    if let Some((seed, _)) = first_broken(plot, 0..stories * times, Fault::None) {
        let told = run(plot, seed, Fault::None, true);
        let why = told.broken.unwrap_or("the seed does not do it again".into());
        panic!("{plot:?}, seed {seed}: {why}\n{}", told.story);
    }
}

/// The lowest seed found that breaks a promise, and how.
fn first_broken(plot: Plot, seeds: Range<u64>, fault: Fault) -> Option<(u64, String)> {
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
                    if let Some(why) = run(plot, seed, fault, false).broken {
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

fn run(plot: Plot, seed: u64, fault: Fault, is_told: bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(unconstrained(play(plot, seed, fault, is_told)))
}
