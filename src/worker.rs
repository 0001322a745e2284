//! One worker: a thread with an event loop, clients, a route tree and upstream connections of its own.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::spawn_local;

use crate::config;
use crate::downstream::{Connection, Incoming, Limits, Seat, Service, Stats};
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
    let tree = build(&snapshot, &turn, &shard);
    let service = Service::new(tree, limits(&snapshot.config), turn, shard, stats);
    loop {
        tokio::select! {
            Some(client) = clients.recv() => {
                let (service, seats_taken) = (service.clone(), seats_taken.clone());
                spawn_local(async move {
                    match client.into_stream() {
                        Ok(stream) => Connection::serve(stream, service).await,
                        Err(error) => tracing::warn!(%error, "cannot serve a client"),
                    }
                    seats_taken.fetch_sub(1, Ordering::Relaxed);
                });
            }
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    service.stop();
    while seats_taken.load(Ordering::Relaxed) > 0 {
        tokio::task::yield_now().await;
    }
}

fn limits(config: &config::Config) -> Limits {
    let limits = &config.limits;
    Limits {
        request: protocol::Limits { line: limits.request_line, value: limits.item_size, keys: limits.keys_per_get },
        in_flight: limits.in_flight,
        request_time: limits.request_time,
        unsent: limits.unsent_replies,
        memory: limits.memory / config.workers.max(1),
    }
}
