//! What the simulations share: chance and time, who is alive, the wires to the servers, the loop in which a story
//! unfolds, and the search for a seed that breaks a promise. What a story is about, and what it promises, is theirs.

mod explore;
mod leaf;
mod pen;
mod processes;
mod simulated;
mod simulation;
mod wires;
mod words;

pub use explore::{Plot, assert_found_out, assert_repeatable, explore};
pub use leaf::{LONG, leaf, uncounted};
pub use pen::Pen;
pub use processes::Whose;
pub use simulated::Simulated;
pub use simulation::Simulation;
pub use wires::{Asked, Letter};
pub use words::is_about_lease;
