//! What was done is written down, and the files are kept small.

use std::io;

use super::QueueHolder;
use super::troubles::DiskWork;
use super::undo::Undone;
use crate::queue::disk::SegmentDisk;
use crate::queue::journal::{LeftRecord, SyncPoint, Urgency};
use crate::queue::record::{QueueEvent, QueueRecord};

impl<D: SegmentDisk, T> QueueHolder<D, T> {
    /// Writes down what was done since the last time; what the disk refuses is undone.
    pub(super) fn commit(&mut self) {
        if self.refused.has(DiskWork::Write) && self.journal.is_idle() {
            // It changes nothing, and asks the disk whether it works again.
            self.journal.push(&QueueRecord::begun(self.ids), Urgency::Now);
        }
        if !self.journal.is_idle() {
            self.write();
        }
        if self.journal.is_full() {
            let rolled = self.journal.begin_segment(self.ids);
            self.refused.note(DiskWork::Begin, &rolled);
        }
        let removed = self.journal.reclaim();
        self.refused.note(DiskWork::Remove, &removed);
    }

    fn write(&mut self) {
        let written = self.journal.write(self.terms.sync);
        match written {
            Ok(()) => self.undo.clear(),
            Err(_) => self.undo(),
        }
        let queues = &self.queues;
        self.journal.fold_owed(|name| queues.get(name)?.first_left());
        if self.journal.is_begun() {
            self.refused.note(DiskWork::Write, &written);
            if self.terms.sync && written.is_ok() {
                self.refused.note(DiskWork::Sync, &written);
            }
        }
    }

    /// Waits until the disk has everything that was answered.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&mut self) -> io::Result<()> {
        let synced = self.journal.sync();
        self.refused.note(DiskWork::Sync, &synced);
        synced
    }

    /// Where a wait for the disk begins, should another thread wait; `None` if the disk has everything.
    pub(in crate::queue) fn sync_point(&self) -> Option<SyncPoint> {
        self.journal.sync_point()
    }

    /// The disk that has the segments.
    pub(in crate::queue) fn disk(&mut self) -> &mut D {
        self.journal.disk()
    }

    /// A wait for the disk that was begun elsewhere is over.
    pub(in crate::queue) fn synced(&mut self, point: SyncPoint, done: io::Result<()>) {
        let synced = self.journal.synced(point, done);
        self.refused.note(DiskWork::Sync, &synced);
    }

    /// Writes messages of old segments anew, so that these can go, with how often they were given back: where that stands
    /// goes as well.
    pub(super) fn tidy(&mut self) {
        let left = self.journal.must_move();
        for LeftRecord { record, place } in left.unwrap_or_default() {
            let of = self.queues.get(&record.queue).and_then(|queue| queue.fifo.places().get(record.id));
            if of == Some(place) {
                let (queue, id) = (record.queue.clone(), record.id);
                let to = self.journal.push(&record, Urgency::Now);
                self.stands(&queue, id, to);
                let times = self.queues.get(&queue).map_or(0, |queue| queue.fifo.times(id));
                if times > 0 {
                    let record = QueueRecord { queue: queue.clone(), id, event: QueueEvent::Back(times) };
                    self.journal.push(&record, Urgency::Now);
                }
                self.undo.push(Undone::Moved { queue, id, from: place, to });
            }
        }
    }
}
