//! Where the leases are: moka's cache, from which each is forgotten some time after it was claimed.
//!
//! moka keeps a block of memory for each key that it has removed, until its own table grows. After a crowd these would stand,
//! one here and one there, in a MiB of pages of which nothing else is used. So once many leases have come and all are gone,
//! the cache is made anew.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::LeaseSlot;
use crate::route::refresh::decide::ItemId;

/// How many leases must have come for the cache to be made anew.
const MANY: usize = 1000;

type Slots = Cache<ItemId, Arc<LeaseSlot>>;

/// All leases of this process.
pub(super) struct KnownLeases {
    /// Locked for writing only while it is replaced.
    slots: RwLock<Slots>,
    /// How many leases have come to it.
    came: AtomicUsize,
    /// How many it remembers.
    most: u64,
    remembered: Remembered,
}

/// Forgets a lease so many milliseconds after it was claimed as is said at that time.
#[derive(Clone, Default)]
struct Remembered(Arc<AtomicU64>);

impl Expiry<ItemId, Arc<LeaseSlot>> for Remembered {
    fn expire_after_create(&self, _: &ItemId, _: &Arc<LeaseSlot>, _: Instant) -> Option<Duration> {
        Some(Duration::from_millis(self.0.load(Relaxed)))
    }
}

impl KnownLeases {
    /// One without leases, that remembers so many at once.
    pub(super) fn new(most: u64) -> KnownLeases {
        let remembered = Remembered::default();
        KnownLeases { slots: RwLock::new(slots(most, &remembered)), came: AtomicUsize::new(0), most, remembered }
    }

    /// From now on a lease is remembered for so long after it was claimed.
    pub(super) fn remember(&self, time: Duration) {
        self.remembered.0.store(time.as_millis() as u64, Relaxed);
    }

    /// The lease of `item`, if one is known.
    pub(super) fn get(&self, item: ItemId) -> Option<Arc<LeaseSlot>> {
        self.slots().get(&item)
    }

    /// The lease of `item`, a new one where none is known.
    pub(super) fn get_or_make(&self, item: ItemId) -> Arc<LeaseSlot> {
        let make = || {
            self.came.fetch_add(1, Relaxed);
            Arc::default()
        };
        self.slots().get_with(item, make)
    }

    /// Forgets this lease of `item`, and no later one.
    pub(super) fn forget(&self, item: ItemId, slot: &Arc<LeaseSlot>) {
        let is_it = |known: &Arc<LeaseSlot>| Arc::ptr_eq(known, slot);
        self.slots().entry(item).and_compute_with(|entry| match entry {
            Some(entry) if is_it(entry.value()) => Op::Remove,
            _ => Op::Nop,
        });
    }

    /// Lets go of what has ended: moka does that by itself only while it is used.
    pub(super) fn tidy(&self) {
        self.slots().run_pending_tasks();
        if self.came.load(Relaxed) >= MANY && self.slots().entry_count() == 0 {
            self.renew();
        }
    }

    /// Replaces the cache by a new one, unless somebody has come since it was looked at.
    fn renew(&self) {
        let mut current = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if current.iter().next().is_some() {
            return;
        }
        self.came.store(0, Relaxed);
        let old = std::mem::replace(&mut *current, slots(self.most, &self.remembered));
        // Nobody has to wait until all of it is given back.
        drop(current);
        drop(old);
    }

    fn slots(&self) -> RwLockReadGuard<'_, Slots> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slots(most: u64, remembered: &Remembered) -> Slots {
    Cache::builder().max_capacity(most).expire_after(remembered.clone()).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::scope;

    fn known() -> KnownLeases {
        let leases = KnownLeases::new(50_000);
        leases.remember(Duration::from_secs(3600));
        leases
    }

    fn item(number: usize) -> ItemId {
        ItemId::of_name(0, number.to_string().as_bytes())
    }

    fn come_and_go(leases: &KnownLeases, numbers: std::ops::Range<usize>) {
        for item in numbers.map(item) {
            let slot = leases.get_or_make(item);
            leases.forget(item, &slot);
        }
    }

    #[test]
    fn once_many_leases_have_come_and_gone_the_cache_is_a_new_one() {
        let leases = known();
        let stays = leases.get_or_make(item(0));
        come_and_go(&leases, 1..MANY);
        leases.tidy();
        assert_eq!(leases.came.load(Relaxed), MANY, "one is still there");
        assert!(leases.get(item(0)).is_some_and(|slot| Arc::ptr_eq(&slot, &stays)));
        leases.forget(item(0), &stays);
        leases.tidy();
        assert_eq!(leases.came.load(Relaxed), 0);
        come_and_go(&leases, 0..MANY - 1);
        leases.tidy();
        assert_eq!(leases.came.load(Relaxed), MANY - 1, "few");
    }

    #[test]
    fn no_lease_is_lost_to_a_new_cache() {
        let leases = known();
        scope(|threads| {
            let claimant = threads.spawn(|| {
                for number in 0..20_000 {
                    let slot = leases.get_or_make(item(number));
                    let found = leases.get(item(number));
                    assert!(found.is_some_and(|found| Arc::ptr_eq(&found, &slot)), "{number}");
                    leases.forget(item(number), &slot);
                }
            });
            let mut renewed = 0;
            while !claimant.is_finished() {
                leases.came.fetch_add(MANY, Relaxed);
                leases.tidy();
                renewed += usize::from(leases.came.load(Relaxed) < MANY);
            }
            claimant.join().expect("each lease is found again");
            assert!(renewed > 0, "never replaced");
        });
    }
}
