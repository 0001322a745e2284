//! What leash tells about itself: to Prometheus, to the admin pages, to clients that ask for `stats`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::admin;
use crate::config::{Config, Listen};
use crate::downstream::VERSION;
use crate::explain::{Explainer, Standpoint, look};
use crate::metrics::{Process, Registry, Samples, Series, ServerState, SpoolDrop, stats};
use crate::reloads::Reloads;
use crate::shared::{InForce, Member, Snapshot};
use crate::upstream::Spool;

/// Looks at items that go on at once; each has connections of its own to the servers it asks.
const MOST_LOOKS: usize = 4;

/// The figures of one process.
pub struct Status {
    in_force: Arc<InForce>,
    registry: Registry,
    ready: AtomicBool,
    looks: Arc<Semaphore>,
}

impl Status {
    /// The status of a process that runs what is in force, not ready yet.
    pub fn new(in_force: Arc<InForce>, reloads: Arc<Reloads>, registry: Registry) -> Arc<Status> {
        let gauges = in_force.clone();
        registry.source(move |samples| {
            sample(&gauges.get(), samples);
            reloads.sample(samples);
        });
        let looks = Arc::new(Semaphore::new(MOST_LOOKS));
        Arc::new(Status { in_force, registry, ready: AtomicBool::new(false), looks })
    }

    /// Says whether clients can connect.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    fn embedded(snapshot: &Snapshot) -> stats::Embedded {
        let mut sum = stats::Embedded::default();
        for member in snapshot.pools.iter().flat_map(|pool| &pool.members) {
            if let Member::Embedded(_, store) = member {
                sum.items += store.items();
                sum.bytes += store.bytes();
                sum.evictions += store.evictions();
            }
        }
        sum
    }

    fn servers(&self, snapshot: &Snapshot) -> Vec<stats::Server> {
        let pools = snapshot.config.pools.iter().zip(&snapshot.pools);
        pools
            .flat_map(|(pool, shared)| {
                pool.servers.iter().zip(&shared.members).map(|(server, member)| stats::Server {
                    pool: pool.name.to_string(),
                    name: server.name.to_string(),
                    address: server.address.to_string(),
                    state: member.state(),
                    traffic: self.registry.server(&pool.name, &server.name),
                })
            })
            .collect()
    }
}

impl admin::Source for Status {
    fn metrics(&self) -> String {
        self.registry.text()
    }

    fn ready(&self) -> Result<(), String> {
        if self.ready.load(Ordering::Relaxed) { Ok(()) } else { Err("not listening".to_string()) }
    }

    fn config(&self) -> Value {
        self.in_force.get().config.to_json()
    }

    fn route(&self, key: &[u8]) -> Result<Value, String> {
        let snapshot = self.in_force.get();
        let place = Explainer::new(snapshot.clone()).explain(key)?;
        Ok(with_state(&snapshot, place))
    }

    fn look(&self, keys: Vec<Vec<u8>>) -> admin::Looking {
        let (snapshot, looks) = (self.in_force.get(), self.looks.clone());
        Box::pin(async move {
            let _leave = looks.acquire().await;
            let places = look(&snapshot, &keys, Standpoint::Inside).await.into_iter();
            places.map(|place| Ok(with_state(&snapshot, place?))).collect()
        })
    }
}

impl stats::Source for Status {
    fn snapshot(&self) -> stats::Snapshot {
        let snapshot = self.in_force.get();
        stats::Snapshot {
            version: VERSION.to_string(),
            unix_time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            uptime: self.registry.uptime(),
            process: Process::read().unwrap_or_default(),
            totals: self.registry.totals(),
            embedded: Status::embedded(&snapshot),
            settings: settings(&snapshot.config),
            servers: self.servers(&snapshot),
        }
    }

    fn reset(&self) {
        self.registry.reset_totals();
    }
}

/// With what the process thinks of the server.
fn with_state(snapshot: &Snapshot, mut place: Value) -> Value {
    if let Some(state) = state(snapshot, place["pool"].as_str(), place["server"].as_str()) {
        place["state"] = state.name().into();
    }
    place
}

fn state(snapshot: &Snapshot, pool: Option<&str>, server: Option<&str>) -> Option<ServerState> {
    let pools = &snapshot.config.pools;
    let pool = pools.iter().position(|known| Some(&*known.name) == pool)?;
    let server = pools[pool].servers.iter().position(|known| Some(&*known.name) == server)?;
    Some(snapshot.pools[pool].members[server].state())
}

fn settings(config: &Config) -> stats::Settings {
    let embedded = config.pools.iter().filter(|pool| pool.is_embedded());
    stats::Settings {
        max_bytes: embedded.map(|pool| pool.embedded.max_bytes as u64).sum(),
        max_connections: config.limits.connections as u64,
        tcp: config.listen.iter().find_map(|listen| match listen {
            Listen::Tcp(address) => Some(*address),
            Listen::Unix(_) => None,
        }),
        unix: config.listen.iter().find_map(|listen| match listen {
            Listen::Unix(path) => Some(path.display().to_string()),
            Listen::Tcp(_) => None,
        }),
        workers: config.workers as u64,
        max_item: config.limits.item_size as u64,
        flush_enabled: config.routes.iter().all(|route| route.allow_flush),
    }
}

/// The gauges that are read off the configuration and the servers at each scrape.
fn sample(snapshot: &Snapshot, samples: &mut Samples) {
    samples.put(Series::ConfigRoutes, &[], snapshot.config.routes.len() as f64);
    for (pool, shared) in snapshot.config.pools.iter().zip(&snapshot.pools) {
        samples.put_fingerprint(&pool.name, shared.placement.fingerprint());
        if pool.servers.len() > 1 {
            let all = f64::from(u8::from(shared.peers.all_look_down()));
            samples.put(Series::PoolBlackout, &[&pool.name], all);
            samples.put(Series::PoolBlackouts, &[&pool.name], shared.peers.blackouts() as f64);
        }
        for (server, member) in pool.servers.iter().zip(&shared.members) {
            samples.put_server(&pool.name, &server.name, member.state());
            if let Member::Server(target) = member {
                sample_spool(&target.spool, &[&pool.name, &server.name], samples);
            }
            if let Member::Embedded(_, store) = member {
                samples.put(Series::EmbeddedItems, &[&pool.name], store.items() as f64);
                samples.put(Series::EmbeddedBytes, &[&pool.name], store.bytes() as f64);
                samples.put(Series::EmbeddedEvictions, &[&pool.name], store.evictions() as f64);
            }
        }
    }
}

fn sample_spool(spool: &Spool, labels: &[&str; 2], samples: &mut Samples) {
    let [pool, server] = *labels;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let waited = spool.oldest().map_or(0, |since| now.saturating_sub(since));
    samples.put(Series::SpoolKeys, labels, spool.depth() as f64);
    samples.put(Series::SpoolOldest, labels, waited as f64);
    samples.put(Series::SpoolReplayed, labels, spool.replayed() as f64);
    samples.put(Series::SpoolSkipped, labels, spool.skipped() as f64);
    for why in SpoolDrop::ALL {
        samples.put(Series::SpoolDropped, &[pool, server, why.name()], spool.dropped(why) as f64);
    }
}
