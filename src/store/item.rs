//! One stored item. A reader may note that it was read; everything else about it is replaced, never changed,
//! so a reader without a lock sees one state of it or another, never half of each.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;

use super::clock::{Expiry, Second};
use super::size;
use crate::protocol::Item;
use crate::protocol::Returns;

/// A value and all that memcached knows about it.
#[derive(Debug)]
pub(super) struct StoredItem {
    pub(super) value: Bytes,
    pub(super) client_flags: u32,
    pub(super) cas: u64,
    pub(super) expiry: Expiry,
    /// Filed under a key that came base64-encoded.
    pub(super) binary_key: bool,
    /// Invalidated: still served, but marked.
    pub(super) stale: bool,
    /// A winner was told to regenerate it.
    pub(super) token_sent: bool,
    /// How many flushes there had been when it was stored.
    pub(super) flushes: u64,
    /// When this state of it was stored.
    pub(super) written: Second,
    pub(super) fetched: AtomicBool,
    pub(super) accessed: AtomicU64,
}

impl StoredItem {
    /// An item that no client has read yet.
    pub(super) fn new(value: Bytes, client_flags: u32, expiry: Expiry, cas: u64, now: Second) -> StoredItem {
        StoredItem {
            value,
            client_flags,
            cas,
            expiry,
            binary_key: false,
            stale: false,
            token_sent: false,
            flushes: 0,
            written: now,
            fetched: AtomicBool::new(false),
            accessed: AtomicU64::new(now),
        }
    }

    pub(super) fn fetched(&self) -> bool {
        self.fetched.load(Relaxed)
    }

    pub(super) fn accessed(&self) -> Second {
        self.accessed.load(Relaxed)
    }

    /// Notes a fetch. The first one leaves the time of access alone, as memcached's segmented LRU does.
    pub(super) fn bump(&self, now: Second) {
        if self.fetched() {
            self.touch(now);
        } else {
            self.fetched.store(true, Relaxed);
        }
    }

    /// Notes an access that is not a fetch.
    pub(super) fn touch(&self, now: Second) {
        self.accessed.store(now, Relaxed);
    }

    /// Whether the next reader is to be told to regenerate it.
    pub(super) fn awaits_winner(&self) -> bool {
        self.stale && !self.token_sent
    }

    /// Its size in memcached's account, under a key of `key` bytes.
    pub(super) fn total(&self, key: usize) -> usize {
        size::total(key, self.value.len(), self.client_flags)
    }

    /// How long after `written` its memory can be had back. A second late rather than early: only the store's own
    /// clock decides whether it is served.
    pub(super) fn reclaim_after(&self) -> Option<Duration> {
        match self.expiry {
            Expiry::Never => None,
            Expiry::At(end) => Some(Duration::from_secs(end.saturating_sub(self.written) + 1)),
        }
    }

    /// What `returns` asks about it.
    ///
    /// `before` is its expiry before this command, for commands that ask for that.
    pub(super) fn describe(&self, returns: Returns, before: Expiry, now: Second) -> Item {
        let asked = |fact| returns.has(fact);
        Item {
            value: asked(Returns::VALUE).then(|| self.value.clone()),
            client_flags: if asked(Returns::FLAGS) { self.client_flags } else { 0 },
            cas: if asked(Returns::CAS) { self.cas } else { 0 },
            ttl: if asked(Returns::TTL) {
                self.expiry.remaining(now)
            } else if asked(Returns::TTL_BEFORE) {
                before.remaining(now)
            } else {
                0
            },
            size: if asked(Returns::SIZE) { narrow(self.value.len() as u64) } else { 0 },
            last_access: if asked(Returns::LAST_ACCESS) { narrow(now.saturating_sub(self.accessed())) } else { 0 },
            fetched: asked(Returns::HIT) && self.fetched(),
            marks: [0; 3],
        }
    }
}

impl Clone for StoredItem {
    fn clone(&self) -> StoredItem {
        StoredItem {
            value: self.value.clone(),
            fetched: AtomicBool::new(self.fetched()),
            accessed: AtomicU64::new(self.accessed()),
            ..*self
        }
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
