//! Servers that do not answer, and what that means: who serves their keys depends on the gutter, and what a loss means
//! on whether it is one server or all of them.

use super::{NAMED, Trouble, name, names};
use crate::admin::model::{Overview, ShownPool, ShownServer};
use crate::metrics::ServerState;

/// Pools all of whose servers look down at once.
pub(super) fn blackouts(overview: &Overview) -> Vec<Trouble> {
    let dark = overview.pools.iter().filter(|pool| pool.is_blackout);
    dark.take(NAMED).map(|pool| blackout(overview, pool)).collect()
}

fn blackout(overview: &Overview, pool: &ShownPool) -> Trouble {
    let reads = match serving_gutter(overview, pool) {
        Some(gutter) => format!("The gutter {gutter} serves reads"),
        None => "Reads miss".to_string(),
    };
    let text = format!(
        "All servers of {} look down at once: is it the network of this machine? {reads}; writes and deletes fail, and what \
         they would have changed is not remembered.",
        pool.name
    );
    Trouble::grave(text).with(reasons(overview, &down_in(overview, pool)))
}

/// Servers that are down, apart from blackouts: those whose keys no server serves, those with a gutter, and gutters.
pub(super) fn down(overview: &Overview) -> Vec<Trouble> {
    let (mut unserved, mut guttered, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for server in overview.servers.iter().filter(|server| !server.is_asked()) {
        match overview.pools.iter().find(|pool| pool.name == server.pool) {
            Some(pool) if pool.is_blackout => {}
            Some(pool) if pool.is_gutter => idle.push(server),
            Some(pool) => match serving_gutter(overview, pool) {
                Some(gutter) => guttered.push((gutter, server)),
                None => unserved.push(server),
            },
            None => unserved.push(server),
        }
    }
    let tells = [without_gutter(overview, &unserved), with_gutter(overview, &guttered), of_gutters(overview, &idle)];
    tells.into_iter().flatten().collect()
}

fn without_gutter(overview: &Overview, servers: &[&ShownServer]) -> Option<Trouble> {
    let names = names(servers.iter().copied())?;
    let text = format!("Down: {names}. Reads of their keys miss, writes fail; all other keys are served.");
    Some(Trouble::grave(text).with(reasons(overview, servers)))
}

fn with_gutter(overview: &Overview, servers: &[(&str, &ShownServer)]) -> Option<Trouble> {
    let (gutter, servers): (Vec<&str>, Vec<&ShownServer>) = servers.iter().copied().unzip();
    let names = names(servers.iter().copied())?;
    let mut gutters: Vec<&str> = gutter;
    gutters.sort_unstable();
    gutters.dedup();
    let text = format!("Down: {names}. A gutter serves their keys, with short TTLs: {}.", gutters.join(", "));
    Some(Trouble::slight(text).with(reasons(overview, &servers)))
}

/// Their loss hurts only while another server needs them.
fn of_gutters(overview: &Overview, servers: &[&ShownServer]) -> Option<Trouble> {
    let names = names(servers.iter().copied())?;
    let is_needed = overview.pools.iter().any(|pool| {
        let has_down = pool.up < pool.servers;
        has_down && servers.iter().any(|server| pool.gutter.as_ref() == Some(&server.pool))
    });
    let trouble = match is_needed {
        true => {
            Trouble::grave(format!("Down: {names}, of a gutter. Keys that it takes for servers that are down miss."))
        }
        false => Trouble::slight(format!("Down: {names}, of a gutter that no server needs at present.")),
    };
    Some(trouble.with(reasons(overview, servers)))
}

/// Servers that failed lately.
pub(super) fn suspect(overview: &Overview) -> Option<Trouble> {
    let names = names(overview.servers.iter().filter(|server| server.state == ServerState::Suspect))?;
    Some(Trouble::slight(format!("Failed lately: {names}. After a few failures in a row a server is down.")))
}

/// The pool's gutter, if a server of it answers.
fn serving_gutter<'o>(overview: &'o Overview, pool: &ShownPool) -> Option<&'o str> {
    let gutter = overview.pools.iter().find(|known| Some(&known.name) == pool.gutter.as_ref())?;
    (gutter.up > 0).then_some(&*gutter.name)
}

fn down_in<'o>(overview: &'o Overview, pool: &ShownPool) -> Vec<&'o ShownServer> {
    overview.servers.iter().filter(|server| server.pool == pool.name && !server.is_asked()).collect()
}

/// Since when and why, of the first of them.
fn reasons(overview: &Overview, servers: &[&ShownServer]) -> Vec<String> {
    let known = servers.iter().filter_map(|server| Some((server, server.downtime.as_ref()?))).take(NAMED);
    known
        .map(|(server, down)| format!("{}: for {}, {}", name(server), overview.process.age(down.since), down.why))
        .collect()
}
