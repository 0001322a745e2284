//! A leash that serves, for `leash` itself and for `leash demo`: bound early, changed while it serves, stopped without
//! dropping what has arrived. Knows no signals.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::AppError;
use crate::admin;
use crate::admin::status::Status;
use crate::app::descriptors;
use crate::app::worker::{Books, Worker};
use crate::config::units::show_size;
use crate::config::{Config, Listen};
use crate::downstream::{Capacity, Listener, Seating, Stats};
use crate::metrics::busiest::KeySamples;
use crate::metrics::{DownstreamCount, Registry, Samples, Series, ShardLayout, stats};
use crate::runtime::memory::{Account, Shed, thread_cache};
use crate::runtime::net;
use crate::snapshot::reloads::Reloads;
use crate::snapshot::{InForce, Snapshot};

/// How often leases that have ended are let go of, also if no client asks for any.
const TIDY: Duration = Duration::from_secs(1);
/// How long leash takes at most to end once told to: a native sidecar gets two seconds.
const LONGEST_END: Duration = Duration::from_millis(1500);
/// How long the disks of queues may take then, where there are any: such a leash is no sidecar.
const LONGEST_CLOSE: Duration = Duration::from_secs(5);

/// A leash that serves. Dropping it ends it too, without waiting for that.
pub struct Running {
    listen: Vec<Listen>,
    status: Arc<Status>,
    in_force: Arc<InForce>,
    reloads: Arc<Reloads>,
    workers: Vec<Worker>,
    /// What the workers hold.
    account: Arc<Account>,
    /// How many clients there may be.
    capacity: Arc<Capacity>,
    /// How many descriptors there may be, if that is known.
    all_descriptors: Option<usize>,
    accepting: JoinSet<()>,
    /// Tells the listeners to close.
    close: watch::Sender<bool>,
    /// Tells the workers to end.
    stop: watch::Sender<bool>,
    admin: Option<admin::Handle>,
    registry: Registry,
}

impl Running {
    /// Starts to serve as `config` says, on the local runtime of the caller.
    pub async fn start(mut config: Config) -> Result<Running, AppError> {
        let all_descriptors = descriptors::raise();
        let is_cut = descriptors::fit(&mut config, all_descriptors);
        let listeners = bind(&config)?;
        let listen = listeners.iter().map(Listener::address).collect::<io::Result<Vec<Listen>>>()?;
        let admin_listener = config.admin.map(bind_admin).transpose()?;
        let snapshot = Snapshot::serving(config)?;
        snapshot.look_after_servers();
        let registry = Registry::new(env!("CARGO_PKG_VERSION"));
        let (in_force, reloads) = (InForce::new(snapshot.clone()), Reloads::new());
        let samples = KeySamples::new();
        let status = Status::new(in_force.clone(), reloads.clone(), registry.clone(), samples.clone());
        let admin = admin_listener
            .map(|listener| admin::serve(listener, status.clone(), descriptors::admin_places(all_descriptors)))
            .transpose()?;
        let (stop, stopped) = watch::channel(false);
        let account = Account::new(memory(&snapshot.config), snapshot.config.workers);
        tell_memory(&account, &registry);
        let workers = start_workers(&snapshot, &registry, &account, &status, &samples, &stopped)?;
        let (close, closing) = watch::channel(false);
        let capacity = Capacity::new(snapshot.config.limits.connections, is_cut);
        let accepting = accept(listeners, &workers, &capacity, &registry, &closing);
        tokio::task::spawn_local(tidy(Arc::downgrade(&in_force)));
        let running = Running {
            listen,
            status,
            in_force,
            reloads,
            workers,
            account,
            capacity,
            all_descriptors,
            accepting,
            close,
            stop,
            admin,
            registry,
        };
        running.announce(&snapshot.config);
        running.status.set_ready(true);
        Ok(running)
    }

    /// Where it listens; the ports are those that the kernel gave.
    pub fn listen(&self) -> &[Listen] {
        &self.listen
    }

    /// What is in force.
    pub fn in_force(&self) -> Arc<Snapshot> {
        self.in_force.get()
    }

    /// Lets scrapes tell more.
    pub(super) fn tell(&self, source: impl Fn(&mut Samples) + Send + Sync + 'static) {
        self.registry.source(source);
    }

    /// What became of reloads.
    pub fn reloads(&self) -> &Reloads {
        &self.reloads
    }

    /// How many descriptors there may be, if that is known.
    pub fn all_descriptors(&self) -> Option<usize> {
        self.all_descriptors
    }

    /// Goes on with `snapshot`, whose number of clients `is_cut` for want of descriptors or not. Ready once every
    /// worker does.
    pub async fn change(&self, snapshot: Arc<Snapshot>, is_cut: bool) {
        self.capacity.set(snapshot.config.limits.connections, is_cut);
        self.account.set_most(memory(&snapshot.config));
        self.in_force().part_with_servers(&snapshot);
        snapshot.set_queue_terms();
        snapshot.look_after_servers();
        let changes: Vec<_> = self.workers.iter().map(|worker| worker.change(snapshot.clone())).collect();
        for change in changes {
            change.await;
        }
        self.in_force.set(snapshot);
    }

    /// What it does, in one line.
    pub fn in_brief(&self) -> String {
        let config = &self.in_force().config;
        let listen: Vec<String> = self.listen.iter().map(ToString::to_string).collect();
        format!("serving on {}, {} pools, {} routes", listen.join(" "), config.pools.len(), config.routes.len())
    }

    /// Stops accepting and lets the workers answer what has arrived. False if some could not in time.
    pub async fn stop(self) -> bool {
        self.status.set_ready(false);
        self.close.send_replace(true);
        self.accepting.join_all().await;
        tracing::info!("stopping: answering what has arrived");
        let keepers = self.in_force.get().keepers.clone();
        keepers.end_waits();
        self.stop.send_replace(true);
        let workers = self.workers;
        let joined = tokio::task::spawn_blocking(|| workers.into_iter().for_each(Worker::join));
        let in_time = tokio::time::timeout(LONGEST_END, joined).await.is_ok();
        if !in_time {
            tracing::warn!("some requests were not answered in time");
        }
        let closed = tokio::task::spawn_blocking(move || keepers.close());
        if tokio::time::timeout(LONGEST_CLOSE, closed).await.is_err() {
            tracing::warn!("the disk of the queues did not take everything in time");
        }
        in_time
    }

    fn announce(&self, config: &Config) {
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let listen: Vec<String> = self.listen.iter().map(ToString::to_string).collect();
        let admin = self.admin.as_ref().map_or("off".to_string(), |handle| format!("http://{}", handle.address()));
        let (listen, memory) = (listen.join(" "), show_size(memory(config)));
        tracing::info!(version = env!("CARGO_PKG_VERSION"), listen, admin, workers = config.workers, memory, "ready");
    }
}

fn bind(config: &Config) -> Result<Vec<Listener>, AppError> {
    let mut listeners = Vec::new();
    for (listen, entrance) in config.listen.iter().zip(&config.entrances) {
        let (address, bound) = match listen {
            Listen::Tcp(address) => (address.to_string(), Listener::tcp(*address)),
            Listen::Unix(path) => (path.display().to_string(), Listener::unix(path.clone(), entrance)),
        };
        listeners.push(bound.map_err(|source| AppError::Listen { address, source })?);
    }
    Ok(listeners)
}

fn bind_admin(address: SocketAddr) -> Result<TcpListener, AppError> {
    net::listen(address).map_err(|source| AppError::Listen { address: address.to_string(), source })
}

fn start_workers(
    snapshot: &Arc<Snapshot>,
    registry: &Registry,
    account: &Arc<Account>,
    status: &Arc<Status>,
    samples: &KeySamples,
    stopped: &watch::Receiver<bool>,
) -> io::Result<Vec<Worker>> {
    let status = status.clone();
    let answer = Stats::new(move |subject| stats::answer(subject, &*status))?;
    (0..snapshot.config.workers)
        .map(|number| {
            let (registry, account) = (registry.clone(), account.clone());
            let books = Books { registry, account, keys: samples.join(), stats: answer.clone() };
            Worker::start(number, snapshot.clone(), books, stopped.clone())
        })
        .collect()
}

/// Lets go of leases that have ended and of queues that nobody uses any more, for as long as leash runs.
async fn tidy(in_force: Weak<InForce>) {
    loop {
        tokio::time::sleep(TIDY).await;
        let Some(in_force) = in_force.upgrade() else { return };
        let in_force = in_force.get();
        in_force.leases.tidy();
        // What workers had allocated for the leases was freed here.
        thread_cache::look_through();
        let unused = in_force.keepers.unused();
        if !unused.is_empty() {
            tokio::task::spawn_blocking(move || drop(unused));
        }
    }
}

/// What workers may hold: what is configured, and always an item each way.
fn memory(config: &Config) -> usize {
    config.limits.memory.max(2 * config.limits.item_size)
}

/// Lets scrapes tell what all workers hold, and what was given up for want of memory.
fn tell_memory(account: &Arc<Account>, registry: &Registry) {
    let account = account.clone();
    registry.source(move |samples| {
        samples.put(Series::BufferBytes, &[], account.told() as f64);
        for what in Shed::ALL {
            samples.put(Series::MemoryShed, &[what.name()], account.shed(what) as f64);
        }
    });
}

fn accept(
    listeners: Vec<Listener>,
    workers: &[Worker],
    capacity: &Arc<Capacity>,
    registry: &Registry,
    closing: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut accepting = JoinSet::new();
    // It counts nothing about routes and servers, and stays when they change.
    let shard = registry.shard(&ShardLayout::new(&[], &[]));
    for (number, listener) in listeners.into_iter().enumerate() {
        let seats = workers.iter().map(|worker| worker.seat.clone()).collect();
        let shard = shard.clone();
        let refused = move || shard.downstream(DownstreamCount::Refused, 1);
        let seating = Seating::new(number, seats, capacity.clone(), refused);
        accepting.spawn_local(listener.accept(seating, closing.clone()));
    }
    accepting
}
