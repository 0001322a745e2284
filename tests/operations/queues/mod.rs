//! Queues as their operator meets them.

pub mod written;
