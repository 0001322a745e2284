//! Durable queues under every order of orders, full disks, and ends of process and machine between any two steps of the
//! disk: a holder by itself, and a holder with sidecars before it.

mod alone;
mod disk;
mod fleet;
mod holding;
mod oracle;
mod oracles;
mod torn;

use std::time::Duration;

use leash::queue::Moment;
use leash::runtime::env::Env;

use crate::engine::{Simulation, assert_found_out, assert_repeatable, explore};
use alone::Alone;
use holding::HolderFault;

const STORIES: u64 = 5_000;
const QUEUES: [&str; 2] = ["a", "b"];
/// How long a message is reserved.
const RESERVE: Duration = Duration::from_secs(9);

/// Now, to a holder.
fn moment(simulation: &Simulation) -> Moment {
    Moment { up: simulation.up(), unix: Duration::from_secs(simulation.unix().cast_unsigned()) }
}

#[test]
fn whatever_happens_a_message_that_was_stored_comes_in_its_place_until_it_is_acknowledged() {
    explore(Alone, STORIES);
}

#[test]
fn a_holder_with_a_fault_is_found_out() {
    HolderFault::ALL.iter().for_each(|fault| assert_found_out(Alone, *fault, "", STORIES));
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    assert_repeatable(&[Alone], 40);
}
