//! The refresh policy under every order of events that a seed can think of: several sidecars around one key and one
//! memcached, the real route and the real store, with a wire between them on which the seed decides who goes first.
//!
//! What is promised stands in `oracle.rs`, what happens in `scenarios.rs`. A failing seed tells its story.

mod deeds;
mod fleet;
mod oracle;
mod puts;
mod scenarios;
mod server;
mod trouble;
mod world;

use scenarios::Scenario;
use server::Fault;

use crate::engine::{assert_found_out, assert_repeatable, explore};

#[test]
fn no_outdated_value_is_read_in_5000_stories_of_readers_writers_and_crashes() {
    explore(Scenario::General, 5000);
}

#[test]
fn nothing_made_of_an_outdated_value_is_read_in_5000_stories_with_those_who_build_on_it() {
    explore(Scenario::Builders, 5000);
}

#[test]
fn a_lone_winner_is_stored_however_slow_it_is_in_1000_stories() {
    explore(Scenario::Lone, 1000);
}

#[test]
fn the_second_winners_value_survives_the_first_ones_late_set_in_1500_stories() {
    explore(Scenario::TwoWinners, 1500);
}

#[test]
fn one_of_several_adders_takes_a_stale_lock_in_500_stories() {
    explore(Scenario::Adders, 500);
}

#[test]
fn no_increment_over_a_stale_count_is_lost_in_500_stories() {
    explore(Scenario::Counters, 500);
}

#[test]
fn a_stale_item_is_not_there_for_commands_that_change_items_in_500_stories() {
    explore(Scenario::Lookers, 500);
}

#[test]
fn one_regenerates_a_cold_value_and_nobody_waits_for_nothing_in_1000_stories() {
    explore(Scenario::Cold, 1000);
}

#[test]
fn who_joins_the_waiting_after_a_delete_is_not_given_what_was_read_before_it_in_2000_stories() {
    explore(Scenario::Joining, 2000);
}

/// Each way in which the server can break its word must be found.
#[test]
fn a_server_that_breaks_its_word_is_found_out() {
    for (fault, scenario, promise) in [
        (Fault::ForgetsRevocations, Scenario::General, "promise 1"),
        (Fault::RevokesLate, Scenario::General, "promise 1"),
        (Fault::AddsOverAnything, Scenario::General, "promise 1"),
        (Fault::ComparesNothing, Scenario::General, "promise 1"),
        (Fault::UndoesNothing, Scenario::General, "promise 1"),
        (Fault::UndoesNothing, Scenario::TwoWinners, "promise 3"),
        (Fault::ComparesNothing, Scenario::TwoWinners, "promise 3"),
        (Fault::DeniesChanges, Scenario::Builders, "promise 1"),
        (Fault::GrantsEveryLease, Scenario::General, "promise 4"),
        (Fault::ComparesNothing, Scenario::Adders, "promise 5"),
        (Fault::ComparesNothing, Scenario::Counters, "promise 5"),
    ] {
        assert_found_out(scenario, fault, promise, 2000);
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    assert_repeatable(&[Scenario::General, Scenario::Cold, Scenario::TwoWinners], 50);
}
