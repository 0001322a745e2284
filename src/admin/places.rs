//! Who has a place at the admin address, and who must leave when all are taken.
//!
//! Every client that connects has a place at once: a probe must not wait for clients that say nothing, or do not read
//! what they asked for. If all places are taken, the client that was silent longest leaves. leash does not know what a
//! client will ask before it asks, so probes cannot have places of their own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::Notify;

/// All places.
pub(super) struct Places {
    most: usize,
    /// Who has one, by number.
    taken: RefCell<HashMap<u64, Rc<Guest>>>,
    /// Counts what happens: who was heard of earlier has the smaller number.
    events: Cell<u64>,
}

#[derive(Default)]
struct Guest {
    heard: Cell<u64>,
    must_leave: Notify,
}

/// One place, free again when this goes.
pub(super) struct AdminPlace {
    places: Rc<Places>,
    number: u64,
    guest: Rc<Guest>,
}

impl Places {
    /// `most` of them, all free.
    pub(super) fn new(most: usize) -> Rc<Places> {
        Rc::new(Places { most, taken: RefCell::default(), events: Cell::new(0) })
    }

    /// A place for a new client.
    pub(super) fn take(self: &Rc<Places>) -> AdminPlace {
        if self.taken.borrow().len() >= self.most {
            self.make_room();
        }
        let (number, guest) = (self.event(), Rc::new(Guest::default()));
        guest.heard.set(number);
        self.taken.borrow_mut().insert(number, guest.clone());
        AdminPlace { places: self.clone(), number, guest }
    }

    /// Has the one leave of whom nothing was heard for the longest time.
    pub(super) fn make_room(&self) {
        let mut taken = self.taken.borrow_mut();
        let longest_silent = taken.iter().min_by_key(|(_, guest)| guest.heard.get()).map(|(number, _)| *number);
        if let Some(guest) = longest_silent.and_then(|number| taken.remove(&number)) {
            guest.must_leave.notify_one();
        }
    }

    fn event(&self) -> u64 {
        self.events.set(self.events.get() + 1);
        self.events.get()
    }
}

impl AdminPlace {
    /// Notes that its holder asked something, or was answered.
    pub(super) fn heard(&self) {
        self.guest.heard.set(self.places.event());
    }

    /// Ready once its holder must leave.
    pub(super) async fn lost(&self) {
        self.guest.must_leave.notified().await;
    }
}

impl Drop for AdminPlace {
    fn drop(&mut self) {
        self.places.taken.borrow_mut().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Duration, timeout};

    async fn is_lost(place: &AdminPlace) -> bool {
        timeout(Duration::from_millis(1), place.lost()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_was_silent_longest_leaves() {
        let places = Places::new(2);
        let (one, other) = (places.take(), places.take());
        one.heard();
        let newest = places.take();
        assert!(is_lost(&other).await && !is_lost(&one).await && !is_lost(&newest).await);
        drop(other);
        let last = places.take();
        assert!(is_lost(&one).await && !is_lost(&last).await);
        drop((one, newest));
        places.take();
        assert!(!is_lost(&last).await, "there was room");
    }
}
