//! One worker: a thread with an event loop, clients, a route tree and upstream connections of its own.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_local};

use crate::config;
use crate::downstream::{Connection, Incoming, Limits, Seat, Service, Stats};
use crate::memory::Memory;
use crate::metrics::{Registry, Shard};
use crate::protocol;
use crate::route::build::build;
use crate::shared::Snapshot;
use crate::turn::Turn;

/// How many tasks run between two looks at the sockets: all that one look found ready, as a rule. Looking more often
/// costs a system call and splits what could be written together.
const TURN: u32 = 512;

/// A running worker.
pub struct Worker {
    /// Where clients are handed to it.
    pub seat: Seat,
    /// Its counters.
    pub shard: Arc<Shard>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts worker number `number`. It ends once `stop` turns true and its clients are answered.
    pub fn start(
        number: usize,
        snapshot: Arc<Snapshot>,
        registry: &Registry,
        stats: Arc<Stats>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Worker> {
        let (inbox, clients) = unbounded_channel();
        let seat = Seat { inbox, clients: Arc::new(AtomicUsize::new(0)) };
        let shard = registry.shard(&snapshot.layout);
        let (seats_taken, counters) = (seat.clients.clone(), shard.clone());
        let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
            let options = LocalOptions::default();
            let runtime = Builder::new_current_thread().enable_all().event_interval(TURN).build_local(options);
            match runtime {
                Ok(runtime) => runtime.block_on(run(snapshot, counters, stats, clients, seats_taken, stop)),
                Err(error) => tracing::error!(%error, "worker {number} cannot start"),
            }
        })?;
        Ok(Worker { seat, shard, thread })
    }

    /// Waits for its end.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a worker panicked");
        }
    }
}

async fn run(
    snapshot: Arc<Snapshot>,
    shard: Arc<Shard>,
    stats: Arc<Stats>,
    mut clients: UnboundedReceiver<Incoming>,
    seats_taken: Arc<AtomicUsize>,
    mut stop: watch::Receiver<bool>,
) {
    let turn = Rc::new(Turn::new());
    spawn_local(turn.clone().run());
    let memory = Memory::new(memory_share(&snapshot.config));
    let tree = build(&snapshot, &turn, &memory, &shard);
    let service = Service::new(tree, limits(&snapshot.config), turn, memory, shard, stats);
    let mut serving = JoinSet::new();
    loop {
        tokio::select! {
            Some(client) = clients.recv() => {
                serving.spawn_local(serve(client, service.clone(), seats_taken.clone()));
            }
            Some(_) = serving.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    service.stop();
    // Nobody is accepted any more, but some who were may still be on their way here.
    while let Ok(client) = clients.try_recv() {
        serving.spawn_local(serve(client, service.clone(), seats_taken.clone()));
    }
    while serving.join_next().await.is_some() {}
}

async fn serve(client: Incoming, service: Rc<Service>, seats_taken: Arc<AtomicUsize>) {
    match client.into_stream() {
        Ok(stream) => Connection::serve(stream, service).await,
        Err(error) => tracing::warn!(%error, "cannot serve a client"),
    }
    seats_taken.fetch_sub(1, Ordering::Relaxed);
}

/// What the worker's buffers may hold: its share of the limit, and always an item each way.
fn memory_share(config: &config::Config) -> usize {
    (config.limits.memory / config.workers.max(1)).max(2 * config.limits.item_size)
}

fn limits(config: &config::Config) -> Limits {
    let limits = &config.limits;
    Limits {
        request: protocol::Limits { line: limits.request_line, value: limits.item_size, keys: limits.keys_per_get },
        in_flight: limits.in_flight,
        request_time: limits.request_time,
        unsent: limits.unsent_replies,
    }
}
