//! What queues know one client as, and who must hear that it is gone.

use std::cell::{OnceCell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::queue::Consumer;

/// What is done once a client is gone.
pub(super) type Farewell = Box<dyn FnOnce(Consumer)>;

/// One client as queues know it. Nothing is done for one that uses none.
#[derive(Default)]
pub(in crate::route) struct QueueSeat {
    consumer: OnceCell<Consumer>,
    /// Of each place where it may have messages, what tells it apart.
    farewells: RefCell<Vec<(usize, Farewell)>>,
}

impl QueueSeat {
    /// Who it is: another one than all other clients of the process.
    pub(super) fn consumer(&self) -> Consumer {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        *self.consumer.get_or_init(|| Consumer(NEXT.fetch_add(1, Relaxed)))
    }

    /// The client may have messages at `place`: `farewell` is done once it is gone.
    pub(super) fn sits_at(&self, place: usize, farewell: impl FnOnce() -> Farewell) {
        let mut farewells = self.farewells.borrow_mut();
        if !farewells.iter().any(|(known, _)| *known == place) {
            farewells.push((place, farewell()));
        }
    }

    /// The client is gone.
    pub(in crate::route) fn leave(&self) {
        let farewells = self.farewells.take();
        farewells.into_iter().for_each(|(_, farewell)| farewell(self.consumer()));
    }
}
