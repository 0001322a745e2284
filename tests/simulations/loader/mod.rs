//! The loader under every order of events that a seed can think of: several sidecars before one memcached and one
//! endpoint that is slow, fails and hangs; callers that hang up, writers, sidecars that die or are reloaded, a memcached
//! that evicts and restarts, replies that are lost.
//!
//! The real route, the real leases, the real line of calls and the real rules of freshness; only what carries bytes is
//! not. What is promised stands in `oracle.rs`, what happens in `story.rs`. A failing seed tells its story.

mod calls;
mod deeds;
mod endpoint;
mod oracle;
mod people;
mod puts;
mod reasons;
mod server;
mod sidecar;
mod story;
mod trouble;
mod world;

use server::Fault;
use story::Scenario;

use crate::engine::{assert_found_out, assert_repeatable, explore};

#[test]
fn nothing_loaded_before_a_write_is_read_after_it_and_all_are_answered_in_3000_stories() {
    explore(Scenario::Calm, 3000);
}

#[test]
fn the_same_holds_where_sidecars_die_servers_restart_and_replies_are_lost_in_2000_stories() {
    explore(Scenario::Troubled, 2000);
}

/// Each fault must be found, and by the promise that it breaks.
#[test]
fn a_leash_that_breaks_its_word_is_found_out() {
    for (fault, promise) in [
        (Fault::DeletesRevokeNothing, "promise 1"),
        (Fault::SetsAreNoEvidence, "promise 1"),
        (Fault::StoresWithoutLooking, "promise 1"),
        (Fault::GrantsEveryLease, "promise 2"),
        (Fault::AsksWithoutBound, "promise 5"),
        (Fault::QueuesWithoutBound, "promise 5"),
        (Fault::LoadsEndWithTheirCaller, "promise 3"),
        (Fault::RemembersNothingForEver, "promise 4"),
        (Fault::TakesOutlivedForStale, "promise 6"),
    ] {
        assert_found_out(Scenario::Calm, fault, promise, 2000);
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    assert_repeatable(&[Scenario::Calm, Scenario::Troubled], 40);
}
