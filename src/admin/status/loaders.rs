//! Loaders in the [`Overview`](crate::admin::model::Overview): how the endpoint of a route fares.

use std::time::Duration;

use super::sources::{LATELY, RECENT, Sources, per_second};
use crate::admin::model::{FailedLoad, Saved, ShownLoader};
use crate::config::{FixedHeader, Loader};
use crate::metrics::{LoadFigures, LoadOutcome};
use crate::snapshot::tree::identity;

/// The loader of the route with this prefix; `saved` is what became of the route's callers in the recent minutes.
pub(super) fn of_route(sources: &Sources<'_>, loader: &Loader, prefix: &str, saved: &Saved) -> ShownLoader {
    let fares = sources.snapshot.loaders.fares(identity(prefix));
    let (took, lately) = since(sources, prefix, LATELY);
    let (_, recent) = since(sources, prefix, RECENT);
    // Those who learned that there is no value are not among those who were given one.
    let called = LoadOutcome::ALL.into_iter().filter(|outcome| outcome.was_called() && *outcome != LoadOutcome::Absent);
    let failed =
        fares.last_failure().map(|last| FailedLoad { at: sources.unix_time_of(last.when), why: last.why.to_string() });
    ShownLoader {
        url: loader.url.written.clone(),
        headers: loader.headers.iter().map(shown).collect(),
        is_held_back: fares.is_held_back(),
        in_flight: fares.in_flight() as u64,
        most_in_flight: loader.max_in_flight as u64,
        waiting: fares.waiting() as u64,
        loads: LoadOutcome::ALL.into_iter().map(|outcome| (outcome, per_second(lately.get(outcome), took))).collect(),
        p99: lately.quantile(0.99),
        served: saved.avoided(),
        called: called.map(|outcome| recent.get(outcome)).sum(),
        failure: failed,
    }
}

/// What was loaded in about this time, and how long that exactly is.
fn since(sources: &Sources<'_>, prefix: &str, ago: Duration) -> (Duration, LoadFigures) {
    let (took, before) = sources.past.history.reading(sources.now, ago);
    (took, sources.figures.loads(prefix).since(&before.loads(prefix)))
}

fn shown(header: &FixedHeader) -> String {
    format!("{}: {}", header.name, header.shown)
}
