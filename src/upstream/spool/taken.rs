//! Records on their way to the server.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

use super::holder::SpoolHolder;
use super::pending::{TakenFrom, WaitingDeletes};
use super::{Record, Spool};

/// Records that the prober is sending. They go back into the spool if this is dropped before the prober said how the
/// sending ended, or if another target holds the spool by then: it may speak to another server.
pub(crate) struct Taken<'s> {
    spool: &'s Spool,
    holder: Weak<dyn SpoolHolder>,
    records: Arc<[Record]>,
    origin: TakenFrom,
}

impl Spool {
    /// What `take` takes for the holder; nothing for others.
    pub(super) fn taken(
        &self,
        holder: Weak<dyn SpoolHolder>,
        take: impl FnOnce(&mut WaitingDeletes) -> (Arc<[Record]>, TakenFrom),
    ) -> Taken<'_> {
        let mut pending = self.lock();
        let is_theirs = pending.is_held_by(&holder);
        let (records, origin) = if is_theirs { take(&mut pending) } else { (Arc::default(), TakenFrom::Memory) };
        Taken { spool: self, holder, records, origin }
    }
}

impl Taken<'_> {
    /// The deletes to send. After [`Spool::take_all`] only those that were in memory.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// They were sent, and those at these places refused: these wait until they are asked again. False if there is no
    /// room for that; then none is done.
    pub(crate) fn were_replayed(mut self, refused: &[usize]) -> bool {
        let spool = self.spool;
        let mut pending = spool.lock();
        if !pending.is_held_by(&self.holder) {
            drop(pending);
            return true;
        }
        if let TakenFrom::Earlier(until) = self.origin {
            let in_memory = pending.in_memory() - self.records.len();
            if !refused.is_empty() && in_memory + refused.len() > spool.most.load(Relaxed) {
                drop(pending);
                return false;
            }
            let label = self.holder.upgrade().map(|holder| holder.label().clone()).unwrap_or_default();
            refused.iter().for_each(|place| spool.append(&mut pending, &self.records[*place], &label));
            pending.earlier.done(until);
        }
        let records = std::mem::take(&mut self.records);
        pending.back(&records);
        refused.iter().for_each(|place| pending.refuse(&records[*place]));
        spool.settled(&mut pending);
        spool.replayed.fetch_add((records.len() - refused.len()) as u64, Relaxed);
        true
    }

    /// Nothing was there to delete.
    pub(crate) fn were_needless(mut self) {
        let spool = self.spool;
        let mut pending = spool.lock();
        if !pending.is_held_by(&self.holder) {
            drop(pending);
            return;
        }
        let records = std::mem::take(&mut self.records);
        let mut count = records.len();
        if self.origin == TakenFrom::All {
            count += pending.earlier.count();
            pending.earlier.clear();
        }
        pending.back(&records);
        spool.settled(&mut pending);
        spool.skipped.fetch_add(count as u64, Relaxed);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.records.is_empty() {
            return;
        }
        let mut pending = self.spool.lock();
        pending.back(&self.records);
        // Records that came from a file are still in it.
        if !matches!(self.origin, TakenFrom::Earlier(_)) {
            pending.give_back(&self.records);
        }
    }
}
