//! Alerts and dashboards: right by promtool, about metrics that exist, each alert tested and explained; and a real
//! Prometheus makes something of them.
//!
//! Prometheus and promtool are installed by `tests/run`.

mod alerts;
mod dashboard;
mod expositions;
mod files;
mod prometheus;
mod scrape;
mod traffic;
