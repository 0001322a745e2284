//! The busiest keys as people are told of them.

use serde::{Deserialize, Serialize};

/// What clients ask for most: prefixes of keys, or keys themselves where the configuration allows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Busiest {
    /// How many requests were looked at.
    pub sampled: u64,
    /// How many seconds they were spread over.
    pub seconds: f64,
    /// Whether these are keys (`admin.show_keys`), not prefixes.
    pub are_keys: bool,
    /// The busiest ones, the first first; at most twenty.
    pub names: Vec<Busy>,
}

/// One prefix or key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Busy {
    /// The prefix or key.
    pub name: String,
    /// Its share of all requests.
    pub share: f64,
    /// Requests a second, estimated.
    pub requests: f64,
}
