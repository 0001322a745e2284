//! Trouble that can be repeated: servers and links that are slow, broken or hostile, clients that are many or hostile,
//! and what somebody beside them feels.
//!
//! Each piece runs on a thread of its own and ends when it is dropped. Chance is seeded, every loop bounded.

mod background;
mod beside;
mod closed_loop;
mod flood;
mod frames;
mod keys;
mod lie;
mod load;
mod open_loop;
mod paced;
mod rate;
mod resident;
mod talk;
mod tally;
mod trouble;
mod way;

pub use background::Background;
pub use beside::{Beside, Felt, felt_directly};
pub use flood::{Flood, Reading};
pub use keys::Keys;
pub use lie::Lie;
pub use load::Load;
pub use paced::Paced;
pub use resident::Resident;
pub use talk::{connect, read_line};
pub use tally::{Outcome, Tally};
pub use trouble::Trouble;
pub use way::Pace;
