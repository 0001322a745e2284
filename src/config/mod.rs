//! The configuration.
pub mod problem;
mod yaml;
