//! Leases that this worker found taken a moment ago: spares a hot key's stale hits the table that all workers share.
//!
//! Measured: looking there costs more than all the rest of a stale hit in a deep pipeline. Entries are small, so that
//! hundreds of hot keys stay in the processor's cache.

use std::time::{Duration, Instant};

use crate::route::refresh::decide::{BLUR, ItemId};

/// How long it may go unnoticed that a lease was given back without a new value, in milliseconds.
const VALID: u32 = 250;
/// Pairs of places; a power of two.
const PAIRS: usize = 2048;

/// The leases seen last, two for each group of items.
#[derive(Default)]
pub(super) struct RecentLeases {
    pairs: Vec<[Seen; 2]>,
    /// Times are counted from here.
    start: Option<Instant>,
}

/// A lease that was found taken. To mistake one item for another costs a stale answer, and needs equal 64-bit hashes.
#[derive(Clone, Copy, Default)]
struct Seen {
    item: u64,
    /// Milliseconds.
    until: u32,
    /// Seconds.
    value_ends: u32,
}

impl RecentLeases {
    /// Whether the lease for a value that ends then is known to be taken.
    pub(super) fn is_taken(&self, id: ItemId, now: Instant, value_ends: Instant) -> bool {
        let (Some(start), Some(pair)) = (self.start, self.pairs.get(pair(id))) else { return false };
        let (now, value_ends) = (millis(start, now), seconds(start, value_ends));
        pair.iter().any(|seen| {
            seen.item == id.spread()
                && now < seen.until
                && value_ends <= seen.value_ends.saturating_add(BLUR.as_secs() as u32)
        })
    }

    /// Notes that it is.
    pub(super) fn note(&mut self, id: ItemId, now: Instant, value_ends: Instant) {
        if self.pairs.is_empty() {
            self.pairs = vec![[Seen::default(); 2]; PAIRS];
        }
        let start = *self.start.get_or_insert(now);
        let now = millis(start, now);
        let value_ends = seconds(start, value_ends);
        let seen = Seen { item: id.spread(), until: now.saturating_add(VALID), value_ends };
        let pair = &mut self.pairs[pair(id)];
        let is_free = |old: &Seen| old.item == seen.item || old.until <= now;
        pair[usize::from(!is_free(&pair[0]))] = seen;
    }
}

fn pair(id: ItemId) -> usize {
    id.spread() as usize % PAIRS
}

fn millis(start: Instant, at: Instant) -> u32 {
    u32::try_from(since(start, at).as_millis()).unwrap_or(u32::MAX)
}

fn seconds(start: Instant, at: Instant) -> u32 {
    u32::try_from(since(start, at).as_secs()).unwrap_or(u32::MAX)
}

fn since(start: Instant, at: Instant) -> Duration {
    at.saturating_duration_since(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Key;

    fn id(key: &'static str) -> ItemId {
        ItemId::new(0, &Key::text(key.into()).unwrap())
    }

    #[test]
    fn what_was_seen_taken_is_known_for_a_moment_and_for_the_same_value_only() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let ends = now + second * 60;
        let mut recent = RecentLeases::default();
        assert!(!recent.is_taken(id("a"), now, ends));
        recent.note(id("a"), now, ends);
        assert!(recent.is_taken(id("a"), now + second / 5, ends + second));
        assert!(!recent.is_taken(id("b"), now, ends));
        assert!(!recent.is_taken(id("a"), now + second / 2, ends), "it may have been given back");
        assert!(!recent.is_taken(id("a"), now, ends + second * 5), "another value");
    }
}
