//! What leash tells about itself: to Prometheus, to the admin pages, to clients that ask for `stats`.

mod gauges;
mod history;
mod loaders;
mod losses;
mod overview;
mod phases;
mod queues;
mod servers;
mod sources;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::admin;
use crate::admin::model::Overview;
use crate::config::{Config, Listen, PerServer};
use crate::explain::{Destination, Explainer, Spot, Standpoint, look};
use crate::metrics::busiest::{KeySamples, RecentSamples};
use crate::metrics::{Exposition, ProcessUsage, Registry, ServerState, stats};
use crate::snapshot::reloads::Reloads;
use crate::snapshot::{InForce, ServerView, SharedServer, Snapshot};
use history::History;
use losses::Losses;
use phases::Phases;
use sources::{Sources, unix_time};

/// Looks at items that go on at once; each has connections of its own to the servers it asks.
const MOST_LOOKS: usize = 4;

/// What only the time that passed tells.
struct Past {
    history: History,
    phases: Phases,
    losses: Losses,
    busiest: RecentSamples,
}

/// The figures of one process.
pub(crate) struct Status {
    in_force: Arc<InForce>,
    registry: Registry,
    reloads: Arc<Reloads>,
    samples: Arc<KeySamples>,
    past: Mutex<Past>,
    ready: AtomicBool,
    looks: Arc<Semaphore>,
}

impl Status {
    /// The status of a process that runs what is in force, not ready yet.
    pub(crate) fn new(
        in_force: Arc<InForce>,
        reloads: Arc<Reloads>,
        registry: Registry,
        samples: Arc<KeySamples>,
    ) -> Arc<Status> {
        let (in_force_now, counts) = (in_force.clone(), reloads.clone());
        registry.source(move |samples| {
            let snapshot = in_force_now.get();
            gauges::sample(&snapshot, samples);
            queues::sample(&snapshot, samples);
            counts.sample(samples);
        });
        let now = Instant::now();
        let history = History::new(now, registry.figures());
        let past = Mutex::new(Past {
            history,
            phases: Phases::default(),
            losses: Losses::default(),
            busiest: RecentSamples::new(now),
        });
        let (looks, ready) = (Arc::new(Semaphore::new(MOST_LOOKS)), AtomicBool::new(false));
        Arc::new(Status { in_force, registry, reloads, samples, past, ready, looks })
    }

    /// Says whether clients can connect.
    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// What passed stays true when a thread panicked while it held it.
    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn embedded(snapshot: &Snapshot) -> stats::EmbeddedStats {
        let mut sum = stats::EmbeddedStats::default();
        for server in snapshot.servers() {
            if let SharedServer::Embedded(_, store) = server.shared {
                sum.items += store.items();
                sum.bytes += store.bytes();
                sum.evictions += store.evictions();
            }
        }
        sum
    }

    fn servers(&self, snapshot: &Snapshot) -> Vec<stats::ServerStats> {
        let servers = snapshot.servers().map(|ServerView { pool, config, shared }| stats::ServerStats {
            pool: pool.name.to_string(),
            name: config.name.to_string(),
            address: config.address.to_string(),
            version: shared.version().map(|version| version.to_string()),
            state: shared.state(),
            traffic: self.registry.server(&pool.name, &config.name),
        });
        servers.collect()
    }
}

impl admin::StatusSource for Status {
    fn metrics(&self, exposition: Exposition) -> String {
        self.registry.sum_servers(self.in_force.get().config.per_server == PerServer::Off);
        self.registry.text(exposition)
    }

    fn ready(&self) -> Result<(), String> {
        if self.ready.load(Ordering::Relaxed) { Ok(()) } else { Err("not listening".to_string()) }
    }

    fn config(&self) -> Value {
        self.in_force.get().config.to_json()
    }

    fn hosts(&self) -> Vec<String> {
        self.in_force.get().config.admin_hosts.clone()
    }

    fn note(&self, now: Instant) {
        let (snapshot, figures) = (self.in_force.get(), self.registry.figures());
        let mut past = self.past();
        past.history.note(now, figures);
        if past.phases.note(now, &snapshot.config) {
            past.history.mark();
        }
        past.losses.note(now, servers::lost(&snapshot));
        past.busiest.note(now, &self.samples);
    }

    fn overview(&self, now: Instant) -> Overview {
        let (snapshot, figures, past) = (self.in_force.get(), self.registry.figures(), self.past());
        let sources = Sources { now, unix_time: unix_time(), snapshot: &snapshot, figures: &figures, past: &past };
        let process = sources.process(self.registry.uptime());
        let busiest = past.busiest.busiest(now, &self.samples, snapshot.config.show_keys);
        Overview { process, config: self.reloads.state(), busiest, ..sources.overview() }.judged()
    }

    fn route(&self, key: &[u8]) -> Result<Destination, String> {
        let snapshot = self.in_force.get();
        let destination = Explainer::new(snapshot.clone()).explain(key)?;
        Ok(with_state(&snapshot, destination))
    }

    fn look(&self, keys: Vec<Vec<u8>>) -> admin::Looking {
        let (snapshot, looks) = (self.in_force.get(), self.looks.clone());
        Box::pin(async move {
            let _leave = looks.acquire().await;
            let destinations = look(&snapshot, &keys, Standpoint::Inside).await.into_iter();
            destinations.map(|destination| Ok(with_state(&snapshot, destination?))).collect()
        })
    }
}

impl stats::StatsSource for Status {
    fn snapshot(&self) -> stats::StatsSnapshot {
        let snapshot = self.in_force.get();
        stats::StatsSnapshot {
            unix_time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            uptime: self.registry.uptime(),
            process: ProcessUsage::read().unwrap_or_default(),
            totals: self.registry.totals(),
            embedded: Status::embedded(&snapshot),
            settings: settings(&snapshot.config),
            servers: self.servers(&snapshot),
        }
    }

    fn queues(&self) -> Vec<stats::QueueStats> {
        queues::stats(&self.in_force.get())
    }

    fn reset(&self) {
        self.registry.reset_totals();
    }
}

/// With what the process thinks of the server.
fn with_state(snapshot: &Snapshot, mut destination: Destination) -> Destination {
    if let Some(there) = destination.at_server_mut() {
        there.state = state(snapshot, &there.spot);
    }
    destination
}

fn state(snapshot: &Snapshot, spot: &Spot) -> Option<ServerState> {
    Some(snapshot.pool_named(&spot.pool)?.server_named(&spot.server)?.shared.state())
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
        has_users: config.entrances.iter().any(|entrance| entrance.users.is_some()),
        keeps_queues: config.routes.iter().any(|route| route.queues().is_some_and(|it| it.directory().is_some())),
    }
}
