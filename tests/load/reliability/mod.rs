//! What happens when everything goes wrong: servers that are saturated, slow, hostile or gone, links that are thin or
//! broken, clients that flood, vanish or never read, and all of it while the configuration changes.
//!
//! One file for each kind of trouble; what makes the trouble is in `tests/support/src/rig`. In short by default; the
//! long form holds each promise to its figure: `LEASH_TEST_LONG=1 cargo test --release --test load reliability --
//! --nocapture`. What was found is in docs/operations/reliability.md.

mod disks;
mod floods;
mod forgery;
mod greed;
mod hostile_servers;
pub mod house;
mod large;
mod long_gets;
mod overload;
mod owner;
mod reloads;
mod soak;
mod vanished;
