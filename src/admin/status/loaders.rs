//! Loaders in the [`Overview`](crate::admin::model::Overview): how the endpoint of a route fares.

use super::sources::{LATELY, Sources, per_second};
use crate::admin::model::{FailedLoad, ShownLoader};
use crate::config::{FixedHeader, Loader};
use crate::metrics::LoadOutcome;
use crate::snapshot::tree::identity;

/// The loader of the route with this prefix.
pub(super) fn of_route(sources: &Sources<'_>, loader: &Loader, prefix: &str) -> ShownLoader {
    let fares = sources.snapshot.loaders.fares(identity(prefix));
    let (took, before) = sources.past.history.reading(sources.now, LATELY);
    let lately = sources.figures.loads(prefix).since(&before.loads(prefix));
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
        failure: failed,
    }
}

fn shown(header: &FixedHeader) -> String {
    format!("{}: {}", header.name, header.shown)
}
