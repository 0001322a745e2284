//! One worker: a thread with an event loop, clients, a route tree and upstream connections of its own.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinSet, spawn_local};

use crate::config::{self, Entrance};
use crate::downstream::{
    ClientLimits, Clients, NewClient, Service, Stats, WorkerSeat, call_those_who_stand_by, shed_when_short, sweep,
};
use crate::metrics::Registry;
use crate::metrics::busiest::KeySample;
use crate::protocol;
use crate::runtime::memory::{Account, Memory};
use crate::runtime::turn::Turn;
use crate::snapshot::Snapshot;
use crate::snapshot::tree::rebuild;
use crate::upstream::Servers;

/// How many tasks run between two looks at the sockets: all that one look found ready, as a rule. Looking more often
/// costs a system call and splits what could be written together.
const TURN: u32 = 512;

/// A running worker.
pub(crate) struct Worker {
    /// Where clients are handed to it.
    pub seat: WorkerSeat,
    orders: UnboundedSender<Order>,
    thread: JoinHandle<()>,
}

/// Another configuration to go on with.
struct Order {
    snapshot: Arc<Snapshot>,
    /// Told once it is in force.
    done: oneshot::Sender<()>,
}

/// Where a worker writes down what it sees, and who answers what clients ask about it.
pub(crate) struct Books {
    /// The counters of the process, of which the worker has a shard.
    pub registry: Registry,
    /// What all workers hold together.
    pub account: Arc<Account>,
    /// The worker's sample of the keys that are asked for.
    pub keys: Arc<KeySample>,
    /// Who answers `stats`.
    pub stats: Arc<Stats>,
}

/// What reaches a worker from other threads.
struct Inbox {
    clients: UnboundedReceiver<NewClient>,
    orders: UnboundedReceiver<Order>,
    stop: watch::Receiver<bool>,
    /// How many clients it has, as the acceptor counts them.
    seats_taken: Arc<AtomicUsize>,
}

impl Worker {
    /// Starts worker number `number`. It ends once `stop` turns true and its clients are answered.
    pub(crate) fn start(
        number: usize,
        snapshot: Arc<Snapshot>,
        books: Books,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Worker> {
        let (inbox, clients) = unbounded_channel();
        let (orders, ordered) = unbounded_channel();
        let seat = WorkerSeat { inbox, clients: Arc::new(AtomicUsize::new(0)) };
        let inbox = Inbox { clients, orders: ordered, stop, seats_taken: seat.clients.clone() };
        let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
            let options = LocalOptions::default();
            let runtime = Builder::new_current_thread().enable_all().event_interval(TURN).build_local(options);
            match runtime {
                Ok(runtime) => runtime.block_on(run(number, snapshot, books, inbox)),
                Err(error) => tracing::error!(%error, "worker {number} cannot start"),
            }
        })?;
        Ok(Worker { seat, orders, thread })
    }

    /// Lets it go on with `snapshot` from its next turn. Ready once it does, or has ended.
    pub(crate) fn change(&self, snapshot: Arc<Snapshot>) -> impl Future<Output = ()> + use<> {
        let (done, changed) = oneshot::channel();
        // A worker that has ended needs no configuration.
        let _ = self.orders.send(Order { snapshot, done });
        async {
            let _ = changed.await;
        }
    }

    /// Waits for its end.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a worker panicked");
        }
    }
}

/// What a worker keeps while configurations come and go.
struct Kept {
    books: Books,
    turn: Rc<Turn>,
    memory: Rc<Memory>,
    servers: Servers,
}

async fn run(number: usize, snapshot: Arc<Snapshot>, books: Books, mut inbox: Inbox) {
    let turn = Rc::new(Turn::new());
    spawn_local(turn.clone().run());
    let memory = Memory::of(&books.account, number);
    let mut kept = Kept { books, turn, memory, servers: Servers::default() };
    let clients = kept.serve(&snapshot);
    spawn_local(shed_when_short(clients.clone()));
    spawn_local(sweep(clients.clone()));
    spawn_local(call_those_who_stand_by(clients.clone()));
    // The snapshot in force is the one that the tree was built from; an old one must not be kept alive here.
    drop(snapshot);
    let mut serving = JoinSet::new();
    loop {
        tokio::select! {
            Some(client) = inbox.clients.recv() => {
                serving.spawn_local(serve(client, clients.clone(), inbox.seats_taken.clone()));
            }
            Some(order) = inbox.orders.recv() => {
                kept.change(&clients, &order.snapshot);
                // The reloader may have stopped waiting.
                let _ = order.done.send(());
            }
            Some(_) = serving.join_next() => {}
            _ = inbox.stop.wait_for(|stop| *stop) => break,
        }
    }
    clients.stop();
    // No more clients are accepted, but some that were may still be on their way here.
    while let Ok(client) = inbox.clients.try_recv() {
        serving.spawn_local(serve(client, clients.clone(), inbox.seats_taken.clone()));
    }
    while serving.join_next().await.is_some() {}
}

impl Kept {
    /// Begins to serve.
    fn serve(&mut self, snapshot: &Snapshot) -> Rc<Clients> {
        let (stats, keys) = (self.books.stats.clone(), self.books.keys.clone());
        let shard = self.books.registry.shard(&snapshot.layout);
        let tree = rebuild(snapshot, &self.turn, &self.memory, &shard, &mut self.servers);
        let (turn, memory) = (self.turn.clone(), self.memory.clone());
        Clients::new(Service::new(tree, guarded(&snapshot.config), turn, memory, shard, stats, keys))
    }

    /// Goes on with another configuration. Nothing else of this worker runs meanwhile, so to it the change is one step.
    fn change(&mut self, clients: &Clients, snapshot: &Snapshot) {
        let shard = self.books.registry.shard(&snapshot.layout);
        let tree = rebuild(snapshot, &self.turn, &self.memory, &shard, &mut self.servers);
        clients.change(tree, guarded(&snapshot.config), shard);
    }
}

async fn serve(new: NewClient, clients: Rc<Clients>, seats_taken: Arc<AtomicUsize>) {
    match new.client.into_socket() {
        Ok(socket) => clients.serve(socket, new.listener).await,
        Err(error) => tracing::warn!(%error, "cannot serve a client"),
    }
    seats_taken.fetch_sub(1, Ordering::Relaxed);
}

/// What clients may do, and at which listener.
fn guarded(config: &config::Config) -> (ClientLimits, Vec<Rc<Entrance>>) {
    (limits(config), config.entrances.iter().cloned().map(Rc::new).collect())
}

fn limits(config: &config::Config) -> ClientLimits {
    let limits = &config.limits;
    ClientLimits {
        request: protocol::RequestLimits {
            line: limits.request_line,
            value: limits.item_size,
            keys: limits.keys_per_get,
            queues: config.routes.iter().any(|route| route.queues().is_some()),
        },
        in_flight: limits.in_flight,
        request_time: limits.request_time,
        unread_time: limits.unread_time,
        idle: limits.idle,
        unsent: limits.unsent_replies,
    }
}
