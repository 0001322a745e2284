//! The leases this process knows of: a table that all workers share, so that at most one of their callers asks for a
//! lease, and a winner's value reaches the callers that wait for it.

mod known;
mod slot;

/// What [`slot`] is built on.
mod sync {
    pub(super) use crate::protocol::Item;
    pub(super) use crate::route::refresh::decide::{ClaimResult, Holding, Lack};
    pub(super) use std::sync::{Mutex, PoisonError};
    pub(super) use tokio::sync::watch;
}

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use known::KnownLeases;
pub use slot::{ItemReading, LeaseSlot, WaitEnd, WaitingPlace};

use crate::route::refresh::decide::{ClaimResult, ItemId};

/// Leases remembered at once. Forgetting one costs a question to its server.
const MOST: usize = 50_000;
/// And no fewer than this, however little memory there is.
const LEAST: usize = 1000;
/// About what a lease takes, and which part of the memory that peers may make grow is for leases.
const EACH: usize = 1024;
const PART: usize = 16;
/// Regeneration times remembered at once.
const MOST_TIMES: u64 = 50_000;
/// How long a regeneration time is remembered that was not used.
const TIMES_IDLE: Duration = Duration::from_secs(3600);

/// All leases of this process.
pub struct Leases {
    known: KnownLeases,
    times: Cache<ItemId, Duration>,
    /// The longest regeneration so far, in milliseconds.
    longest: AtomicU64,
    waiting: AtomicUsize,
    most_waiting: AtomicUsize,
}

/// A claim that was granted: the caller asks the server, then says what came of it. Dropped without a word it is given
/// back.
pub struct Claimed {
    /// The slot.
    pub slot: Arc<LeaseSlot>,
    /// Whether the winner before never came back.
    pub has_expired: bool,
}

/// Leave to wait; given back when dropped.
pub struct Leave(Arc<Leases>);

impl Leases {
    /// A table without leases. They are forgotten twice `longest_lease` after they were claimed; `most_waiting`
    /// callers may wait at once.
    pub fn new(longest_lease: Duration, most_waiting: usize) -> Arc<Leases> {
        Leases::within(usize::MAX, longest_lease, most_waiting)
    }

    /// The same where peers may make `memory` grow, of which leases are a part.
    pub fn within(memory: usize, longest_lease: Duration, most_waiting: usize) -> Arc<Leases> {
        let most = (memory / PART / EACH).clamp(LEAST, MOST) as u64;
        let leases = Leases {
            known: KnownLeases::new(most),
            times: Cache::builder().max_capacity(most.min(MOST_TIMES)).time_to_idle(TIMES_IDLE).build(),
            longest: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            most_waiting: AtomicUsize::new(0),
        };
        leases.adjust(longest_lease, most_waiting);
        Arc::new(leases)
    }

    /// Goes on with another longest lease and another number of callers that may wait; known leases stay.
    pub fn adjust(&self, longest_lease: Duration, most_waiting: usize) {
        self.known.remember(longest_lease * 2);
        self.most_waiting.store(most_waiting, Relaxed);
    }

    /// Whether a caller has the lease of `item` or is asking for it.
    pub fn is_taken(&self, item: ItemId, now: Instant, value_ends: Option<Instant>) -> bool {
        self.known.get(item).is_some_and(|slot| slot.is_taken(now, value_ends))
    }

    /// Whether a client of this process was told to regenerate `item` and may still bring it.
    pub fn is_won_here(&self, item: ItemId, now: Instant) -> bool {
        self.known.get(item).is_some_and(|slot| slot.is_won_here(now))
    }

    /// Lets one caller ask for the lease of `item`; the others get the slot where its end will be told.
    pub fn claim(&self, item: ItemId, now: Instant, value_ends: Option<Instant>) -> Result<Claimed, Arc<LeaseSlot>> {
        loop {
            let slot = self.known.get_or_make(item);
            match slot.claim(now, value_ends) {
                ClaimResult::Mine { has_expired } => return Ok(Claimed { slot, has_expired }),
                ClaimResult::Taken => return Err(slot),
                ClaimResult::Over => self.known.forget(item, &slot),
            }
        }
    }

    /// Ends the lease of `item`, if one is known, and tells who waits.
    pub fn end(&self, item: ItemId, end: impl FnOnce(&LeaseSlot) -> WaitEnd) {
        if let Some(slot) = self.known.get(item) {
            self.end_slot(item, &slot, end(&slot));
        }
    }

    /// Ends this lease and no later one of the same item.
    pub fn end_slot(&self, item: ItemId, slot: &Arc<LeaseSlot>, end: WaitEnd) {
        if slot.end(end) {
            self.known.forget(item, slot);
        }
    }

    /// Lets go of what has ended. Called now and then.
    pub fn tidy(&self) {
        self.known.tidy();
        self.times.run_pending_tasks();
    }

    /// Leave to wait for a value, unless too many wait already.
    pub fn wait(self: &Arc<Self>) -> Option<Leave> {
        let leave = Leave(self.clone());
        (self.waiting.fetch_add(1, Relaxed) < self.most_waiting.load(Relaxed)).then_some(leave)
    }

    /// Notes how long it took to regenerate `item`.
    pub fn learn(&self, item: ItemId, took: Duration) {
        self.times.insert(item, took);
        self.longest.fetch_max(took.as_millis() as u64 + 1, Relaxed);
    }

    /// How long it took last time.
    pub fn regeneration(&self, item: ItemId) -> Option<Duration> {
        self.times.get(&item)
    }

    /// No regeneration took longer.
    pub fn longest_regeneration(&self) -> Duration {
        Duration::from_millis(self.longest.load(Relaxed))
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.slot.give_back();
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}
