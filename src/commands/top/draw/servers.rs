//! The servers: health in words, traffic, and what waits.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{BAD, CARE, GOOD, STRONG};
use super::table::{Column, table};
use crate::admin::model::{Overview, Server};
use crate::commands::top::screen::Sort;
use crate::metrics::ServerState;
use crate::readable::{amount, counted, if_known, latency, number};

/// What is told of a server, what matters most first.
const COLUMNS: [Column<Server>; 8] = [
    Column::words("server", |server| Some(server.name.clone().into())),
    Column::words("state", |server| Some(Span::styled(server.state.name(), style(server.state)))),
    Column::figures("requests/s", |server| Some(amount(server.requests).into())),
    Column::figures("errors/s", |server| Some(Span::styled(amount(server.failures), failing(server)))),
    Column::figures("in flight", |server| Some(number(server.in_flight).into())),
    Column::figures("spooled", |server| server.spooled.map(|spooled| number(spooled).into())),
    Column::figures("reply", |server| Some(if_known(server.reply_time, latency).into())),
    Column::words("pool", |server| Some(server.pool.clone().into())),
];

/// All of them, in this order.
pub fn servers(overview: &Overview, sort: Sort) -> Part {
    let mut servers: Vec<&Server> = overview.servers.iter().collect();
    match sort {
        Sort::WorstFirst => {}
        Sort::ByName => servers.sort_by(|a, b| (&a.name, &a.pool).cmp(&(&b.name, &b.pool))),
        Sort::ByRate => servers.sort_by(|a, b| b.requests.total_cmp(&a.requests)),
    }
    // The last one tells nothing where there is one pool.
    let columns = &COLUMNS[..COLUMNS.len() - usize::from(overview.pools.len() < 2)];
    let (columns, lines) = table(columns, &servers);
    Part { head: vec![summary(&overview.servers), columns], items: lines.into_iter().map(|line| vec![line]).collect() }
}

fn summary(servers: &[Server]) -> Line<'static> {
    let down = servers.iter().filter(|server| !server.is_asked()).count();
    match down {
        0 => Line::styled(format!("{}, none is down", counted(servers.len(), "server")), STRONG),
        _ => Line::styled(format!("{}, {} down", counted(servers.len(), "server"), number(down as u64)), BAD),
    }
}

fn style(state: ServerState) -> Style {
    match state {
        ServerState::Up => GOOD,
        ServerState::Suspect => CARE,
        ServerState::Down | ServerState::Probing => BAD,
    }
}

fn failing(server: &Server) -> Style {
    if server.failures > 0.0 { BAD } else { Style::new() }
}
