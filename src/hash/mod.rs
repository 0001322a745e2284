//! Which server a key belongs to, without asking anyone. Keys are bytes and servers are names here; addresses, health
//! and configuration are not known.
//!
//! By itself leash hashes a key into one of 65,536 slots, and a table made when the configuration is loaded says which
//! server owns each slot: a look-up is one hash and one load, however many servers there are. The other placements are
//! those of clients and proxies that filled a pool before leash came.

mod circle;
mod dalli;
mod fingerprint;
mod ketama;
mod key_hash;
mod kind;
mod memcached_proxy;
mod modula;
mod murmur3;
mod names;
mod node_hasher;
mod owners;
mod placement;
mod slots;
mod tag;

pub use key_hash::{KEY_HASHES, KeyHash};
pub use kind::{HASHES, HashKind};
pub use placement::{Counts, Placement};
pub use slots::{SLOTS, SlotNumber, SlotTable, item_hash};
pub use tag::tag;
