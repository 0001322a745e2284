//! The servers: health in words, traffic, and what waits.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{BAD, STRONG, of};
use super::table::{Column, table};
use crate::admin::model::{Grade, Overview, ShownServer, labels};
use crate::commands::top::screen::Sort;
use crate::readable::{amount, counted, if_known, latency, number};

/// What is told of a server, what matters most first.
const COLUMNS: [Column<ShownServer>; 9] = [
    Column::words(labels::SERVER, |server| Some(server.name.clone().into())),
    Column::words(labels::STATE, |server| Some(Span::styled(server.state.name(), of(Grade::of(server.state))))),
    Column::figures(labels::REQUESTS, |server| Some(amount(server.requests).into())),
    Column::figures(labels::FAILED, |server| Some(Span::styled(amount(server.failures), failing(server)))),
    Column::figures(labels::IN_FLIGHT, |server| Some(number(server.in_flight).into())),
    Column::figures(labels::SPOOLED, |server| server.spooled.map(|spooled| number(spooled).into())),
    Column::figures(labels::REPLY_TIME, |server| Some(if_known(server.reply_time, latency).into())),
    Column::words(labels::WHY, |server| server.downtime.as_ref().map(|down| down.why.clone().into())),
    Column::words(labels::POOL, |server| Some(server.pool.clone().into())),
];

/// All of them, in this order.
pub(super) fn servers(overview: &Overview, sort: Sort) -> Option<Part> {
    let mut servers: Vec<&ShownServer> = overview.servers.iter().collect();
    match sort {
        Sort::WorstFirst => {}
        Sort::ByName => servers.sort_by(|a, b| (&a.name, &a.pool).cmp(&(&b.name, &b.pool))),
        Sort::ByRate => servers.sort_by(|a, b| b.requests.total_cmp(&a.requests)),
    }
    // The last one tells nothing where there is one pool.
    let columns = &COLUMNS[..COLUMNS.len() - usize::from(overview.pools.len() < 2)];
    let (columns, lines) = table(columns, &servers);
    let head = vec![summary(&overview.servers), columns];
    (!servers.is_empty()).then(|| Part { head, items: lines.into_iter().map(|line| vec![line]).collect() })
}

fn summary(servers: &[ShownServer]) -> Line<'static> {
    let down = servers.iter().filter(|server| !server.is_asked()).count();
    match down {
        0 => Line::styled(format!("{}, none is down", counted(servers.len(), "server")), STRONG),
        _ => Line::styled(format!("{}, {} down", counted(servers.len(), "server"), number(down as u64)), BAD),
    }
}

fn failing(server: &ShownServer) -> Style {
    if server.failures > 0.0 { BAD } else { Style::new() }
}
