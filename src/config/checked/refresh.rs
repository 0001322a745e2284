//! How stale values of a route are refreshed, checked. Deciding by it is done elsewhere.

use std::time::Duration;

/// XFetch's beta where `early` is asked for without one: what its authors advise.
pub(crate) const BETA: f64 = 1.0;

/// How stale values of a route are refreshed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refresh {
    /// How long past its stale date a value may still be served; whole seconds, at least 1 s.
    pub grace: Duration,
    /// How long it is kept after that, for when it cannot be regenerated; whole seconds, zero: it is not. Said by the
    /// loader.
    pub fail_safe: Duration,
    /// How long one caller may take to regenerate a value before the next one may; whole seconds, at least 2 s.
    pub lease: Duration,
    /// How long callers that find nothing wait for the one who regenerates it; zero: they do not.
    pub cold_wait: Duration,
    /// By how much of its TTL, at most, a value goes stale earlier, as a share from 0 to 0.5.
    pub jitter: f64,
    /// The bit of the client flags that marks a value whose last `grace` seconds are stale time; 0 to 31.
    pub marker_bit: u8,
    /// Whether clients of the meta protocol are told by letters (W, X, Z) who regenerates and what is stale; else they
    /// are told as others are.
    pub letters: bool,
    /// XFetch's beta: how eagerly values are refreshed before they are stale; `None`: they are not.
    pub early: Option<f64>,
}

impl Refresh {
    /// Whether both tell the same values stale where they share a server.
    pub fn agrees_with(&self, other: &Refresh) -> bool {
        (self.grace, self.fail_safe, self.marker_bit) == (other.grace, other.fail_safe, other.marker_bit)
    }
}

impl Default for Refresh {
    fn default() -> Refresh {
        Refresh {
            grace: Duration::from_secs(60),
            fail_safe: Duration::ZERO,
            lease: Duration::from_secs(10),
            cold_wait: Duration::ZERO,
            jitter: 0.0,
            marker_bit: 31,
            letters: true,
            early: None,
        }
    }
}
