//! The endpoints that make values: how they fare, the worst first.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{BAD, STRONG, of};
use super::table::{Column, table};
use crate::admin::model::{Overview, ShownLoader, ShownRoute, labels};
use crate::readable::{amount, if_known, latency, number, percent};

type Loading<'o> = (&'o ShownRoute, &'o ShownLoader);

/// What is told of a loader, what matters most first.
fn columns<'o>() -> [Column<Loading<'o>>; 9] {
    [
        Column::words(labels::PREFIX, |(route, _)| Some(route.name().to_string().into())),
        Column::words(labels::STATE, |(_, loader)| Some(state(loader))),
        Column::figures(labels::CALLS, |(_, loader)| Some(amount(loader.calls()).into())),
        Column::figures(labels::FAILED, |(_, loader)| Some(Span::styled(amount(loader.failed()), failing(loader)))),
        Column::figures(labels::IN_FLIGHT, |(_, loader)| Some(number(loader.in_flight).into())),
        Column::figures(labels::WAITING, |(_, loader)| Some(number(loader.waiting).into())),
        Column::figures(labels::WITHIN, |(_, loader)| Some(if_known(loader.p99, latency).into())),
        Column::figures(labels::CALLS_AVOIDED, |(_, loader)| Some(if_known(loader.avoided(), percent).into())),
        Column::words(labels::LAST_FAILURE, |(_, loader)| loader.failure.as_ref().map(|last| last.why.clone().into())),
    ]
}

/// All of them; nothing where no route loads.
pub(super) fn loaders(overview: &Overview) -> Option<Part> {
    let loaders = overview.loaders();
    let (titles, lines) = table(&columns(), &loaders.iter().collect::<Vec<_>>());
    let head = vec![Line::styled(labels::LOADERS, STRONG), titles];
    (!loaders.is_empty()).then(|| Part { head, items: lines.into_iter().map(|line| vec![line]).collect() })
}

fn state(loader: &ShownLoader) -> Span<'static> {
    let (how, word) = loader.state();
    Span::styled(word, of(how))
}

fn failing(loader: &ShownLoader) -> Style {
    if loader.failed() > 0.0 { BAD } else { Style::new() }
}
