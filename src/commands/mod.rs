//! The command line: what can be asked of `leash`, and the commands that are more than one call into another room.

pub mod check;
pub mod cli;
pub mod demo;
pub mod healthcheck;
pub mod queue;
pub mod top;
pub mod warm;
