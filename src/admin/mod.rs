//! The admin address: what leash tells people, Prometheus and the kubelet over HTTP.
//!
//! It has a thread of its own, so that a scrape delays no request and a stuck worker can still be looked at, and
//! another one that makes the pages, so that they delay no probe. It only reads. What it does not know it asks a
//! [`StatusSource`] for: it knows no worker, no route and no configuration.

pub(crate) mod fetch;
pub mod model;
pub(crate) mod page;
pub(crate) mod status;

mod hosts;
mod negotiate;
mod pages;
mod places;
mod query;
mod server;

use std::pin::Pin;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::admin::model::Overview;
use crate::explain::Destination;
use crate::metrics::Exposition;
pub use server::{Handle, serve};

/// How often a [`StatusSource`] is told to note how things are.
pub const STEP: Duration = Duration::from_secs(2);

/// A look at some keys: in their order what was found, or why one of them cannot be a key. It stays on its thread.
pub type Looking = Pin<Box<dyn Future<Output = Result<Vec<Destination>, String>>>>;

/// What the pages show. A call should not wait for anything; what is marked so is asked from the thread that serves,
/// and must not take long either.
pub trait StatusSource: Send + Sync + 'static {
    /// `/metrics`: everything, written in this way.
    fn metrics(&self, exposition: Exposition) -> String;

    /// `/livez`: whether the process is of use at all, or why it should be restarted. Asked while others are served.
    fn live(&self) -> Result<(), String> {
        Ok(())
    }

    /// `/readyz`: whether the listeners are bound and the configuration is loaded, or what is missing. Asked
    /// while others are served.
    fn ready(&self) -> Result<(), String>;

    /// `/config`: the effective configuration, secrets masked.
    fn config(&self) -> Value;

    /// The names by which it may be asked, beside those of this machine. Asked while others are served.
    fn hosts(&self) -> Vec<String>;

    /// Told every [`STEP`], so that there is a history to show.
    fn note(&self, now: Instant);

    /// `/status`: all of it at a glance.
    fn overview(&self, now: Instant) -> Overview;

    /// `/route?key=`: where this key goes, or why it cannot be a key.
    fn route(&self, key: &[u8]) -> Result<Destination, String>;

    /// `/route?key=&live=1`: where these keys go and what is there. Others are served while this waits for servers.
    fn look(&self, keys: Vec<Vec<u8>>) -> Looking;
}

#[cfg(test)]
mod tests;
