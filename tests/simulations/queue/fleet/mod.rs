//! Clients behind sidecars, a holder, and everything that may happen between them: replies that are lost, connections that
//! break, reservations that are over, clients that hang up, and ends of the holder's process and machine.
//!
//! ```text
//!   person ─▶ QueueNode ─▶ Leaf ─▶ wire ──(the scheduler takes the oldest)──▶ wish ─▶ QueueHolder ─▶ Platter
//!   person ◀─ QueueNode ◀─ Leaf ◀─ wire ◀─(the scheduler delivers the oldest)─ told ◀──┘
//! ```
//! Between `person` and `Platter` all but the wires is the real code. What is promised stands in `truth.rs` and in
//! `../oracle.rs`; a failing seed tells its story.

mod holder;
mod people;
mod truth;
mod world;

use std::ops::Range;

use crate::engine::{stories, tell};
use world::{Outcome, play};

const STORIES: u64 = 5_000;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// The holder answers before the disk has what it answers.
    AnswersEarly,
    /// What is given back goes to the end of the line.
    GivesBackAtTheTail,
    /// The holder begins with the same ids again.
    UsesIdsAgain,
    /// Sidecars believe for longer than the holder that a client has a message, and the holder believes them.
    GivesBackStale,
    /// Sidecars do not notice that a connection has ended.
    NoticesNoLoss,
    /// What a client asked comes to the holder behind what it asked next.
    Overtakes,
}

#[test]
fn whatever_happens_to_sidecars_and_clients_no_message_is_lost_or_taken_from_its_consumer() {
    if let Some((seed, _)) = first_broken(stories(STORIES), Fault::None) {
        let told = run(seed, Fault::None, true);
        panic!("seed {seed}: {}\n{}", told.broken.unwrap_or("the seed does not do it again".into()), told.story);
    }
}

#[test]
fn a_fault_of_the_holder_or_of_a_sidecar_is_found_out() {
    use Fault::{AnswersEarly, GivesBackAtTheTail, GivesBackStale, NoticesNoLoss, Overtakes, UsesIdsAgain};
    for fault in [AnswersEarly, GivesBackAtTheTail, UsesIdsAgain, GivesBackStale, NoticesNoLoss, Overtakes] {
        let found = first_broken(0..STORIES, fault);
        println!("{fault:?}: {found:?}");
        assert!(found.is_some(), "{fault:?} is not found");
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    for seed in 0..40 {
        let story = || run(seed, Fault::None, true).story;
        let (one, other) = (story(), story());
        assert!(!one.is_empty() && one == other, "seed {seed}:\n{one}\n-- and --\n{other}");
    }
}

fn first_broken(seeds: Range<u64>, fault: Fault) -> Option<(u64, String)> {
    crate::engine::first_broken(seeds, |seed| run(seed, fault, false).broken)
}

fn run(seed: u64, fault: Fault, is_told: bool) -> Outcome {
    tell(play(seed, fault, is_told))
}
