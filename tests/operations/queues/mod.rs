//! Queues as their operator meets them.

mod kept;
mod told;
pub mod written;
