//! Queues as their operator meets them.

mod kept;
pub mod written;
