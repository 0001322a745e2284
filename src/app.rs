//! The life of the process: bind early, serve, and end without dropping what has arrived.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::admin;
use crate::config::{Config, Listen};
use crate::downstream::{Listener, Seating, Stats, VERSION};
use crate::metrics::{Downstream, Registry, stats};
use crate::shared::Snapshot;
use crate::status::Status;
use crate::worker::Worker;

/// How long leash takes at most to end once told to: a native sidecar gets two seconds.
const LONGEST_END: Duration = Duration::from_millis(1500);

/// Why leash cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}{}", hint(source))]
    Listen {
        /// The address.
        address: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The process cannot be set up.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; something listens there already, choose another with --listen or --admin",
        io::ErrorKind::PermissionDenied => "; ports below 1024 and other users' directories need permission",
        _ => "",
    }
}

/// Runs until told to stop by SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), AppError> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), AppError> {
    let mut signals = Signals::new()?;
    let listeners = bind(&config).await?;
    let admin_listener = config.admin.map(bind_admin).transpose()?;
    let snapshot = Snapshot::new(config);
    let registry = Registry::new(env!("CARGO_PKG_VERSION"));
    let status = Status::new(snapshot.clone(), registry.clone());
    let admin = admin_listener.map(|listener| admin::serve(listener, status.clone())).transpose()?;
    let (stop, stopped) = watch::channel(false);
    let workers = start_workers(&snapshot, &registry, &status, &stopped)?;
    let (close, closing) = watch::channel(false);
    let accepting = accept(listeners, &workers, &snapshot, &registry, &closing);
    announce(&snapshot, admin.as_ref());
    status.set_ready(true);

    signals.end().await;
    status.set_ready(false);
    close.send_replace(true);
    accepting.join_all().await;
    end(workers, &stop, &mut signals).await;
    tracing::info!("ended");
    Ok(())
}

async fn bind(config: &Config) -> Result<Vec<Listener>, AppError> {
    let mut listeners = Vec::new();
    for listen in &config.listen {
        let (address, bound) = match listen {
            Listen::Tcp(address) => (address.to_string(), Listener::tcp(*address).await),
            Listen::Unix(path) => (path.display().to_string(), Listener::unix(path.clone())),
        };
        listeners.push(bound.map_err(|source| AppError::Listen { address, source })?);
    }
    Ok(listeners)
}

fn bind_admin(address: std::net::SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).map_err(|source| AppError::Listen { address: address.to_string(), source })
}

fn start_workers(
    snapshot: &Arc<Snapshot>,
    registry: &Registry,
    status: &Arc<Status>,
    stopped: &watch::Receiver<bool>,
) -> io::Result<Vec<Worker>> {
    let status = status.clone();
    let answer: Arc<Stats> = Arc::new(move |subject: &[u8]| stats::answer(subject, &*status));
    (0..snapshot.config.workers)
        .map(|number| Worker::start(number, snapshot.clone(), registry, answer.clone(), stopped.clone()))
        .collect()
}

fn accept(
    listeners: Vec<Listener>,
    workers: &[Worker],
    snapshot: &Snapshot,
    registry: &Registry,
    closing: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut accepting = JoinSet::new();
    let shard = registry.shard(&snapshot.layout);
    for listener in listeners {
        let seats = workers.iter().map(|worker| worker.seat.clone()).collect();
        let shard = shard.clone();
        let refused = move || shard.downstream(Downstream::Refused, 1);
        let seating = Seating::new(seats, snapshot.config.limits.connections, refused);
        accepting.spawn_local(listener.accept(seating, closing.clone()));
    }
    accepting
}

fn announce(snapshot: &Snapshot, admin: Option<&admin::Handle>) {
    let config = &snapshot.config;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let listen: Vec<String> = config.listen.iter().map(ToString::to_string).collect();
    let admin = admin.map_or("off".to_string(), |handle| format!("http://{}", handle.address()));
    tracing::info!(version = VERSION, listen = listen.join(" "), admin, workers = config.workers, "ready");
}

/// The signals that end the process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Ready once the process is to end. SIGHUP must not end it, as it would by default.
    async fn end(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => tracing::warn!("this version cannot reload, restart it to change anything"),
            }
        }
    }
}

/// Lets the workers answer what has arrived, for as long as there is. Whoever asks twice is not willing to wait.
async fn end(workers: Vec<Worker>, stop: &watch::Sender<bool>, signals: &mut Signals) {
    tracing::info!("stopping: answering what has arrived");
    stop.send_replace(true);
    let joined = tokio::task::spawn_blocking(|| workers.into_iter().for_each(Worker::join));
    tokio::select! {
        done = tokio::time::timeout(LONGEST_END, joined) => if done.is_ok() { return },
        () = signals.end() => std::process::exit(1),
    }
    tracing::warn!("some requests were not answered in time");
    std::process::exit(0);
}
