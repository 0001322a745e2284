//! A migration under every order of events that a seed can think of: sidecars in neighbouring phases around one key,
//! the real route and two real stores, with wires between them on which the seed decides who goes first.
//!
//! What is promised stands in `oracle.rs`, who acts in `people.rs`. A failing seed tells its story.

mod oracle;
mod people;
mod server;
mod sidecar;
mod story;
mod world;

use server::Fault;
use story::Scenario;

use crate::engine::{assert_found_out, assert_repeatable, explore};

#[test]
fn no_read_returns_what_was_replaced_in_8000_stories_of_any_two_neighbouring_phases() {
    explore(Scenario::Values, 8000);
}

#[test]
fn no_cas_stores_over_a_change_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Scenario::Uniques, 6000);
}

#[test]
fn no_increment_is_lost_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Scenario::Counter, 6000);
}

#[test]
fn no_lock_is_given_twice_in_6000_stories_of_any_two_neighbouring_phases() {
    explore(Scenario::Lock, 6000);
}

/// Each wrong order, and each server that breaks its word, must be found.
#[test]
fn a_wrong_order_is_found_out() {
    for (fault, scenario, promise) in [
        (Fault::DeletesToFirst, Scenario::Values, "promise 1"),
        (Fault::ComparesNothing, Scenario::Values, "promise 2"),
        (Fault::ComparesNothing, Scenario::Lock, "promise 4"),
        (Fault::ClaimsExcludeNobody, Scenario::Counter, "promise 3"),
        (Fault::ClaimsExcludeNobody, Scenario::Lock, "promise 4"),
        (Fault::ForgetsInvalidations, Scenario::Values, "promise 1"),
        (Fault::UniquesAreAlike, Scenario::Uniques, "promise 2"),
    ] {
        assert_found_out(scenario, fault, promise, 4000);
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    assert_repeatable(&[Scenario::Values, Scenario::Uniques, Scenario::Counter, Scenario::Lock], 10);
}
