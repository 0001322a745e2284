//! Those who wait for the value of a winner elsewhere, and the one among them who looks for it.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use shuttle::thread;

use super::slot::LeaseSlot;
use super::{claim, is_mine, item, taken, together, value};

/// What the waiters for the value of a winner elsewhere share.
#[derive(Default)]
pub struct Elsewhere {
    slot: Arc<LeaseSlot>,
    /// Whether the winner has stored its value.
    is_stored: AtomicBool,
    pollers: AtomicUsize,
}

impl Elsewhere {
    /// Looks until there is something, as the route's poller does.
    fn poll(&self) {
        let at_once = self.pollers.fetch_add(1, SeqCst);
        assert_eq!(at_once, 0, "two look for one value");
        loop {
            // Whoever is told to stop is none any more: the next one may begin within the same step.
            self.pollers.fetch_sub(1, SeqCst);
            if !self.slot.keep_polling() {
                return;
            }
            assert_eq!(self.pollers.fetch_add(1, SeqCst), 0, "two look for one value");
            if self.is_stored.load(SeqCst) {
                self.slot.end(value());
            }
            thread::yield_now();
        }
    }

    fn look_out(self: &Arc<Self>) {
        if self.slot.begin_polling() {
            let this = self.clone();
            thread::spawn(move || this.poll());
        }
    }

    /// Waits as the route does: joins, then sees to it that somebody looks.
    pub fn wait(self: &Arc<Self>) {
        let mut place = self.slot.join();
        self.look_out();
        assert_eq!(block_on(place.end()), Some(item()));
    }

    /// Joins and loses patience at once.
    fn leave(self: &Arc<Self>) {
        let place = self.slot.join();
        self.look_out();
        drop(place);
    }

    /// The other way round: it may rely on somebody who stops at that very moment.
    pub fn wait_carelessly(self: &Arc<Self>) {
        self.look_out();
        assert_eq!(block_on(self.slot.join().end()), Some(item()));
    }

    pub fn story(wait: fn(&Arc<Elsewhere>)) {
        let elsewhere = Arc::new(Elsewhere::default());
        assert!(is_mine(claim(&elsewhere.slot)));
        let [asks, waits, leaves, stores] = [(); 4].map(|()| elsewhere.clone());
        together([
            Box::new(move || {
                asks.slot.settle(taken(false));
                asks.look_out();
            }) as Box<dyn FnOnce() + Send>,
            Box::new(move || wait(&waits)),
            Box::new(move || leaves.leave()),
            Box::new(move || stores.is_stored.store(true, SeqCst)),
        ]);
    }
}
