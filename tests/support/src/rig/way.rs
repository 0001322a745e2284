//! How fast a way to a server is, for all its connections together.

use std::time::Duration;

use super::rate::Rate;

/// Read at once, and passed on at once.
pub const CHUNK: usize = 16 * 1024;

/// How fast it is; without limits unless it is told.
#[derive(Clone, Copy, Default)]
pub struct Pace {
    /// Requests a second, all connections together. A saturated server: what is more waits.
    pub requests: Option<f64>,
    /// Bytes of replies a second, all connections together. A thin link.
    pub bytes: Option<f64>,
    /// What each reply takes on its way.
    pub latency: Duration,
}

/// What all connections share.
pub struct Way {
    pub requests: Option<Rate>,
    pub bytes: Option<Rate>,
    pub latency: Duration,
    /// Where it leads to.
    pub server: String,
}

impl Way {
    pub fn new(pace: Pace, server: String) -> Way {
        let Pace { requests, bytes, latency } = pace;
        Way { requests: requests.map(Rate::new), bytes: bytes.map(Rate::new), latency, server }
    }
}
