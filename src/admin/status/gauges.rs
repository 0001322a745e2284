//! The gauges that are read off the configuration and the servers at each scrape.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::Config;
use crate::metrics::{NO_PHASE, Samples, Series, SpoolDrop, route_label};
use crate::snapshot::tree::identity;
use crate::snapshot::{PoolView, ServerView, SharedServer, Snapshot, prefix_of};
use crate::upstream::Spool;

/// Adds all of them.
pub(super) fn sample(snapshot: &Snapshot, samples: &mut Samples) {
    configuration(&snapshot.config, samples);
    for pool in snapshot.pools() {
        samples.put_fingerprint(&pool.config.name, pool.shared.placement.fingerprint());
        blackout(pool, samples);
    }
    loaders(snapshot, samples);
    for ServerView { pool, config, shared } in snapshot.servers() {
        samples.put_server(&pool.name, &config.name, shared.state());
        if let Some(version) = shared.version() {
            samples.put_server_version(&pool.name, &config.name, &version);
        }
        match shared {
            SharedServer::Server(target) => spool(&target.spool, &[&pool.name, &config.name], samples),
            SharedServer::Embedded(_, store) => {
                samples.put(Series::EmbeddedItems, &[&pool.name], store.items() as f64);
                samples.put(Series::EmbeddedBytes, &[&pool.name], store.bytes() as f64);
                samples.put(Series::EmbeddedEvictions, &[&pool.name], store.evictions() as f64);
            }
        }
    }
}

fn configuration(config: &Config, samples: &mut Samples) {
    samples.put(Series::ConfigRoutes, &[], config.routes.len() as f64);
    samples.put(Series::Workers, &[], config.workers as f64);
    samples.put(Series::DownstreamMost, &[], config.limits.connections as f64);
    samples.put(Series::BufferMost, &[], config.limits.memory as f64);
    for route in &config.routes {
        let name = |pool: usize| &*config.pools[pool].name;
        let (from, to, phase) = match &route.migrate {
            Some(migrate) => (name(migrate.from), name(migrate.to), migrate.phase.word()),
            None => (config.end_of(route), config.end_of(route), NO_PHASE),
        };
        samples.put_route(&prefix_of(route), from, to, phase);
    }
}

fn loaders(snapshot: &Snapshot, samples: &mut Samples) {
    for route in &snapshot.config.routes {
        let (Some(loader), prefix) = (&route.loader, prefix_of(route)) else { continue };
        let (fares, labels) = (snapshot.loaders.fares(identity(&prefix)), [route_label(&prefix)]);
        samples.put(Series::LoadsInFlight, &labels, fares.in_flight() as f64);
        samples.put(Series::LoadsMost, &labels, loader.max_in_flight as f64);
        samples.put(Series::LoadsWaiting, &labels, fares.waiting() as f64);
        samples.put(Series::LoaderHeldBack, &labels, f64::from(u8::from(fares.is_held_back())));
        samples.put(Series::LoaderTimeout, &labels, loader.timeout.as_secs_f64());
    }
}

/// One server that is down tells nothing about the network.
fn blackout(pool: PoolView<'_>, samples: &mut Samples) {
    let PoolView { config: pool, shared, .. } = pool;
    if pool.servers.len() > 1 {
        let all = f64::from(u8::from(shared.peers.all_look_down()));
        samples.put(Series::PoolBlackout, &[&pool.name], all);
        samples.put(Series::PoolBlackouts, &[&pool.name], shared.peers.blackouts() as f64);
    }
}

fn spool(spool: &Spool, labels: &[&str; 2], samples: &mut Samples) {
    let [pool, server] = *labels;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let waited = spool.oldest().map_or(0, |since| now.saturating_sub(since));
    samples.put(Series::SpoolKeys, labels, spool.depth() as f64);
    samples.put(Series::SpoolOldest, labels, waited as f64);
    samples.put(Series::SpoolReplayed, labels, spool.replayed() as f64);
    samples.put(Series::SpoolSkipped, labels, spool.skipped() as f64);
    samples.put(Series::SpoolRefused, labels, spool.refused() as f64);
    samples.put(Series::SpoolFileFailing, labels, f64::from(u8::from(spool.failing().is_some())));
    samples.put(Series::SpoolFileFailures, labels, spool.file_failures() as f64);
    for why in SpoolDrop::ALL {
        samples.put(Series::SpoolDropped, &[pool, server, why.name()], spool.dropped(why) as f64);
    }
}
