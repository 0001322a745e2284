//! What the connections of one worker to one server have in common: their server, and where the outcomes of their
//! questions are counted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::large::{LargeItems, Takers};
use super::target::Target;
use crate::logging::Repeated;
use crate::metrics::{ServerId, Shard, UpstreamCount};
use crate::protocol::{Cause, Failure, Reply};
use crate::runtime::memory::Memory;
use crate::runtime::turn::Turn;

/// The same complaint about a server is logged this often at most.
const COMPLAINT: Duration = Duration::from_secs(10);

/// What all lanes of a server know.
pub(super) struct Common {
    pub(super) target: Arc<Target>,
    pub(super) turn: Rc<Turn>,
    pub(super) memory: Rc<Memory>,
    pub(super) cannot_connect: Repeated,
    pub(super) out_of_step: Repeated,
    pub(super) has_no_cas: Repeated,
    /// Its counters, and what they know it as.
    pub(super) counters: RefCell<(Arc<Shard>, ServerId)>,
    /// Whether no configuration names it any more.
    pub(super) retired: Cell<bool>,
    /// The items that were large the last time.
    pub(super) large: LargeItems,
    /// What values were given to whom lately.
    pub(super) takers: Takers,
    /// Whether a reply may be owed on another lane than the first.
    pub(super) is_spread: Cell<bool>,
    /// See [`Server::era`](super::Server::era).
    pub(super) era: Cell<u64>,
}

fn next_era() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Common {
    pub(super) fn new(
        target: Arc<Target>,
        turn: Rc<Turn>,
        memory: &Rc<Memory>,
        shard: Arc<Shard>,
        id: ServerId,
    ) -> Common {
        Common {
            target,
            turn,
            memory: memory.clone(),
            cannot_connect: Repeated::new(COMPLAINT),
            out_of_step: Repeated::new(COMPLAINT),
            has_no_cas: Repeated::new(COMPLAINT),
            counters: RefCell::new((shard, id)),
            retired: Cell::new(false),
            large: LargeItems::default(),
            takers: Takers::default(),
            is_spread: Cell::new(false),
            era: Cell::new(next_era()),
        }
    }

    /// A connection has ended.
    pub(super) fn begins_an_era(&self) {
        self.era.set(next_era());
    }

    pub(super) fn count(&self, what: UpstreamCount, n: u64) {
        let (shard, id) = &*self.counters.borrow();
        shard.upstream(*id, what, n);
    }

    /// Whether [`Common::time_reply`] counts anything.
    pub(super) fn times_replies(&self) -> bool {
        let (shard, id) = &*self.counters.borrow();
        shard.times_replies(*id)
    }

    /// Counts how long one reply took.
    pub(super) fn time_reply(&self, took: Duration) {
        let (shard, id) = &*self.counters.borrow();
        shard.time_reply(*id, took);
    }

    /// Counts replies that together came `waited` after they were asked for.
    pub(super) fn count_replies(&self, replies: u64, waited: Duration) {
        self.count(UpstreamCount::Finished, replies);
        let (shard, id) = &*self.counters.borrow();
        shard.observe_upstream(*id, replies, waited);
    }

    /// The server has answered with a CAS unique of 0, which only those have that give none.
    pub(super) fn without_cas(&self) -> Reply {
        if let Some(suppressed) = self.has_no_cas.allow(self.turn.now()) {
            let label = &self.target.label;
            tracing::error!(server = %label, suppressed, "server {}", Cause::NoCas.text());
        }
        self.failed(Cause::NoCas)
    }

    /// Counts a failure, and what is answered.
    #[cold]
    pub(super) fn failed(&self, cause: Cause) -> Reply {
        let (shard, id) = &*self.counters.borrow();
        shard.failure(*id, cause);
        self.failure(cause)
    }

    /// What is answered where there is no reply.
    pub(super) fn failure(&self, cause: Cause) -> Reply {
        Reply::Failed(Failure { cause, server: self.target.label.clone(), said: self.target.own_words.about(cause) })
    }
}
