//! The documents say what is there: metrics, limits and log lines.

mod log_lines;
mod metrics;
mod text;
