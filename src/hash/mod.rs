//! Which server a key belongs to, without asking anyone. Keys are bytes and servers are names here; addresses, health
//! and configuration are not known.
//!
//! A key is hashed into one of 65,536 slots, and a table made when the configuration is loaded says which server owns
//! each slot: a look-up is one hash and one load, however many servers there are.

mod node_hasher;
mod owners;
mod placement;
mod slots;
mod tag;

pub use placement::Placement;
pub use slots::{SLOTS, Slot, SlotTable};
pub use tag::tag;
