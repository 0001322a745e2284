//! A memcached in this process: what `leash` alone serves, and what tests ask instead of a server.
//!
//! Bounded by bytes, shared by all workers, and answering as memcached 1.6 does for the same history. It is not fast
//! to the last nanosecond and keeps nothing on disk. moka decides what is evicted and gives memory back; whether an
//! item still is, only this module decides, by the `now` of each request.
//!
//! Requests about one key take their turns under one of a few locks; a read that changes nothing takes none and sees
//! the item before or after any other turn, never within.

mod arithmetic;
mod clock;
mod counters;
mod debug;
mod delete;
mod flush;
mod get;
mod item;
mod put;
mod size;
mod table;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use xxhash_rust::xxh3::xxh3_64;

use self::counters::{Count, Counters};
use self::flush::Flushes;
use self::item::StoredItem;
use self::table::Table;
use self::turn::{Change, Decision, StoreTurn};
use crate::protocol::Reply;
use crate::protocol::{Command, Exptime, Request};

/// memcached's default `item_size_max`, in its own account: header, key and line end included.
pub const DEFAULT_ITEM_LIMIT: usize = 1 << 20;

/// How many requests about different keys may change the store at once.
const LOCKS: usize = 64;

/// A handle to one store; clones are handles to the same one.
#[derive(Clone)]
pub struct EmbeddedStore {
    shared: Arc<Shared>,
}

struct Shared {
    table: Table,
    locks: [Mutex<()>; LOCKS],
    counters: Arc<Counters>,
    flushes: Flushes,
    last_cas: AtomicU64,
    item_limit: AtomicUsize,
    max_bytes: u64,
}

impl EmbeddedStore {
    /// An empty store that holds up to `max_bytes` and refuses items over `item_limit` ([`DEFAULT_ITEM_LIMIT`]).
    pub fn new(max_bytes: u64, item_limit: usize) -> EmbeddedStore {
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            table: Table::new(max_bytes, Arc::clone(&counters)),
            locks: std::array::from_fn(|_| Mutex::new(())),
            counters,
            flushes: Flushes::default(),
            last_cas: AtomicU64::new(0),
            item_limit: AtomicUsize::new(item_limit.min(Table::largest_item(max_bytes))),
            max_bytes,
        };
        EmbeddedStore { shared: Arc::new(shared) }
    }

    /// Refuses items over `item_limit` from now on; what is stored stays.
    pub fn set_item_limit(&self, item_limit: usize) {
        let largest = Table::largest_item(self.shared.max_bytes);
        self.shared.item_limit.store(item_limit.min(largest), Relaxed);
    }

    /// Does what `request` says and answers it. Requests about one key happen one after the other.
    pub fn ask(&self, request: &Request, now: SystemTime) -> Reply {
        let shared = &*self.shared;
        if let Some(reply) = shared.read(&request.command, &shared.turn(request, now)) {
            return reply;
        }
        let _lock = shared.lock(request.key.as_bytes());
        // A turn begins under the lock: it must know every flush that a turn before it knew.
        let turn = shared.turn(request, now);
        let found = shared.find(&turn);
        let (change, reply) = decide(&request.command, found.as_deref(), &turn);
        shared.apply(change, &turn);
        reply
    }

    /// `flush_all`: everything stored so far is gone, at once (0 or less) or when `delay` is over, a relative time or
    /// a Unix time like any expiry time. A delayed flush takes with it what is stored until then, and replaces one
    /// that was still due.
    pub fn flush_all(&self, delay: Exptime, now: SystemTime) {
        self.shared.counters.add(Count::CmdFlush);
        if self.shared.flushes.flush(delay, clock::second(now)) {
            self.shared.last_cas.fetch_add(1, Relaxed);
        }
    }

    /// Figures under the names memcached's `stats` has for them, in its order.
    pub fn stats(&self) -> Vec<(&'static str, u64)> {
        let (items, bytes) = self.shared.table.usage();
        let mut figures: Vec<_> = self.shared.counters.figures().collect();
        figures.extend([("curr_items", items), ("bytes", bytes), ("limit_maxbytes", self.shared.max_bytes)]);
        figures
    }

    /// How many items are stored, expired ones that still take memory included.
    pub fn items(&self) -> u64 {
        self.shared.table.usage().0
    }

    /// How many items were dropped to make room.
    pub fn evictions(&self) -> u64 {
        self.shared.counters.get(Count::Evictions)
    }

    /// How many bytes they take in memcached's account.
    pub fn bytes(&self) -> u64 {
        self.shared.table.usage().1
    }
}

impl Shared {
    fn turn<'a>(&'a self, request: &'a Request, now: SystemTime) -> StoreTurn<'a> {
        StoreTurn {
            key: &request.key,
            now: clock::second(now),
            flushes: self.flushes.done(),
            item_limit: self.item_limit.load(Relaxed),
            last_cas: &self.last_cas,
            counters: &self.counters,
        }
    }

    /// Answers a read that changes nothing; `None` if it may not be one.
    fn read(&self, command: &Command, turn: &StoreTurn<'_>) -> Option<Reply> {
        let Command::Get(request) = command else { return None };
        let found = self.table.get(turn.key.as_bytes());
        let found = found.as_deref();
        if !get::only_reads(request, found) || found.is_some_and(|item| self.is_gone(item, turn)) {
            return None;
        }
        Some(get::get(request, found, turn).1)
    }

    /// The item the request is about, if it still is. One that is not is removed, so that it is counted once.
    fn find(&self, turn: &StoreTurn<'_>) -> Option<Arc<StoredItem>> {
        let found = self.table.get(turn.key.as_bytes())?;
        if !self.is_gone(&found, turn) {
            return Some(found);
        }
        let flushed = self.flushes.killed(&found, turn.flushes, turn.now);
        turn.count(if flushed { Count::GetFlushed } else { Count::GetExpired });
        self.table.remove(turn.key.as_bytes());
        None
    }

    fn is_gone(&self, item: &StoredItem, turn: &StoreTurn<'_>) -> bool {
        item.expiry.is_over(turn.now) || self.flushes.killed(item, turn.flushes, turn.now)
    }

    fn apply(&self, change: Change, turn: &StoreTurn<'_>) {
        match change {
            Change::Keep => {}
            Change::Put(item) => self.table.put(turn.key.as_bytes(), item),
            Change::Remove => self.table.remove(turn.key.as_bytes()),
        }
    }

    /// The lock guards no data of its own, so a panic while it was held leaves nothing half done.
    fn lock(&self, key: &[u8]) -> impl Drop + '_ {
        let place = xxh3_64(key) as usize % LOCKS;
        self.locks[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn decide(command: &Command, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    match command {
        Command::Get(request) => get::get(request, found, turn),
        Command::Store(request) => put::store(request, found, turn),
        Command::Delete(request) => delete::delete(request, found, turn),
        Command::Arithmetic(request) => arithmetic::arithmetic(request, found, turn),
        Command::Debug => debug::debug(found, turn),
    }
}
