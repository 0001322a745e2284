//! Refreshing a value before it is stale, with a chance that grows as the stale date comes near and with how long the
//! value takes to regenerate: XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede
//! Prevention, VLDB 2015).

use std::time::Duration;

/// XFetch's beta.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyRefresh {
    /// Above 1 refreshes earlier, below 1 later.
    pub beta: f64,
}

/// Values this many expected head starts away from their stale date are never refreshed early: the chance is e^-30.
const FAR: f64 = 30.0;

impl EarlyRefresh {
    /// Whether a value that is fresh for `remaining` seconds and takes `regeneration` to make is refreshed now.
    /// `chance` is uniform from 0 to 1.
    pub fn is_due(self, remaining: u32, regeneration: Duration, chance: f64) -> bool {
        let head_start = -regeneration.as_secs_f64() * self.beta * chance.max(f64::MIN_POSITIVE).ln();
        head_start >= f64::from(remaining)
    }

    /// Whether it can be due at all if nothing takes longer than `longest`: spares looking up how long this value
    /// takes.
    pub fn may_be_due(self, remaining: u32, longest: Duration) -> bool {
        f64::from(remaining) <= longest.as_secs_f64() * self.beta * FAR
    }
}
