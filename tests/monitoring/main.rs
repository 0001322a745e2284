//! Alerts and dashboards: right by promtool, about metrics that exist, each alert tested and explained.
//!
//! promtool is installed by `tests/run`.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod dashboard;
mod files;
