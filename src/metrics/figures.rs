//! The counters that people are shown: a few numbers of each route and server, added up over classes and
//! outcomes. All of them only grow, so that the difference of two readings is what happened between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::histogram::{BUCKETS, Durations, LATENCY, LIFETIME};
use super::layout::{per_migration, per_refresh, route_label};
use super::load_figures::LoadFigures;
use super::merged::{Cells, Merged, RouteCells};
use super::totals::ServerTotals;
use super::words::{Backfill, ColdWait, LeaseOutcome, ReadSource, RequestOutcome, words};
use crate::protocol::CommandClass;

words! {
    /// A count of one route.
    RouteFigure {
        /// Requests, each key of a get one.
        Requests = "requests",
        /// Gets.
        Gets = "gets",
        /// Gets that found something.
        Hits = "hits",
        /// Requests that ended with an error, or without an answer from their server.
        Errors = "errors",
        /// Stale values served.
        StaleServed = "stale_served",
        /// Waits for a cold value that ended with it.
        Waited = "waited",
        /// Callers told to regenerate.
        Winners = "winners",
        /// Winners that never came back in time.
        LeasesExpired = "leases_expired",
        /// Values read in the new pool of a migration.
        ReadTo = "read_to",
        /// Values read in the old one.
        ReadFrom = "read_from",
        /// Reads that found a value in neither.
        ReadNone = "read_none",
        /// Items brought over.
        BackfillsDone = "backfills_done",
        /// Items that were there already.
        BackfillsRefused = "backfills_refused",
        /// Items that changed while they were brought over.
        BackfillsUndone = "backfills_undone",
        /// Items that were left, as too many were under way.
        BackfillsSkipped = "backfills_skipped",
    }
}

/// What was counted about one route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteFigures {
    counts: [u64; RouteFigure::ALL.len()],
    durations: [u64; BUCKETS],
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Clients that are connected.
    pub clients: u64,
    /// By the route's label, see [`EVERYTHING_ELSE`](super::EVERYTHING_ELSE).
    pub routes: BTreeMap<Arc<str>, RouteFigures>,
    /// The same about loaders, of the routes that have one.
    pub loads: BTreeMap<Arc<str>, LoadFigures>,
    /// By pool and name.
    pub servers: BTreeMap<(Arc<str>, Arc<str>), ServerTotals>,
}

impl Figures {
    pub(super) fn of(merged: &Merged) -> Figures {
        let route = |(label, cells): (&Arc<str>, &RouteCells)| {
            let (refresh, migration) = (merged.refreshing.get(label), merged.migrating.get(label));
            let mut figures = RouteFigures::of(cells, refresh, migration);
            if merged.loading.contains_key(label) {
                figures.regenerated_by_leash(cells);
            }
            (label.clone(), figures)
        };
        Figures {
            clients: merged.downstream_connections(),
            routes: merged.routes.iter().map(route).collect(),
            loads: merged.loading.iter().map(|(label, cells)| (label.clone(), LoadFigures::of(cells))).collect(),
            servers: merged.servers.iter().map(|(name, cells)| (name.clone(), ServerTotals::of(cells))).collect(),
        }
    }

    /// The figures of the route with this prefix; zeros if there is no such route.
    pub fn route(&self, prefix: &str) -> RouteFigures {
        self.routes.get(route_label(prefix)).copied().unwrap_or_default()
    }

    /// The figures of the loader of the route with this prefix; zeros if there is none.
    pub(crate) fn loads(&self, prefix: &str) -> LoadFigures {
        self.loads.get(route_label(prefix)).copied().unwrap_or_default()
    }

    /// The figures of a server; zeros if there is no such server.
    pub fn server(&self, pool: &Arc<str>, name: &Arc<str>) -> ServerTotals {
        self.servers.get(&(pool.clone(), name.clone())).copied().unwrap_or_default()
    }

    /// What happened on all routes since `earlier`. A route that is gone has taken its counts along.
    pub fn traffic_since(&self, earlier: &Figures) -> RouteFigures {
        let mut sum = RouteFigures::default();
        self.routes.iter().for_each(|(label, now)| sum.add(&now.since(&earlier.route(label))));
        sum
    }
}

impl RouteFigures {
    fn of(cells: &RouteCells, refresh: Option<&Cells>, migration: Option<&Cells>) -> RouteFigures {
        let counts = RouteFigure::ALL.map(|figure| derive(figure, cells, refresh, migration));
        let mut durations = [0; BUCKETS];
        for class in CommandClass::ALL {
            let of_class = cells.durations(class).counts;
            durations.iter_mut().zip(of_class).for_each(|(sum, count)| *sum += count);
        }
        RouteFigures { counts, durations }
    }

    /// Where leash itself is the winner, a caller is told to regenerate by a miss alone.
    fn regenerated_by_leash(&mut self, cells: &RouteCells) {
        self.counts[RouteFigure::Winners as usize] = cells.requests(CommandClass::Get, RequestOutcome::Miss);
    }

    /// One count.
    pub fn get(&self, figure: RouteFigure) -> u64 {
        self.counts[figure as usize]
    }

    /// Adds what happened elsewhere or at another time.
    pub fn add(&mut self, other: &RouteFigures) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum += count);
        self.durations.iter_mut().zip(other.durations).for_each(|(sum, count)| *sum += count);
    }

    /// What happened since `earlier`.
    pub fn since(mut self, earlier: &RouteFigures) -> RouteFigures {
        self.counts.iter_mut().zip(earlier.counts).for_each(|(now, then)| *now = now.saturating_sub(then));
        self.durations.iter_mut().zip(earlier.durations).for_each(|(now, then)| *now = now.saturating_sub(then));
        self
    }

    /// Seconds within which this share of the requests was answered, estimated; `None` without a request.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        Durations::<LATENCY> { counts: self.durations, nanos: 0 }.quantile(share)
    }
}

fn derive(figure: RouteFigure, cells: &RouteCells, refresh: Option<&Cells>, migration: Option<&Cells>) -> u64 {
    let requests = |classes: &[CommandClass], outcomes: &[RequestOutcome]| -> u64 {
        let each = classes.iter().flat_map(|class| outcomes.iter().map(|outcome| cells.requests(*class, *outcome)));
        each.sum()
    };
    let (all, get) = (&CommandClass::ALL, &[CommandClass::Get]);
    let refreshing = |cell: usize| refresh.map_or(0, |cells| cells.get(cell));
    let migrating = |cell: usize| migration.map_or(0, |cells| cells.get(cell));
    let lease = |outcome: LeaseOutcome| refreshing(outcome as usize);
    let read = |source: ReadSource| migrating(source as usize);
    let backfill = |outcome: Backfill| migrating(per_migration::BACKFILLS + outcome as usize);
    match figure {
        RouteFigure::Requests => requests(all, &RequestOutcome::ALL),
        RouteFigure::Gets => requests(get, &RequestOutcome::ALL),
        RouteFigure::Hits => requests(get, &[RequestOutcome::Hit]),
        RouteFigure::Errors => requests(all, &[RequestOutcome::Error, RequestOutcome::Failed]),
        RouteFigure::StaleServed => {
            refresh.map_or(0, |cells| cells.durations::<LIFETIME>(per_refresh::STALE_AGES).count())
        }
        RouteFigure::Waited => refreshing(per_refresh::WAITS + ColdWait::Value as usize),
        RouteFigure::Winners => lease(LeaseOutcome::Granted) + lease(LeaseOutcome::Unasked),
        RouteFigure::LeasesExpired => lease(LeaseOutcome::Expired),
        RouteFigure::ReadTo => read(ReadSource::To),
        RouteFigure::ReadFrom => read(ReadSource::From),
        RouteFigure::ReadNone => read(ReadSource::None),
        RouteFigure::BackfillsDone => backfill(Backfill::Done),
        RouteFigure::BackfillsRefused => backfill(Backfill::Refused),
        RouteFigure::BackfillsUndone => backfill(Backfill::Undone),
        RouteFigure::BackfillsSkipped => backfill(Backfill::Skipped),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Registry, RouteLabel, ShardLayout, UpstreamCount};
    use crate::protocol::Cause;

    fn layout(prefixes: &[&str]) -> Arc<ShardLayout> {
        let label =
            |prefix: &&str| RouteLabel { prefix: prefix.to_string(), refreshes: true, migrates: true, loads: false };
        let routes: Vec<RouteLabel> = prefixes.iter().map(label).collect();
        ShardLayout::new(&routes, &[("main".to_string(), "m0".to_string())])
    }

    #[test]
    fn counts_of_classes_and_policies_add_up() {
        let (registry, layout) = (Registry::new("0.1.0"), layout(&["", "page:"]));
        let (one, other) = (registry.shard(&layout), registry.shard(&layout));
        let page = layout.route("page:").unwrap();
        one.count(page, CommandClass::Get, RequestOutcome::Hit);
        other.count(page, CommandClass::Get, RequestOutcome::Miss);
        other.count(page, CommandClass::Store, RequestOutcome::Failed);
        one.lease(page, LeaseOutcome::Granted);
        one.lease(page, LeaseOutcome::Unasked);
        one.lease(page, LeaseOutcome::Lost);
        one.stale_served(page, Duration::from_secs(1));
        other.wait_ended(page, ColdWait::Value);
        one.migration_read(page, ReadSource::From);
        one.backfill(page, Backfill::Skipped);
        let server = layout.server("main", "m0").unwrap();
        one.upstream(server, UpstreamCount::Requests, 3);
        other.failure(server, Cause::Timeout);
        let figures = registry.figures();
        let told = figures.route("page:");
        let expected = [3, 2, 1, 1, 1, 1, 2, 0, 0, 1, 0, 0, 0, 0, 1];
        assert_eq!(RouteFigure::ALL.map(|figure| told.get(figure)), expected);
        assert_eq!(figures.route(""), RouteFigures::default());
        let server = figures.server(&"main".into(), &"m0".into());
        assert_eq!((server.requests, server.failures), (3, 1));
    }

    #[test]
    fn what_happened_in_between_knows_routes_that_came_and_went() {
        let registry = Registry::new("0.1.0");
        let count = |layout: &Arc<ShardLayout>, prefix: &str| {
            let shard = registry.shard(layout);
            shard.count(layout.route(prefix).unwrap(), CommandClass::Get, RequestOutcome::Hit);
        };
        let (old, new) = (layout(&["a", "b"]), layout(&["b", "c"]));
        (0..5).for_each(|_| count(&old, "a"));
        (0..3).for_each(|_| count(&old, "b"));
        let before = registry.figures();
        (0..2).for_each(|_| count(&new, "b"));
        count(&new, "c");
        assert_eq!(registry.figures().traffic_since(&before).get(RouteFigure::Hits), 3);
    }

    #[test]
    fn a_quantile_lies_within_the_bucket_it_falls_into() {
        let mut figures = RouteFigures::default();
        assert_eq!(figures.quantile(0.99), None);
        let micros = |figures: &RouteFigures, share| figures.quantile(share).map(|seconds| (seconds * 1e6).round());
        figures.durations[1] = 100;
        assert_eq!(micros(&figures, 0.5), Some(75.0));
        figures.durations[3] = 100;
        assert_eq!(micros(&figures, 0.5), Some(100.0));
        assert_eq!(micros(&figures, 1.0), Some(400.0));
        figures.durations[BUCKETS - 1] = 1_000_000;
        assert_eq!(micros(&figures, 0.99), Some(6_553_600.0));
    }
}
