//! Leases that this worker found taken a moment ago: spares a hot key's stale hits the table that all workers share.
//!
//! Measured: looking there costs more than all the rest of a stale hit in a deep pipeline.

use std::time::{Duration, Instant};

use crate::refresh::{Holding, ItemId};

/// How long it may go unnoticed that a lease was given back without a new value.
const VALID: Duration = Duration::from_millis(250);
/// Leases remembered; a power of two.
const PLACES: usize = 4096;

/// The last lease seen in each place.
#[derive(Default)]
pub(super) struct Recent {
    places: Vec<Option<(ItemId, Holding)>>,
}

impl Recent {
    /// Whether the lease for a value that ends then is known to be taken.
    pub fn is_taken(&self, id: ItemId, now: Instant, value_ends: Option<Instant>) -> bool {
        let seen = self.places.get(place(id)).and_then(Option::as_ref);
        seen.is_some_and(|(known, holding)| *known == id && holding.is_taken(now, value_ends))
    }

    /// Notes that it is.
    pub fn note(&mut self, id: ItemId, now: Instant, value_ends: Option<Instant>) {
        if self.places.is_empty() {
            self.places = vec![None; PLACES];
        }
        self.places[place(id)] = Some((id, Holding::Taken { until: now + VALID, value_ends, is_here: false }));
    }
}

fn place(id: ItemId) -> usize {
    id.spread() as usize % PLACES
}
