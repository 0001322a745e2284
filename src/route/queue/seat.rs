//! What queues know one client as, and who must hear that it is gone.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::decide::{OpenMessage, OpenMessages};
use crate::protocol::Reply;
use crate::queue::{Consumer, QueueAnswer, QueueOrder, Settling};

/// The way to a place where a client may have messages.
pub(super) trait QueuePlace {
    /// The client waits there for no message any more.
    fn stop_waiting(&self, by: Consumer);

    /// The client is gone: what it has there is given back.
    fn leave(&self, by: Consumer);
}

/// An answer that is on its way; or what the client is told in its place.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<QueueAnswer, Reply>>>>;

/// The way to a holder elsewhere.
pub(super) trait HolderWay {
    /// Orders at once that the reservation of a message ends which the client has; `None` if it is to be given back and may
    /// be another client's already.
    fn settle(&self, order: QueueOrder, message: &OpenMessage<Rc<dyn HolderWay>>) -> Option<Answering>;
}

/// One client as queues know it. Nothing is done for one that uses none.
#[derive(Default)]
pub(in crate::route) struct QueueSeat {
    consumer: OnceCell<Consumer>,
    /// Where it may have messages.
    places: RefCell<Vec<Place>>,
    /// How many of its requests wait for a message.
    waits: Cell<i32>,
    /// What it has of holders elsewhere.
    open: RefCell<OpenMessages<Rc<dyn HolderWay>>>,
}

struct Place {
    /// What tells it from other places.
    at: usize,
    /// What tells the way there from others.
    by: usize,
    way: Box<dyn QueuePlace>,
}

impl QueueSeat {
    /// Who it is: another one than all other clients of the process.
    pub(super) fn consumer(&self) -> Consumer {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        *self.consumer.get_or_init(|| Consumer(NEXT.fetch_add(1, Relaxed)))
    }

    /// The client may have messages at a place that it reaches on this `way`, and on none that it used before: each of the
    /// two is told by a number.
    pub(super) fn sits_at(&self, (at, by): (usize, usize), way: impl FnOnce() -> Box<dyn QueuePlace>) {
        let mut places = self.places.borrow_mut();
        match places.iter_mut().find(|place| place.at == at) {
            Some(place) if place.by == by => {}
            Some(place) => *place = Place { at, by, way: way() },
            None => places.push(Place { at, by, way: way() }),
        }
    }

    /// The messages that it has of holders elsewhere.
    pub(super) fn open(&self) -> RefMut<'_, OpenMessages<Rc<dyn HolderWay>>> {
        self.open.borrow_mut()
    }

    /// So many more of its requests wait for a message.
    pub(super) fn waits_more(&self, requests: i32) {
        self.waits.set(self.waits.get() + requests);
    }

    /// Whether any does.
    pub(in crate::route) fn is_waiting(&self) -> bool {
        self.waits.get() > 0
    }

    /// The client waits for no message any more.
    pub(in crate::route) fn stop_waiting(&self) {
        self.places.borrow().iter().for_each(|place| place.way.stop_waiting(self.consumer()));
    }

    /// The client is gone.
    pub(in crate::route) fn leave(&self) {
        self.places.take().iter().for_each(|place| place.way.leave(self.consumer()));
        for ((_, queue), receipt, message) in self.open.take().take_all() {
            let order = QueueOrder::Settle { queue, by: self.consumer(), id: Some(receipt), how: Settling::GiveBack };
            drop(message.way.settle(order, &message));
        }
    }
}
