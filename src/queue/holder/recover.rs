//! A holder begins with what the records of an earlier process say: which messages there are, and where.

use std::collections::HashMap;
use std::io;

use bytes::Bytes;

use super::QueueHolder;
use super::many::ManyQueues;
use super::one_queue::OneQueue;
use super::troubles::{DiskTroubles, DiskWork};
use crate::queue::disk::SegmentDisk;
use crate::queue::fifo::Fifo;
use crate::queue::journal::{LeftRecord, QueueJournal};
use crate::queue::order::HolderTerms;
use crate::queue::record::{DEAD, QueueEvent, QueueRecord};

/// Ids that are left out when a process begins: those which the one before it may have given to messages that the disk
/// has lost.
const SKIPPED: u64 = 1 << 20;

/// What records of an earlier process say.
#[derive(Default)]
struct Recovered {
    queues: HashMap<Bytes, Fifo>,
    /// No record is about a message of this id or a higher one.
    ids: u64,
}

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// With what an earlier process left on `disk`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(disk: D, terms: HolderTerms) -> io::Result<QueueHolder<D, T>> {
        let mut recovered = Recovered::default();
        let ids = |recovered: &Recovered| recovered.ids + SKIPPED;
        let mut journal = QueueJournal::open((disk, terms.segment), &mut recovered, Recovered::tell, ids)?;
        let ids = ids(&recovered);
        let mut queues = ManyQueues::new();
        for (name, mut fifo) in recovered.queues.into_iter().filter(|(_, fifo)| !fifo.is_empty()) {
            fifo.skip_to(ids);
            fifo.places().from(0).for_each(|(_, place)| journal.counts(place));
            queues.get_or_insert_with(&name, || OneQueue::of(fifo));
        }
        let mut refused = DiskTroubles::default();
        refused
            .note(DiskWork::Begin, &if journal.is_begun() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) });
        refused.note(DiskWork::Remove, &journal.reclaim());
        let (held, timers, waiting, waits_begun, begun, answers, answered) = Default::default();
        let (busy, indexed, figures_asked, figures_look, undo, counts, unread, is_ending) = Default::default();
        Ok(QueueHolder {
            journal,
            queues,
            terms,
            ids,
            held,
            timers,
            waiting,
            waits_begun,
            begun,
            busy,
            answers,
            answered,
            indexed,
            figures_asked,
            figures_look,
            undo,
            counts,
            refused,
            unread,
            is_ending,
        })
    }
}

impl Recovered {
    /// Takes the next record in.
    fn tell(&mut self, LeftRecord { record, place }: LeftRecord) {
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
