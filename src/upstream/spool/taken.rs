//! Records on their way to the server.

use std::sync::Weak;
use std::sync::atomic::Ordering::Relaxed;

use super::{Record, Spool};
use crate::metrics::SpoolDrop;
use crate::upstream::target::Target;

/// Records that somebody is sending. They are given back when this is dropped before it was said what became of them, and
/// when somebody else holds the spool by then: its server may be another one.
pub struct Taken<'s> {
    spool: &'s Spool,
    holder: Weak<Target>,
    records: Vec<Record>,
}

impl<'s> Taken<'s> {
    /// These were taken out of `spool` for its holder.
    pub(super) fn new(spool: &'s Spool, holder: Weak<Target>, records: Vec<Record>) -> Taken<'s> {
        Taken { spool, holder, records }
    }

    /// What is to be deleted.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// They were sent, and this many refused.
    pub fn were_replayed(self, refused: u64) {
        let spool = self.spool;
        if let Some(count) = self.settle() {
            spool.replayed.fetch_add(count - refused, Relaxed);
            spool.count_dropped(SpoolDrop::Refused, refused);
        }
    }

    /// Nothing was there to delete.
    pub fn were_needless(self) {
        let spool = self.spool;
        if let Some(count) = self.settle() {
            spool.skipped.fetch_add(count, Relaxed);
        }
    }

    /// How many are done.
    fn settle(mut self) -> Option<u64> {
        let mut pending = self.spool.lock();
        if !pending.is_held_by(&self.holder) {
            return None;
        }
        let count = std::mem::take(&mut self.records).len();
        pending.settled(count);
        Some(count as u64)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.records.is_empty() {
            return;
        }
        let mut pending = self.spool.lock();
        pending.out -= self.records.len();
        for record in self.records.drain(..).rev() {
            if pending.known.insert(record.key.clone()) {
                pending.queue.push_front(record);
            }
        }
    }
}
