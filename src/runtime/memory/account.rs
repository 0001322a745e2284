//! What all workers hold together, against what the process may hold: the one place where their sums meet.
//!
//! A worker does not tell of every byte. It keeps a little to itself and tells of the rest in steps
//! ([`Account::step`]), so that workers do not fight over one cache line and the sum is still right to a sixteenth of
//! the limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::shed::Shed;

const KIB: usize = 1 << 10;

/// The bytes of one process.
pub struct Account {
    most: AtomicUsize,
    /// From how many bytes on a worker tells.
    step: AtomicUsize,
    /// What workers have told.
    told: AtomicUsize,
    /// The most that one holder of each worker held when that worker last looked.
    largest: Box<[AtomicUsize]>,
    pressed: Notify,
    shed: [AtomicU64; Shed::ALL.len()],
}

impl Account {
    /// Nothing held by `workers` workers and a thread beside them, `most` allowed.
    pub fn new(most: usize, workers: usize) -> Arc<Account> {
        let largest = (0..workers.max(1)).map(|_| AtomicUsize::new(0)).collect();
        let (step, told, pressed) = (AtomicUsize::new(0), AtomicUsize::new(0), Notify::new());
        let account = Account { most: AtomicUsize::new(most), step, told, largest, pressed, shed: Default::default() };
        account.set_most(most);
        Arc::new(account)
    }

    /// Allows `most` from now on.
    pub fn set_most(&self, most: usize) {
        self.most.store(most, Relaxed);
        self.step.store((most / (16 * self.largest.len())).clamp(1, 64 * KIB), Relaxed);
    }

    /// How many bytes may be held.
    pub fn most(&self) -> usize {
        self.most.load(Relaxed)
    }

    /// How many bytes are held, as far as workers have told.
    pub fn told(&self) -> usize {
        self.told.load(Relaxed)
    }

    /// From how many bytes on a worker tells.
    pub(super) fn step(&self) -> usize {
        self.step.load(Relaxed)
    }

    /// By how much what a worker believes may be wrong: what all threads have not told yet.
    pub(super) fn doubt(&self) -> usize {
        self.step() * (self.largest.len() + 1)
    }

    /// Takes `bytes` out of what is left, and notes that the worker has told of them, who has not told of `untold` yet.
    /// False if there is not so much, whatever other workers take at the same time.
    pub(super) fn take(&self, bytes: usize, untold: usize) -> bool {
        let fits = |told: usize| told.wrapping_add(untold).saturating_add(bytes) <= self.most();
        let taken = self.told.fetch_update(Relaxed, Relaxed, |told| fits(told).then(|| told.wrapping_add(bytes)));
        if taken.is_ok_and(|told| told.wrapping_add(bytes) > tight(self.most())) {
            self.pressed.notify_waiters();
        }
        taken.is_ok()
    }

    /// Notes that a worker which told of `before` bytes holds `now`, and wakes the shedder if that makes memory tight.
    pub(super) fn tell(&self, before: usize, now: usize) {
        let change = now.wrapping_sub(before);
        let sum = self.told.fetch_add(change, Relaxed).wrapping_add(change);
        if now > before && sum > tight(self.most()) {
            self.pressed.notify_waiters();
        }
    }

    /// Ready once more is held while that is a lot already.
    pub fn pressed(&self) -> Notified<'_> {
        self.pressed.notified()
    }

    /// Counts something that was given up.
    pub(super) fn count(&self, what: Shed) {
        self.shed[what as usize].fetch_add(1, Relaxed);
    }

    /// How often that was given up.
    pub fn shed(&self, what: Shed) -> u64 {
        self.shed[what as usize].load(Relaxed)
    }

    /// Notes what the largest holder of worker `number` holds. True if no other worker has a larger one.
    pub(super) fn is_largest(&self, number: usize, bytes: usize) -> bool {
        if let Some(mine) = self.largest.get(number) {
            mine.store(bytes, Relaxed);
        }
        let others = self.largest.iter().enumerate().filter(|(other, _)| *other != number);
        others.map(|(_, largest)| largest.load(Relaxed)).all(|largest| largest <= bytes)
    }
}

/// From how many bytes on memory is short: leash reads no more from clients that hold much.
pub(super) fn tight(most: usize) -> usize {
    most - most / 8
}

/// How much one holder may always have, so that those who hold little go on beside those who hold all the rest.
pub(super) fn little(most: usize) -> usize {
    (most / 4096).clamp(4 * KIB, 64 * KIB)
}
