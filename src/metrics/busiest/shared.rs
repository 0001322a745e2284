//! The sample of each worker, and where they meet. Noting a key is wait-free; who looks at a sample holds a worker up
//! for no moment either, as the worker then skips one more key.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::reservoir::{Drained, Reservoir};

/// The sample of one worker, on cache lines of its own: it is written with every request.
#[repr(align(128))]
#[derive(Default)]
pub(crate) struct KeySample {
    /// How many keys are to be skipped. Written by the worker, and set to 0 when the sample begins anew; if the worker
    /// overwrites that, the new sample begins a little later.
    skip: AtomicU32,
    reservoir: Mutex<Reservoir>,
}

/// The samples of all workers.
#[derive(Default)]
pub(crate) struct KeySamples(Mutex<Vec<Arc<KeySample>>>);

impl KeySample {
    /// Notes the key of a request. Called by one thread only.
    pub(crate) fn note(&self, key: &[u8]) {
        match self.skip.load(Relaxed) {
            0 => self.keep(key),
            left => self.skip.store(left - 1, Relaxed),
        }
    }

    #[cold]
    fn keep(&self, key: &[u8]) {
        if let Ok(mut reservoir) = self.reservoir.try_lock() {
            // No chance of 0, whose logarithm is endless.
            let skip = reservoir.offer(key, || 1.0 - rand::random::<f64>());
            self.skip.store(skip, Relaxed);
        }
    }

    fn look(&self) -> Drained {
        let reservoir = lock(&self.reservoir);
        reservoir.clone().drain(self.skip.load(Relaxed))
    }

    fn take(&self) -> Drained {
        let mut reservoir = lock(&self.reservoir);
        std::mem::take(&mut *reservoir).drain(self.skip.swap(0, Relaxed))
    }
}

impl KeySamples {
    /// No worker yet.
    pub(crate) fn new() -> Arc<KeySamples> {
        Arc::default()
    }

    /// A sample for one more worker.
    pub(crate) fn join(&self) -> Arc<KeySample> {
        let sample = Arc::<KeySample>::default();
        lock(&self.0).push(sample.clone());
        sample
    }

    /// What was sampled since the last [`take`](KeySamples::take), by worker.
    pub(super) fn look(&self) -> Vec<Drained> {
        lock(&self.0).iter().map(|sample| sample.look()).collect()
    }

    /// The same, and begins anew.
    pub(super) fn take(&self) -> Vec<Drained> {
        lock(&self.0).iter().map(|sample| sample.take()).collect()
    }
}

/// A sample stays one when a thread panicked while it held it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_was_taken_begins_anew_at_once() {
        let samples = KeySamples::new();
        let (one, other) = (samples.join(), samples.join());
        (0..100_000).for_each(|_| one.note(b"user:1"));
        other.note(b"user:2");
        let seen = |all: Vec<Drained>| all.iter().map(|sample| sample.seen).collect::<Vec<_>>();
        assert_eq!(seen(samples.look()), [100_000, 1]);
        assert_eq!(seen(samples.take()), [100_000, 1]);
        one.note(b"user:3");
        let again = samples.look();
        assert_eq!((&*again[0].keys[0], again[0].seen), (&b"user:3"[..], 1));
    }

    #[test]
    fn a_worker_does_not_wait_for_who_looks() {
        let sample = KeySample::default();
        let held = lock(&sample.reservoir);
        sample.note(b"user:1");
        drop(held);
        sample.note(b"user:2");
        assert_eq!(sample.look().keys.len(), 1);
    }
}
