//! Bytes <-> [`Request`] and [`Reply`]. No socket, no clock, no route.

pub mod key;
pub mod reply;
pub mod request;

pub use key::{Key, KeyError};
pub use reply::{Cause, Failure, Item, Reply};
pub use request::{Arithmetic, Command, CommandClass, Delete, Exptime, Get, Request, Returns, Store, StoreMode};
