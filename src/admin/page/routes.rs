//! The routes: those with errors first, then the busiest.

use super::table::{self, Cell, Heading};
use super::{Html, section};
use crate::admin::model::{Overview, Saved, ShownRoute, labels};
use crate::readable::{amount, latency, percent};

/// How many are shown.
const MOST: usize = 12;

/// Writes them.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    let columns = [
        Heading(labels::PREFIX, false),
        Heading(labels::POOL, false),
        Heading(labels::REQUESTS, true),
        Heading(labels::HIT_RATIO, true),
        Heading(labels::WITHIN, true),
        Heading(labels::ERRORS, true),
        Heading("regenerations avoided", true),
    ];
    section(html, "routes", "routes", |html| {
        table::write(html, &columns, &overview.routes, MOST, cells);
        table::more(html, overview.routes.len(), MOST, "route");
    });
}

fn cells(route: &ShownRoute) -> Vec<Cell> {
    let maybe = |value: Option<f64>, show: fn(f64) -> String| value.map_or(Cell::Nothing, |v| Cell::Text(show(v)));
    vec![
        Cell::Text(route.name().to_string()),
        Cell::Text(pool(route)),
        Cell::Text(amount(route.now.requests)),
        maybe(route.now.hit_ratio, percent),
        maybe(route.now.p99, latency),
        Cell::Text(amount(route.now.errors)),
        maybe(route.saved.as_ref().and_then(Saved::share), percent),
    ]
}

fn pool(route: &ShownRoute) -> String {
    match &route.migration {
        Some(migration) => format!("{} → {} ({})", migration.from, migration.to, migration.phase.word()),
        None => route.pool.clone(),
    }
}
