//! What an [`Overview`](crate::admin::model::Overview) is made from, and how moments and counts become seconds and
//! rates.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Past;
use crate::metrics::Figures;
use crate::snapshot::Snapshot;

/// What "lately" is for rates.
pub(super) const LATELY: Duration = Duration::from_secs(10);

/// What "recent" is for sums.
pub(super) const RECENT: Duration = Duration::from_secs(300);

/// All of it, at one moment.
pub(super) struct Sources<'s> {
    /// When.
    pub now: Instant,
    /// The same in seconds of Unix time.
    pub unix_time: f64,
    /// What is in force.
    pub snapshot: &'s Snapshot,
    /// What was counted.
    pub figures: &'s Figures,
    /// What happened lately.
    pub past: &'s Past,
}

impl Sources<'_> {
    /// An earlier moment in seconds of Unix time.
    pub(super) fn unix_time_of(&self, then: Instant) -> f64 {
        self.unix_time - self.now.saturating_duration_since(then).as_secs_f64()
    }
}

/// The time of the machine, in seconds of Unix time.
pub(super) fn unix_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Nothing happens in no time.
pub(super) fn per_second(count: u64, took: Duration) -> f64 {
    if took.is_zero() { 0.0 } else { count as f64 / took.as_secs_f64() }
}
