//! Queues as their operator meets them.

mod damaged;
mod kept;
mod told;
pub mod written;
