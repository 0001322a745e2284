//! Where the items are: moka's cache, bounded by bytes, least recently used out first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::counters::{Count, Counters};
use super::item::StoredItem;
use super::size;

type Entries = Cache<Box<[u8]>, Arc<StoredItem>>;

/// Items by key.
pub(super) struct Table(Entries);

impl Table {
    /// An empty table for `max_bytes`, that counts what it evicts.
    pub(super) fn new(max_bytes: u64, counters: Arc<Counters>) -> Table {
        // TinyLFU would refuse a new item rather than evict an old one: a set that was answered STORED would miss.
        let cache = Entries::builder()
            .max_capacity(max_bytes)
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|key, item| weight(key, item))
            .expire_after(Reclaim)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    counters.add(Count::Evictions);
                }
            });
        Table(cache.build())
    }

    /// The largest item, in memcached's account, that a table for `max_bytes` can hold at all.
    pub(super) fn largest_item(max_bytes: u64) -> usize {
        usize::try_from(max_bytes).unwrap_or(usize::MAX).saturating_sub(size::OVERHEAD)
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Arc<StoredItem>> {
        self.0.get(key)
    }

    pub(super) fn put(&self, key: &[u8], item: StoredItem) {
        self.0.insert(key.into(), Arc::new(item));
    }

    pub(super) fn remove(&self, key: &[u8]) {
        self.0.invalidate(key);
    }

    /// How many items there are and how many bytes they take in memcached's account.
    pub(super) fn usage(&self) -> (u64, u64) {
        self.0.run_pending_tasks();
        let items = self.0.entry_count();
        (items, self.0.weighted_size().saturating_sub(items * size::OVERHEAD as u64))
    }
}

fn weight(key: &[u8], item: &StoredItem) -> u32 {
    u32::try_from(item.total(key.len()) + size::OVERHEAD).unwrap_or(u32::MAX)
}

/// Gives back the memory of items that are over. What is served never depends on it: it has a clock of its own.
struct Reclaim;

impl moka::Expiry<Box<[u8]>, Arc<StoredItem>> for Reclaim {
    fn expire_after_create(&self, _: &Box<[u8]>, item: &Arc<StoredItem>, _: Instant) -> Option<Duration> {
        item.reclaim_after()
    }

    fn expire_after_update(
        &self,
        _: &Box<[u8]>,
        item: &Arc<StoredItem>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        item.reclaim_after()
    }
}
