//! What queues know one client as, and who must hear that it is gone.

use std::cell::{OnceCell, RefCell, RefMut};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::decide::{OpenMessage, OpenMessages};
use crate::protocol::Reply;
use crate::queue::{Consumer, QueueAnswer, QueueOrder, Settling};

/// What is done once a client is gone.
pub(super) type Farewell = Box<dyn FnOnce(Consumer)>;

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
    /// Of each place where it may have messages, what tells it apart.
    farewells: RefCell<Vec<(usize, Farewell)>>,
    /// What it has of holders elsewhere.
    open: RefCell<OpenMessages<Rc<dyn HolderWay>>>,
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

    /// The messages that it has of holders elsewhere.
    pub(super) fn open(&self) -> RefMut<'_, OpenMessages<Rc<dyn HolderWay>>> {
        self.open.borrow_mut()
    }

    /// The client is gone.
    pub(in crate::route) fn leave(&self) {
        let farewells = self.farewells.take();
        farewells.into_iter().for_each(|(_, farewell)| farewell(self.consumer()));
        for ((_, queue), id, message) in self.open.take().take_all() {
            let order = QueueOrder::Settle { queue, by: self.consumer(), id: Some(id), how: Settling::GiveBack };
            drop(message.way.settle(order, &message));
        }
    }
}
