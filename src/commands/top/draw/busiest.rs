//! What clients ask for most.

use ratatui::text::Line;

use super::part::Part;
use super::style::STRONG;
use super::table::{Column, table};
use crate::admin::model::{Busy, Overview, labels};
use crate::readable::{amount, percent};

const KEYS: [Column<Busy>; 3] = columns(labels::KEY);
const PREFIXES: [Column<Busy>; 3] = columns(labels::PREFIX);

/// The busiest prefixes or keys; nothing where none was sampled.
pub(super) fn busiest(overview: &Overview) -> Option<Part> {
    let busiest = &overview.busiest;
    let (label, columns) = match busiest.are_keys {
        true => (labels::BUSIEST_KEYS, &KEYS),
        false => (labels::BUSIEST_PREFIXES, &PREFIXES),
    };
    let (columns, lines) = table(columns, &busiest.names.iter().collect::<Vec<_>>());
    let items: Vec<Vec<Line>> = lines.into_iter().map(|line| vec![line]).collect();
    (!items.is_empty()).then(|| Part { head: vec![Line::styled(label, STRONG), columns], items })
}

const fn columns(name: &'static str) -> [Column<Busy>; 3] {
    [
        Column::words(name, |busy| Some(busy.name.clone().into())),
        Column::figures(labels::REQUESTS, |busy| Some(amount(busy.requests).into())),
        Column::figures(labels::SHARE, |busy| Some(percent(busy.share).into())),
    ]
}
