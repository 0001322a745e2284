//! What is counted about the refresh policy of a route: leases, stale values, waits for cold ones.
//!
//! Only routes with the policy have cells and series for it; on others nothing is counted. Those that have it tell
//! every series from the start, as a rate needs the 0 before the first.

use std::time::Duration;

use super::histogram::LIFETIME;
use super::layout::{RouteId, per_refresh};
use super::merged::Cells;
use super::samples::Samples;
use super::series::Series;
use super::shard::Shard;
use super::words::{ColdWait, LeaseOutcome, SetRefusal};

impl Shard {
    /// Counts what became of a lease.
    pub fn lease(&self, route: RouteId, outcome: LeaseOutcome) {
        self.count_refresh(route, outcome as usize);
    }

    /// Counts a winner's set that was not kept.
    pub fn refused_set(&self, route: RouteId, why: SetRefusal) {
        self.count_refresh(route, per_refresh::REFUSED_SETS + why as usize);
    }

    /// Counts a stale value that was served, `age` past its stale date.
    pub fn stale_served(&self, route: RouteId, age: Duration) {
        self.observe_refresh(route, per_refresh::STALE_AGES, age);
    }

    /// Counts a winner's set that came `took` after the winner was told to regenerate.
    pub fn regeneration(&self, route: RouteId, took: Duration) {
        self.observe_refresh(route, per_refresh::REGENERATIONS, took);
    }

    /// Counts a request that begins to wait for a cold value.
    pub fn wait_started(&self, route: RouteId) {
        self.count_refresh(route, per_refresh::WAITS_STARTED);
    }

    /// Counts how a wait for a cold value ended. Each but an [overflow](ColdWait::Overflow) was
    /// [started](Shard::wait_started), on this shard or an earlier one.
    pub fn wait_ended(&self, route: RouteId, how: ColdWait) {
        self.count_refresh(route, per_refresh::WAITS + how as usize);
    }

    /// Counts a regeneration that was begun before the value's stale date.
    pub fn early_refresh(&self, route: RouteId) {
        self.count_refresh(route, per_refresh::EARLY);
    }

    fn count_refresh(&self, route: RouteId, cell: usize) {
        if let Some(at) = self.layout().refresh_at(route) {
            self.add(at + cell, 1);
        }
    }

    fn observe_refresh(&self, route: RouteId, histogram: usize, elapsed: Duration) {
        if let Some(at) = self.layout().refresh_at(route) {
            self.add_duration::<LIFETIME>(at + histogram, elapsed);
        }
    }
}

/// Tells what was counted about the refresh policy of a route.
pub(super) fn put(samples: &mut Samples, route: &str, cells: &Cells) {
    for outcome in LeaseOutcome::ALL {
        samples.put(Series::Leases, &[route, outcome.name()], cells.get(outcome as usize) as f64);
    }
    for why in SetRefusal::ALL {
        let count = cells.get(per_refresh::REFUSED_SETS + why as usize);
        samples.put(Series::RefusedSets, &[route, why.name()], count as f64);
    }
    for how in ColdWait::ALL {
        samples.put(Series::ColdWaits, &[route, how.name()], waits(cells, how) as f64);
    }
    samples.put(Series::ColdWaiters, &[route], waiters(cells) as f64);
    samples.put(Series::EarlyRefreshes, &[route], cells.get(per_refresh::EARLY) as f64);
    let ages = cells.durations::<LIFETIME>(per_refresh::STALE_AGES);
    samples.put_histogram(Series::StaleAge, &[route], &ages);
    let regenerations = cells.durations::<LIFETIME>(per_refresh::REGENERATIONS);
    samples.put_histogram(Series::Regeneration, &[route], &regenerations);
}

fn waits(cells: &Cells, how: ColdWait) -> u64 {
    cells.get(per_refresh::WAITS + how as usize)
}

/// Requests that wait; never below 0, as with clients that are connected.
fn waiters(cells: &Cells) -> u64 {
    let started_before = ColdWait::ALL.into_iter().filter(|how| *how != ColdWait::Overflow);
    let ended: u64 = started_before.map(|how| waits(cells, how)).sum();
    cells.get(per_refresh::WAITS_STARTED).saturating_sub(ended)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::metrics::histogram::BUCKETS;
    use crate::metrics::{Exposition, Registry, RouteLabel, ShardLayout};

    const PAGE: RouteId = RouteId(0);
    const CART: RouteId = RouteId(1);

    fn layout(page: bool, cart: bool) -> Arc<ShardLayout> {
        let routes = [("page:", page), ("cart:", cart)];
        let routes = routes.map(|(prefix, refreshes)| RouteLabel {
            prefix: prefix.to_string(),
            refreshes,
            migrates: false,
            loads: false,
        });
        ShardLayout::new(&routes, &[])
    }

    /// The samples that tell of a route, by what stands before their value.
    fn told(registry: &Registry, route: &str) -> BTreeMap<String, f64> {
        let label = format!(r#"route="{route}""#);
        let text = registry.text(Exposition::Text);
        let lines = text.lines().filter(|line| line.contains(&label)).filter_map(|line| line.rsplit_once(' '));
        let bare = |series: &str| series.replace(&format!("{label},"), "").replace(&format!("{{{label}}}"), "");
        lines.map(|(series, value)| (bare(series), value.parse().expect("a number"))).collect()
    }

    #[test]
    fn each_count_is_told_under_its_own_words() {
        let registry = Registry::new("0.1.0");
        let shard = registry.shard(&layout(true, true));
        for (times, outcome) in LeaseOutcome::ALL.into_iter().enumerate() {
            (0..=times).for_each(|_| shard.lease(PAGE, outcome));
        }
        for (times, why) in SetRefusal::ALL.into_iter().enumerate() {
            (0..=times).for_each(|_| shard.refused_set(PAGE, why));
        }
        (0..14).for_each(|_| shard.wait_started(PAGE));
        for (times, how) in ColdWait::ALL.into_iter().enumerate() {
            (0..=times).for_each(|_| shard.wait_ended(PAGE, how));
        }
        shard.early_refresh(PAGE);
        let told = told(&registry, "page:");
        for (series, expected) in [
            (r#"leash_leases_total{outcome="granted"}"#, 1.0),
            (r#"leash_leases_total{outcome="lost"}"#, 2.0),
            (r#"leash_leases_total{outcome="unasked"}"#, 3.0),
            (r#"leash_leases_total{outcome="expired"}"#, 4.0),
            (r#"leash_refused_sets_total{reason="changed"}"#, 1.0),
            (r#"leash_refused_sets_total{reason="revoked"}"#, 2.0),
            (r#"leash_refused_sets_total{reason="overtaken"}"#, 3.0),
            (r#"leash_cold_waits_total{outcome="value"}"#, 1.0),
            (r#"leash_cold_waits_total{outcome="timeout"}"#, 2.0),
            (r#"leash_cold_waits_total{outcome="gone"}"#, 3.0),
            (r#"leash_cold_waits_total{outcome="overflow"}"#, 4.0),
            (r#"leash_cold_waits_total{outcome="nothing"}"#, 5.0),
            ("leash_cold_waiters", 3.0),
            ("leash_early_refreshes_total", 1.0),
        ] {
            assert_eq!(told[series], expected, "{series}");
        }
    }

    #[test]
    fn ages_and_regenerations_fall_into_the_longer_buckets() {
        let registry = Registry::new("0.1.0");
        let shard = registry.shard(&layout(true, false));
        for millis in [1, 2, 30_000, 200_000] {
            shard.stale_served(PAGE, Duration::from_millis(millis));
        }
        shard.regeneration(PAGE, Duration::from_millis(1_500));
        let told = told(&registry, "page:");
        let ages = ["0.001", "0.002", "16.384", "32.768", "131.072", "+Inf"];
        let bucket = |le: &str| told[&format!(r#"leash_stale_age_seconds_bucket{{le="{le}"}}"#)];
        assert_eq!(ages.map(bucket), [1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        assert_eq!((told["leash_stale_age_seconds_count"], told["leash_stale_age_seconds_sum"]), (4.0, 230.003));
        let bucket = |le: &str| told[&format!(r#"leash_regeneration_seconds_bucket{{le="{le}"}}"#)];
        assert_eq!(["1.024", "2.048"].map(bucket), [0.0, 1.0]);
        assert_eq!(told["leash_regeneration_seconds_sum"], 1.5);
    }

    #[test]
    fn a_route_that_refreshes_tells_zeros_from_the_start_and_another_tells_nothing() {
        let registry = Registry::new("0.1.0");
        let shard = registry.shard(&layout(true, false));
        shard.lease(CART, LeaseOutcome::Granted);
        shard.stale_served(CART, Duration::from_secs(1));
        assert_eq!(told(&registry, "cart:"), BTreeMap::new());
        let told = told(&registry, "page:");
        assert!(told.values().all(|value| *value == 0.0), "{told:?}");
        let counts = LeaseOutcome::ALL.len() + SetRefusal::ALL.len() + ColdWait::ALL.len() + 2;
        let histogram = BUCKETS + 2;
        assert_eq!(told.len(), counts + 2 * histogram);
    }

    #[test]
    fn waiters_survive_the_shard_they_were_counted_in_and_an_overflow_never_waited() {
        let registry = Registry::new("0.1.0");
        let old = registry.shard(&layout(true, false));
        (0..5).for_each(|_| old.wait_started(PAGE));
        old.wait_ended(PAGE, ColdWait::Value);
        old.wait_ended(PAGE, ColdWait::Overflow);
        drop(old);
        let new = registry.shard(&layout(true, false));
        new.wait_ended(PAGE, ColdWait::Gone);
        new.wait_ended(PAGE, ColdWait::Timeout);
        assert_eq!(told(&registry, "page:")["leash_cold_waiters"], 2.0);
        new.wait_started(PAGE);
        assert_eq!(told(&registry, "page:")["leash_cold_waiters"], 3.0);
        assert_eq!(told(&registry, "page:")[r#"leash_cold_waits_total{outcome="overflow"}"#], 1.0);
    }

    #[test]
    fn a_route_that_refreshes_no_more_leaves_and_finds_its_counts_when_it_comes_back() {
        let registry = Registry::new("0.1.0");
        registry.shard(&layout(true, true)).early_refresh(PAGE);
        let without = registry.shard(&layout(false, true));
        without.early_refresh(CART);
        assert_eq!(told(&registry, "page:"), BTreeMap::new());
        assert_eq!(told(&registry, "cart:")["leash_early_refreshes_total"], 1.0);
        drop(without);
        let _again = registry.shard(&layout(true, false));
        assert_eq!(told(&registry, "page:")["leash_early_refreshes_total"], 1.0);
        assert_eq!(told(&registry, "cart:"), BTreeMap::new());
    }
}
