//! Servers die and pools move under load that checks itself: how soon that is noticed, what others feel of it, how late
//! a reply may be, and that nobody reads a value that was replaced. Over real memcached processes that are killed and
//! frozen.
//!
//! The figures are printed: `cargo test --test load chaos -- --nocapture`.

mod fallback;
mod gutters;
mod house;
mod load;
mod moves;
mod owner;
mod regenerations;
mod seen;
mod servers;
