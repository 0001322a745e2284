//! What all client connections of one worker share. The connections themselves are in [`super::clients`].

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::crowd::Crowd;
use super::stats::Stats;
use crate::config::Entrance;
use crate::logging::Repeated;
use crate::metrics::Shard;
use crate::metrics::busiest::KeySample;
use crate::protocol;
use crate::route::{SpareWins, Tree};
use crate::runtime::memory::{Buffer, Memory};
use crate::runtime::turn::Turn;

/// The same complaint about clients is logged this often at most.
const COMPLAINT: Duration = Duration::from_secs(10);

/// What a client may do at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLimits {
    /// What one request may ask for.
    pub request: protocol::RequestLimits,
    /// Requests in flight a connection.
    pub in_flight: usize,
    /// How long a request may take to arrive once it has begun to.
    pub request_time: Duration,
    /// How long a client may take none of the replies that wait for it.
    pub unread_time: Duration,
    /// How long a client may ask nothing; `None`: for ever.
    pub idle: Option<Duration>,
    /// Bytes of replies a connection has not taken.
    pub unsent: usize,
}

/// One worker's side towards its clients.
pub(crate) struct Service {
    /// Where requests go.
    pub tree: RefCell<Rc<Tree>>,
    /// What clients may do.
    limits: Cell<ClientLimits>,
    /// Who may come in at each listener, and what for.
    entrances: RefCell<Vec<Rc<Entrance>>>,
    /// The worker's turns and clock.
    pub turn: Rc<Turn>,
    /// Who stands by until others were heard.
    pub(super) crowd: Rc<Crowd>,
    /// The worker's counters.
    shard: RefCell<Arc<Shard>>,
    /// Who answers `stats`.
    pub(super) stats: Arc<Stats>,
    /// A sample of the keys that are asked for.
    pub(super) keys: Arc<KeySample>,
    /// Where bytes are read to while a connection has no unfinished request.
    pub(super) scratch: RefCell<Buffer>,
    /// What classic reads have won of memcached's own game, which their clients could not be told.
    pub(super) spare_wins: SpareWins,
    /// What the worker's buffers hold.
    pub(super) memory: Rc<Memory>,
    /// Complaints about clients that held too much.
    pub(super) dismissed: Repeated,
    /// Complaints about clients that do not read.
    pub(super) unread: Repeated,
    /// Complaints about clients with whom there is no TLS.
    pub(super) no_tls: Repeated,
    stopping: Cell<bool>,
    stopped: Notify,
}

impl Service {
    /// A service without clients.
    pub(crate) fn new(
        tree: Rc<Tree>,
        (limits, entrances): (ClientLimits, Vec<Rc<Entrance>>),
        turn: Rc<Turn>,
        memory: Rc<Memory>,
        shard: Arc<Shard>,
        stats: Arc<Stats>,
        keys: Arc<KeySample>,
    ) -> Rc<Service> {
        Rc::new(Service {
            tree: RefCell::new(tree),
            limits: Cell::new(limits),
            entrances: RefCell::new(entrances),
            turn,
            crowd: Rc::default(),
            shard: RefCell::new(shard),
            stats,
            keys,
            scratch: RefCell::default(),
            spare_wins: SpareWins::default(),
            memory,
            dismissed: Repeated::new(COMPLAINT),
            unread: Repeated::new(COMPLAINT),
            no_tls: Repeated::new(COMPLAINT),
            stopping: Cell::new(false),
            stopped: Notify::new(),
        })
    }

    /// What clients may do now.
    pub(crate) fn limits(&self) -> ClientLimits {
        self.limits.get()
    }

    /// What stands at a listener. Where listeners are is fixed, so there is one for each.
    pub(super) fn entrance(&self, listener: usize) -> Rc<Entrance> {
        self.entrances.borrow().get(listener).cloned().unwrap_or_default()
    }

    /// Ready once clients are being sent away.
    pub(super) async fn ending(&self) {
        let mut told = std::pin::pin!(self.stopped.notified());
        // From here on it hears of it, so what was before is all that is to be looked at.
        told.as_mut().enable();
        if !self.is_stopping() {
            told.await;
        }
    }

    /// The worker's counters under the configuration in force.
    pub(crate) fn shard(&self) -> Ref<'_, Arc<Shard>> {
        self.shard.borrow()
    }

    /// Goes on under another configuration.
    pub(super) fn change(
        &self,
        tree: Rc<Tree>,
        (limits, entrances): (ClientLimits, Vec<Rc<Entrance>>),
        shard: Arc<Shard>,
    ) {
        self.limits.set(limits);
        *self.entrances.borrow_mut() = entrances;
        *self.shard.borrow_mut() = shard;
        *self.tree.borrow_mut() = tree;
    }

    /// Whether clients are being sent away.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// From now on clients are sent away.
    pub(super) fn stop(&self) {
        self.stopping.set(true);
        self.stopped.notify_waiters();
    }
}
