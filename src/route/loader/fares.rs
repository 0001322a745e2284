//! How an endpoint fares in this process, for metrics and people: told by the thread that asks it, and nothing that
//! decides looks at it.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::origin::NoValue;

/// How an endpoint fares.
#[derive(Default)]
pub(crate) struct LoaderFares {
    in_flight: AtomicUsize,
    waiting: AtomicUsize,
    is_held_back: AtomicBool,
    failure: Mutex<Option<LoadFailure>>,
}

/// A call that came to nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadFailure {
    /// When it ended.
    pub when: Instant,
    /// Why there is no value.
    pub why: NoValue,
}

impl LoaderFares {
    /// Calls that are under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// Calls that wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Whether it fails and is asked only now and then.
    pub(crate) fn is_held_back(&self) -> bool {
        self.is_held_back.load(Relaxed)
    }

    /// The last call that came to nothing, however many have succeeded since.
    pub(crate) fn last_failure(&self) -> Option<LoadFailure> {
        *self.failure()
    }

    pub(super) fn stand(&self, in_flight: usize, waiting: usize, is_held_back: bool) {
        self.in_flight.store(in_flight, Relaxed);
        self.waiting.store(waiting, Relaxed);
        self.is_held_back.store(is_held_back, Relaxed);
    }

    pub(super) fn failed(&self, when: Instant, why: NoValue) {
        *self.failure() = Some(LoadFailure { when, why });
    }

    fn failure(&self) -> MutexGuard<'_, Option<LoadFailure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
