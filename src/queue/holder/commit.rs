//! What was done is written down, and the files are kept small.

use std::io;

use super::QueueHolder;
use super::undo::Undone;
use crate::queue::journal::{LeftRecord, Urgency};
use crate::queue::segments::SegmentDisk;

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Writes down what was done since the last time; what the disk refuses is undone.
    pub(super) fn commit(&mut self) {
        let written = self.journal.write(self.terms.sync);
        match written {
            Ok(()) => self.undo.clear(),
            Err(_) => self.undo(),
        }
        let rolled = if self.journal.is_full() { self.journal.begin_segment(self.ids) } else { Ok(()) };
        let kept_small = self.journal.reclaim();
        self.tell_of_disk(&written.and(rolled).and(kept_small));
    }

    /// Writes messages of old segments anew, so that these can go.
    pub(super) fn tidy(&mut self) {
        let left = self.journal.must_move();
        for LeftRecord { record, place } in left.unwrap_or_default() {
            let of = self.queues.get(&record.queue).and_then(|queue| queue.fifo.places().get(record.id));
            if of == Some(place) {
                let (queue, id) = (record.queue.clone(), record.id);
                let to = self.journal.push(&record, Urgency::Now);
                self.stands(&queue, id, to);
                self.undo.push(Undone::Moved { queue, id, from: place, to });
            }
        }
    }

    /// Says once that the disk refuses what is asked of it, and once that it does no more.
    pub(super) fn tell_of_disk(&mut self, done: &io::Result<()>) {
        match done {
            Err(error) if !self.is_refused => tracing::error!(%error, "the disk of the queues refuses to work"),
            Ok(()) if self.is_refused => tracing::info!("the disk of the queues works again"),
            _ => {}
        }
        self.is_refused = done.is_err();
    }
}
