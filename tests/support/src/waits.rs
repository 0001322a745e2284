//! Waits in order, and how long so many of a thousand were.

use std::time::Duration;

/// Waits in order.
pub struct Waits(Vec<Duration>);

impl Waits {
    pub fn of(waits: impl Iterator<Item = Duration>) -> Waits {
        let mut waits: Vec<Duration> = waits.collect();
        waits.sort();
        Waits(waits)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// So many of a thousand took no longer.
    pub fn per_mille(&self, share: usize) -> Duration {
        assert!(!self.0.is_empty(), "nobody waited");
        self.0[(self.0.len() - 1) * share / 1000]
    }

    /// 99 of a hundred took no longer; of fewer than a hundred, all.
    pub fn p99(&self) -> Duration {
        assert!(!self.0.is_empty(), "nobody waited");
        self.0[(self.0.len() * 99).div_ceil(100) - 1]
    }

    pub fn worst(&self) -> Duration {
        self.per_mille(1000)
    }

    /// Those that took at least this long.
    pub fn from(&self, least: Duration) -> Waits {
        Waits::of(self.0.iter().copied().filter(|wait| *wait >= least))
    }
}

impl std::fmt::Display for Waits {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return to.write_str("none");
        }
        let (usual, late, worst) = (self.per_mille(500), self.p99(), self.worst());
        write!(to, "{} within {usual:.1?} (50 %), {late:.1?} (99 %), {worst:.1?} (all)", self.count())
    }
}
