//! Pools and servers in the [`Overview`](crate::admin::model::Overview): how each is, what waits for it and what it
//! lost.

use super::losses::Named;
use super::sources::{LATELY, Sources, per_second};
use crate::admin::model::{Downtime, LostDeletes, ShownPool, ShownServer, SpoolFailing};
use crate::config::{self, Config};
use crate::metrics::{ServerState, ServerTotals, SpoolDrop};
use crate::snapshot::{PoolView, ServerView, SharedServer, Snapshot};
use crate::upstream::{Failing, Outage, Spool};

/// The pools, in the configuration's order.
pub(super) fn pools(sources: &Sources<'_>) -> Vec<ShownPool> {
    let snapshot = sources.snapshot;
    snapshot.pools().map(|pool| of_pool(&snapshot.config, pool)).collect()
}

fn of_pool(config: &Config, pool: PoolView<'_>) -> ShownPool {
    let PoolView { place, config: pool, shared } = pool;
    let is_used = config.routes.iter().any(|route| route.pools().contains(&place));
    let takes_keys = |other: &config::Pool| other.on_down.gutter().is_some_and(|gutter| gutter.pool == place);
    ShownPool {
        name: pool.name.to_string(),
        hash: pool.hash.word().to_string(),
        fingerprint: format!("{:016x}", shared.placement.fingerprint()),
        servers: pool.servers.len(),
        up: shared.servers.iter().filter(|shared_server| shared_server.state().is_asked()).count(),
        connections: if pool.is_embedded() { 0 } else { config.workers },
        gutter: gutter(config, place),
        is_gutter: !is_used && config.pools.iter().any(takes_keys),
        is_blackout: shared.peers.all_look_down(),
    }
}

/// The gutter of a pool, if all its routes use it.
fn gutter(config: &Config, place: usize) -> Option<String> {
    let mut routes = config.routes.iter().filter(|route| route.pools().contains(&place)).peekable();
    routes.peek()?;
    let gutters: Option<Vec<usize>> =
        routes.map(|route| route.gutter(place, &config.pools).map(|gutter| gutter.pool)).collect();
    gutters?.first().map(|gutter| config.pools[*gutter].name.to_string())
}

/// All servers of all pools: those that are down first, then those that fail, then the busiest.
pub(super) fn servers(sources: &Sources<'_>) -> Vec<ShownServer> {
    let shared_servers = shared_servers(sources.snapshot);
    let mut servers: Vec<ShownServer> =
        shared_servers.map(|(named, server, shared_server)| of_server(sources, named, server, shared_server)).collect();
    servers.sort_by(|a, b| {
        let trouble = |server: &ShownServer| (!server.is_asked(), server.state != ServerState::Up);
        (trouble(b).cmp(&trouble(a))).then(b.failures.total_cmp(&a.failures)).then(b.requests.total_cmp(&a.requests))
    });
    servers
}

/// How many deletes each server has lost so far.
pub(super) fn lost(snapshot: &Snapshot) -> impl Iterator<Item = (Named, u64)> {
    shared_servers(snapshot).filter_map(|(named, _, shared_server)| Some((named, count_lost(shared_server.spool()?))))
}

fn shared_servers(snapshot: &Snapshot) -> impl Iterator<Item = (Named, &config::ServerConfig, &SharedServer)> {
    let servers = snapshot.servers();
    servers.map(|ServerView { pool, config, shared }| ((pool.name.clone(), config.name.clone()), config, shared))
}

fn of_server(
    sources: &Sources<'_>,
    named: Named,
    server: &config::ServerConfig,
    shared_server: &SharedServer,
) -> ShownServer {
    let (took, before) = sources.past.history.reading(sources.now, LATELY);
    let (pool, name) = &named;
    let (now, before) = (sources.figures.server(pool, name), before.server(pool, name));
    let since = |count: fn(&ServerTotals) -> u64| count(&now).saturating_sub(count(&before));
    let timed = since(|totals| totals.timed);
    let spool = shared_server.spool();
    ShownServer {
        pool: pool.to_string(),
        name: name.to_string(),
        address: server.address.to_string(),
        version: shared_server.version().map(|version| version.to_string()),
        state: shared_server.state(),
        downtime: shared_server.outage().map(|outage| downtime(sources, outage)),
        connections: now.connections,
        in_flight: now.in_flight,
        requests: per_second(since(|totals| totals.requests), took),
        failures: per_second(since(|totals| totals.failures), took),
        reply_time: (timed > 0).then(|| since(|totals| totals.nanos) as f64 / 1e9 / timed as f64),
        spooled: spool.map(|spool| spool.depth() as u64).filter(|waiting| *waiting > 0),
        refused: spool.map(|spool| spool.refused() as u64).filter(|refused| *refused > 0),
        spool_failing: spool.and_then(Spool::failing).map(spool_failing),
        lost: spool.and_then(|spool| lost_deletes(sources, &named, spool)),
    }
}

fn downtime(sources: &Sources<'_>, outage: Outage) -> Downtime {
    let why = outage.why.map_or("it must be told first which values were deleted meanwhile", |cause| cause.text());
    Downtime { since: sources.unix_time_of(outage.since), why: why.to_string() }
}

fn spool_failing(Failing { since, why }: Failing) -> SpoolFailing {
    SpoolFailing { since: since as f64, why }
}

fn lost_deletes(sources: &Sources<'_>, named: &Named, spool: &Spool) -> Option<LostDeletes> {
    let count = count_lost(spool);
    let last = sources.past.losses.last(sources.now, named, count);
    let why = SpoolDrop::ALL.into_iter().filter(|why| spool.dropped(*why) > 0).collect();
    (count > 0).then(|| LostDeletes { count, last: sources.unix_time_of(last), why })
}

fn count_lost(spool: &Spool) -> u64 {
    SpoolDrop::ALL.into_iter().map(|why| spool.dropped(why)).sum()
}
