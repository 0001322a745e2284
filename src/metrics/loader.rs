//! What is counted about the loader of a route: what became of loads, and how long they took.
//!
//! Only routes with a loader have cells and series for it, and those from the start, as with the refresh policy.

use std::time::Duration;

use super::histogram::LIFETIME;
use super::layout::{RouteId, per_loader};
use super::load_words::LoadOutcome;
use super::merged::Cells;
use super::samples::Samples;
use super::series::Series;
use super::shard::Shard;

impl Shard {
    /// Counts what became of a load that took so long, waiting for its turn included.
    pub fn load(&self, route: RouteId, outcome: LoadOutcome, took: Duration) {
        if let Some(at) = self.layout().loader_at(route) {
            self.add(at + outcome as usize, 1);
            if outcome.was_called() {
                self.add_duration::<LIFETIME>(at + per_loader::SECONDS, took);
            }
        }
    }

    /// Counts a caller that found nothing and was answered by a load that another caller had begun.
    pub fn load_spared(&self, route: RouteId) {
        if let Some(at) = self.layout().loader_at(route) {
            self.add(at + per_loader::SPARED, 1);
        }
    }
}

/// Tells what was counted about the loader of a route.
pub(super) fn put(samples: &mut Samples, route: &str, cells: &Cells) {
    for outcome in LoadOutcome::ALL {
        samples.put(Series::Loads, &[route, outcome.name()], cells.get(outcome as usize) as f64);
    }
    samples.put(Series::LoadsSpared, &[route], cells.get(per_loader::SPARED) as f64);
    samples.put_histogram(Series::LoadSeconds, &[route], &cells.durations::<LIFETIME>(per_loader::SECONDS));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Exposition, Registry, RouteLabel, ShardLayout};

    #[test]
    fn a_route_with_a_loader_tells_zeros_from_the_start_and_another_tells_nothing() {
        let label =
            |prefix: &str, loads| RouteLabel { prefix: prefix.to_string(), refreshes: true, migrates: false, loads };
        let registry = Registry::new("0.1.0");
        let shard = registry.shard(&ShardLayout::new(&[label("cart:", true), label("page:", false)], &[]));
        shard.load(RouteId(0), LoadOutcome::Value, Duration::from_millis(1500));
        shard.load(RouteId(0), LoadOutcome::HeldBack, Duration::ZERO);
        shard.load(RouteId(1), LoadOutcome::Value, Duration::from_secs(1));
        shard.load_spared(RouteId(0));
        let text = registry.text(Exposition::Text);
        let told = |line: &str| assert!(text.lines().any(|known| known == line), "no line {line} in\n{text}");
        told(r#"leash_loads_total{route="cart:",outcome="value"} 1"#);
        told(r#"leash_loads_total{route="cart:",outcome="held_back"} 1"#);
        told(r#"leash_loads_total{route="cart:",outcome="absent"} 0"#);
        told(r#"leash_loads_spared_total{route="cart:"} 1"#);
        told(r#"leash_load_seconds_count{route="cart:"} 1"#);
        told(r#"leash_load_seconds_sum{route="cart:"} 1.5"#);
        let is_of_load = |line: &&str| line.starts_with("leash_load") && line.contains(r#"route="page:""#);
        assert_eq!(text.lines().find(is_of_load), None);
    }
}
