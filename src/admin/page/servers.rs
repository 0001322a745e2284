//! The servers, the worst first, and the pools they are in.

use super::table::{self, Cell, Column};
use super::{Html, State, section};
use crate::admin::model::{Overview, Pool, Server};
use crate::readable::{amount, latency, number};

/// How many are shown.
const MOST: usize = 16;

/// Writes them.
pub fn write(html: &mut Html, overview: &Overview) {
    let spools = overview.servers.iter().any(|server| server.spooled.is_some());
    let mut columns = vec![
        Column("State", false),
        Column("Server", false),
        Column("Pool", false),
        Column("Requests/s", true),
        Column("Failed/s", true),
        Column("Reply time", true),
        Column("Waiting", true),
        Column("Connections", true),
    ];
    if spools {
        columns.push(Column("Spooled", true));
    }
    section(html, "servers", "Servers", |html| {
        table::write(html, &columns, &overview.servers, MOST, cells);
        table::more(html, overview.servers.len(), MOST, "server");
        html.element("ul", &[("class", "pools")], |html| {
            overview.pools.iter().take(MOST).for_each(|each| html.element("li", &[], |html| pool(html, each)));
        });
        table::more(html, overview.pools.len(), MOST, "pool");
    });
}

fn cells(server: &Server) -> Vec<Cell> {
    let known_as = match server.name == server.address {
        true => Cell::Text(server.name.clone()),
        false => Cell::Over(server.name.clone(), server.address.clone()),
    };
    let figure = |text: String| if server.is_embedded() { Cell::Nothing } else { Cell::Text(text) };
    vec![
        Cell::State(State::of(server.state), server.state.name()),
        known_as,
        Cell::Text(server.pool.clone()),
        figure(amount(server.requests)),
        figure(amount(server.failures)),
        server.reply_time.map_or(Cell::Nothing, |seconds| Cell::Text(latency(seconds))),
        figure(number(server.in_flight)),
        figure(number(server.connections)),
        server.spooled.map_or(Cell::Nothing, |deletes| Cell::Text(number(deletes))),
    ]
}

fn pool(html: &mut Html, pool: &Pool) {
    html.words("b", &[], &pool.name);
    html.text(&format!(" {} of {} up · {} · fingerprint ", pool.up, pool.servers, pool.hash));
    html.words("code", &[], &pool.fingerprint);
}
