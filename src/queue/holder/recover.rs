//! What the records of an earlier process say: which messages there are, and where.

use std::collections::HashMap;

use bytes::Bytes;

use crate::queue::fifo::Fifo;
use crate::queue::journal::LeftRecord;
use crate::queue::record::{DEAD, QueueEvent, QueueRecord};

/// What records of an earlier process say.
#[derive(Default)]
pub(super) struct Recovered {
    pub(super) queues: HashMap<Bytes, Fifo>,
    /// No record is about a message of this id or a higher one.
    pub(super) ids: u64,
}

impl Recovered {
    /// Takes the next record in.
    pub(super) fn tell(&mut self, LeftRecord { record, place }: LeftRecord) {
        let QueueRecord { queue, id, event } = record;
        self.ids = self.ids.max(if matches!(event, QueueEvent::Put(_) | QueueEvent::Buried(..)) { id + 1 } else { id });
        match event {
            QueueEvent::Begun => {}
            QueueEvent::Put(_) => drop(self.queues.entry(queue).or_default().put(id, place)),
            QueueEvent::Buried(from, _) => {
                let origin = queue.strip_suffix(DEAD).and_then(|origin| self.queues.get_mut(origin));
                origin.into_iter().for_each(|fifo| _ = fifo.remove(from));
                self.queues.entry(queue).or_default().put(id, place);
            }
            QueueEvent::Gone => drop(self.queues.get_mut(&queue).and_then(|fifo| fifo.remove(id))),
            QueueEvent::Back(times) => {
                self.queues.get_mut(&queue).into_iter().for_each(|fifo| fifo.set_times(id, times));
            }
            QueueEvent::Emptied => {
                let Some(fifo) = self.queues.get_mut(&queue) else { return };
                let gone: Vec<u64> = fifo.places().from(0).map(|(id, _)| id).take_while(|gone| *gone < id).collect();
                for id in gone {
                    fifo.remove(id);
                }
            }
        }
    }
}
