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

use crate::engine::{assert_found_out, assert_repeatable, explore};
use crate::queue::STORIES;
use crate::queue::holding::HolderFault;
use world::Fleet;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    Holder(HolderFault),
    /// Sidecars believe for longer than the holder that a client has a message, and the holder believes them.
    GivesBackStale,
    /// Sidecars do not notice that a connection has ended.
    NoticesNoLoss,
    /// What a client asked comes to the holder behind what it asked next.
    Overtakes,
}

#[test]
fn whatever_happens_to_sidecars_and_clients_no_message_is_lost_or_taken_from_its_consumer() {
    explore(Fleet, STORIES);
}

#[test]
fn a_fault_of_the_holder_or_of_a_sidecar_is_found_out() {
    let on_the_way = [Fault::GivesBackStale, Fault::NoticesNoLoss, Fault::Overtakes];
    for fault in HolderFault::ALL.map(Fault::Holder).into_iter().chain(on_the_way) {
        assert_found_out(Fleet, fault, "", STORIES);
    }
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    assert_repeatable(&[Fleet], 40);
}
