//! What the store counts, under memcached's names.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counts {
    ($($variant:ident $name:literal,)*) => {
        /// Something that is counted.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Count { $($variant,)* }

        /// Their names in `stats`, in memcached's order.
        const NAMES: &[(Count, &str)] = &[$((Count::$variant, $name),)*];
    };
}

counts! {
    CmdGet "cmd_get",
    CmdSet "cmd_set",
    CmdFlush "cmd_flush",
    CmdTouch "cmd_touch",
    GetHits "get_hits",
    GetMisses "get_misses",
    GetExpired "get_expired",
    GetFlushed "get_flushed",
    DeleteMisses "delete_misses",
    DeleteHits "delete_hits",
    IncrMisses "incr_misses",
    IncrHits "incr_hits",
    DecrMisses "decr_misses",
    DecrHits "decr_hits",
    CasMisses "cas_misses",
    CasHits "cas_hits",
    CasBadval "cas_badval",
    TouchHits "touch_hits",
    TouchMisses "touch_misses",
    StoreTooLarge "store_too_large",
    TotalItems "total_items",
    Evictions "evictions",
}

/// All counts of one store.
#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; NAMES.len()]);

impl Counters {
    pub(super) fn add(&self, count: Count) {
        self.0[count as usize].fetch_add(1, Relaxed);
    }

    pub(super) fn get(&self, count: Count) -> u64 {
        self.0[count as usize].load(Relaxed)
    }

    /// Names and figures, in memcached's order.
    pub(super) fn figures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.iter().map(|&(count, name)| (name, self.0[count as usize].load(Relaxed)))
    }
}
