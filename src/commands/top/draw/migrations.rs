//! Routes that move to another pool: how far they have come, and what is safe to do next.

use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{CARE, GOOD, STRONG};
use super::wrapped::wrapped;
use crate::admin::model::{Migration, Overview, ShownRoute, labels};
use crate::readable::{age, percent};

/// Those that are on their way; nothing where none is.
pub(super) fn migrations(overview: &Overview, width: usize) -> Option<Part> {
    let moving = |route: &ShownRoute| Some(item(route.name(), route.migration.as_ref()?, width));
    let items: Vec<Vec<Line>> = overview.routes.iter().filter_map(moving).collect();
    (!items.is_empty()).then(|| Part { head: vec![Line::styled(labels::MIGRATIONS, STRONG)], items })
}

fn item(name: &str, migration: &Migration, width: usize) -> Vec<Line<'static>> {
    let Migration { from, to, phase, stayed, reads, next, .. } = migration;
    let share = match reads.share_from() {
        Some(share) => format!("{} of values still from {from}", percent(share)),
        None => "few values read lately".to_string(),
    };
    let place = format!("{name}  {from} → {to}  ");
    let phase = Span::styled(format!("{} for {}", phase.word(), age(*stayed)), STRONG);
    let mut lines = vec![Line::from_iter([Span::raw(place), phase, Span::raw(format!("  {share}"))])];
    lines.extend(wrapped(&next.sentence, width, if next.may_go_on { GOOD } else { CARE }));
    lines
}
