//! The documents say what is there: metrics, configuration, log lines, files, and where their links lead. The book is
//! whole.

mod book;
mod configuration;
mod links;
mod log_lines;
mod map;
mod metrics;
mod text;
