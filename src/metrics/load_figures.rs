//! What people are shown of the loader of one route: what became of loads, and how long calls took. All of it only grows,
//! so that the difference of two readings is what happened between them.

use super::histogram::{BUCKETS, Durations, LIFETIME};
use super::layout::per_loader;
use super::load_words::LoadOutcome;
use super::merged::Cells;

/// What was counted about one loader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadFigures {
    outcomes: [u64; LoadOutcome::ALL.len()],
    durations: [u64; BUCKETS],
}

impl LoadFigures {
    pub(super) fn of(cells: &Cells) -> LoadFigures {
        let outcomes = LoadOutcome::ALL.map(|outcome| cells.get(outcome as usize));
        LoadFigures { outcomes, durations: cells.durations::<LIFETIME>(per_loader::SECONDS).counts }
    }

    /// How many loads ended so.
    pub(crate) fn get(&self, outcome: LoadOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// What happened since `earlier`.
    pub(crate) fn since(mut self, earlier: &LoadFigures) -> LoadFigures {
        self.outcomes.iter_mut().zip(earlier.outcomes).for_each(|(now, then)| *now = now.saturating_sub(then));
        self.durations.iter_mut().zip(earlier.durations).for_each(|(now, then)| *now = now.saturating_sub(then));
        self
    }

    /// Seconds within which this share of the calls was answered, estimated; `None` without a call.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        Durations::<LIFETIME> { counts: self.durations, nanos: 0 }.quantile(share)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Registry, RouteId, RouteLabel, ShardLayout};

    #[test]
    fn what_happened_between_two_readings_is_told_of_the_route_that_loads() {
        let label = |prefix: &str, loads| {
            let prefix = prefix.to_string();
            RouteLabel { prefix, refreshes: true, migrates: false, loads }
        };
        let registry = Registry::new("0.1.0");
        let shard = registry.shard(&ShardLayout::new(&[label("cart:", true), label("page:", false)], &[]));
        let load = |outcome| shard.load(RouteId(0), outcome, Duration::from_millis(100));
        load(LoadOutcome::Value);
        let before = registry.figures();
        load(LoadOutcome::Status);
        load(LoadOutcome::HeldBack);
        let figures = registry.figures();
        let since = figures.loads("cart:").since(&before.loads("cart:"));
        assert_eq!([LoadOutcome::Value, LoadOutcome::Status, LoadOutcome::HeldBack].map(|o| since.get(o)), [0, 1, 1]);
        let p99 = since.quantile(0.99).expect("a call");
        assert!((0.064..=0.128).contains(&p99), "{p99}");
        assert_eq!(figures.loads("page:"), LoadFigures::default());
    }
}
