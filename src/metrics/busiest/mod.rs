//! Which keys clients ask for most, from a sample so small that the path of a request does not notice.
//!
//! ```text
//!   worker: note(key) ─▶ skip, skip, skip … keep ─▶ reservoir ─┐ every half minute
//!                                                              ├─▶ recent minutes ─▶ busiest prefixes, or keys
//!   worker: note(key) ─▶ …                         reservoir ─┘
//! ```
//! Almost every request only counts down. Keys stay in memory for the minutes that are shown, and are shown only where
//! the configuration allows it; of values nothing is known here.

mod prefix;
mod recent;
mod reservoir;
mod shared;
mod told;

pub(crate) use recent::RecentSamples;
pub(crate) use shared::{KeySample, KeySamples};
pub use told::{Busiest, Busy};
