//! The servers, the worst first, and the pools they are in.

use super::table::{self, Cell, Heading};
use super::{Html, section, show_nothing};
use crate::admin::model::{Grade, Overview, Process, ShownPool, ShownServer, labels};
use crate::readable::{amount, counted, latency, number};

/// How many are shown.
const MOST: usize = 16;

/// Writes them.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    if overview.servers.is_empty() {
        return show_nothing(html, "servers");
    }
    let spools = overview.servers.iter().any(|server| server.spooled.is_some());
    let mut columns = vec![
        Heading(labels::STATE, false),
        Heading(labels::SERVER, false),
        Heading(labels::POOL, false),
        Heading(labels::REQUESTS, true),
        Heading(labels::FAILED, true),
        Heading(labels::REPLY_TIME, true),
        Heading(labels::IN_FLIGHT, true),
        Heading(labels::CONNECTIONS, true),
    ];
    if spools {
        columns.push(Heading(labels::SPOOLED, true));
    }
    section(html, "servers", "servers", |html| {
        table::write(html, &columns, &overview.servers, MOST, |server| cells(&overview.process, server));
        table::more(html, overview.servers.len(), MOST, "server");
        html.element("ul", &[("class", "pools")], |html| {
            overview.pools.iter().take(MOST).for_each(|each| html.element("li", &[], |html| pool(html, each)));
        });
        table::more(html, overview.pools.len(), MOST, "pool");
    });
}

fn cells(process: &Process, server: &ShownServer) -> Vec<Cell> {
    let address = Some(&server.address).filter(|address| **address != server.name).cloned();
    let version = server.version.as_ref().map(|version| format!("memcached {version}"));
    let known_as = match [address, version].into_iter().flatten().collect::<Vec<_>>() {
        more if more.is_empty() => Cell::Text(server.name.clone()),
        more => Cell::Over(server.name.clone(), more.join(", ")),
    };
    let downtime = server.downtime.as_ref().map(|down| format!("for {}, {}", process.age(down.since), down.why));
    let figure = |text: String| if server.is_embedded() { Cell::Nothing } else { Cell::Text(text) };
    vec![
        Cell::Graded(Grade::of(server.state), server.state.name(), downtime),
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

fn pool(html: &mut Html, pool: &ShownPool) {
    html.words("b", &[], &pool.name);
    html.text(&format!(" {} of {} up · {} · fingerprint ", pool.up, pool.servers, pool.hash));
    html.words("code", &[], &pool.fingerprint);
    if pool.connections > 0 {
        html.text(&format!(" · {} to each server", counted(pool.connections, "connection")));
    }
    if let Some(gutter) = &pool.gutter {
        html.text(&format!(" · gutter {gutter}"));
    }
}
