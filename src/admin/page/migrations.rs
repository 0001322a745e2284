//! Routes on their way to another pool: how far they have come, and what is safe to do next.

use super::{Html, bar, grade, section, show_nothing, table};
use crate::admin::model::{Grade, Migration, Overview, ShownRoute, labels};
use crate::config::Phase;
use crate::readable::{age, number, percent};

/// How many are shown.
const MOST: usize = 8;

/// Writes them, if there are any.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    let routes: Vec<(&ShownRoute, &Migration)> =
        overview.routes.iter().filter_map(|route| Some((route, route.migration.as_ref()?))).collect();
    if routes.is_empty() {
        return show_nothing(html, "migrations");
    }
    section(html, "migrations", labels::MIGRATIONS, |html| {
        for (route, migration) in routes.iter().take(MOST) {
            html.element("article", &[], |html| one(html, route, migration));
        }
        table::more(html, routes.len(), MOST, "migration");
    });
}

fn one(html: &mut Html, route: &ShownRoute, migration: &Migration) {
    html.element("h3", &[], |html| {
        html.words("code", &[], route.name());
        html.text(&format!(" from {} to {}", migration.from, migration.to));
    });
    steps(html, migration.phase);
    let (how, word) = if migration.next.may_go_on { (Grade::Good, "go on") } else { (Grade::Fair, "not yet") };
    html.element("p", &[("class", "next")], |html| {
        grade::write(html, how, word);
        html.text(" ");
        html.text(&migration.next.sentence);
    });
    share(html, migration);
    html.words("p", &[("class", "detail")], &detail(migration));
}

/// The phases in their order, the one it is in marked.
fn steps(html: &mut Html, phase: Phase) {
    let now = phase.word();
    html.element("ol", &[("class", "steps"), ("aria-label", "phases")], |html| {
        for step in Phase::WAY {
            let current = [("aria-current", "step")];
            html.words("li", if step == now { &current[..] } else { &[] }, step);
        }
    });
}

/// Where values came from, as a bar.
fn share(html: &mut Html, migration: &Migration) {
    let found = migration.reads.to + migration.reads.from;
    if found == 0 {
        return;
    }
    let to = migration.reads.to as f64 / found as f64;
    let told = format!(
        "{} of the values found came from {}, {} from {}",
        percent(to),
        migration.to,
        percent(1.0 - to),
        migration.from
    );
    bar::write(html, to, Some(&told));
    html.words("p", &[("class", "detail")], &format!("{told}."));
}

fn detail(migration: &Migration) -> String {
    let (reads, backfills) = (migration.reads, migration.backfills);
    let n = |count_of: u64| number(count_of);
    format!(
        "In this phase for {} here. In that time, or the last minutes of it: {} reads found in {}, {} in {}, {} in neither; {} items brought \
         over, {} were there already, {} changed meanwhile, {} skipped.",
        age(migration.stayed),
        n(reads.to),
        migration.to,
        n(reads.from),
        migration.from,
        n(reads.none),
        n(backfills.done),
        n(backfills.refused),
        n(backfills.undone),
        n(backfills.skipped),
    )
}
