//! The documents say what is there: metrics, limits, log lines and files.

mod log_lines;
mod map;
mod metrics;
mod text;
