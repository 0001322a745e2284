//! What the simulations share: processes, the wires between them and their servers, and the search for a seed that
//! breaks a promise. What a story is about, and what it promises, is theirs.

mod processes;
mod seeds;
mod wires;

pub use processes::{Processes, Whose};
pub use seeds::{first_broken, stories, tell};
pub use wires::{Asked, Leaf, Letter, Net, Next, Wires};
