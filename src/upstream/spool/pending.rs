//! The deletes that wait for one server, their order, and their file. While a thread has this locked, the server cannot
//! come back and no key is added.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Weak};

use super::Record;
use super::earlier::{Earlier, Until};
use super::file::Opened;
use super::holder::SpoolHolder;
use super::trouble::Filed;
use crate::protocol::Key;

/// What waits.
#[derive(Default)]
pub(crate) struct WaitingDeletes {
    queue: VecDeque<Record>,
    /// What the server refused in the current attempt, or in the last one.
    refused: VecDeque<Record>,
    /// The keys of both.
    known: HashSet<Key>,
    /// What earlier processes left in files and is too much for memory.
    pub(super) earlier: Earlier,
    /// Records on their way to the server: neither done nor given back yet.
    out: Vec<Arc<[Record]>>,
    /// The same as a file.
    pub(super) filed: Filed,
    /// Whether it was said that there is no more room.
    pub(super) is_full: bool,
    /// Whether the prober replays although the server is up.
    pub catching_up: bool,
    /// Whether new deletes go to the server itself, so that no more keys come while the last ones are replayed.
    pub is_closing: bool,
    holder: Option<Weak<dyn SpoolHolder>>,
}

/// Where records were taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenFrom {
    /// What is in memory.
    Memory,
    /// What is in files only, up to here.
    Earlier(Until),
    /// All there was.
    All,
}

impl WaitingDeletes {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_told() && self.refused.is_empty()
    }

    /// Whether the server was asked to delete all of it, though it may have refused.
    pub(crate) fn is_told(&self) -> bool {
        self.queue.is_empty() && self.out.is_empty() && self.earlier.is_empty()
    }

    /// How many are in memory.
    pub(crate) fn in_memory(&self) -> usize {
        self.queue.len() + self.refused.len() + self.out.iter().map(|records| records.len()).sum::<usize>()
    }

    /// About how many wait.
    pub(super) fn depth(&self) -> usize {
        self.in_memory() + self.earlier.count()
    }

    /// Since when the oldest waits, in seconds since 1970.
    pub(super) fn oldest(&self) -> Option<u64> {
        let first = |records: &VecDeque<Record>| records.front().map(|record| record.since);
        [self.earlier.since(), first(&self.queue), first(&self.refused)].into_iter().flatten().min()
    }

    /// How many the server refused.
    pub(crate) fn refused(&self) -> usize {
        self.refused.len()
    }

    /// Whether this key waits and is not being sent at the moment.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.known.contains(key)
    }

    /// Whether the server may still have a value of this key that is to be deleted.
    pub(crate) fn may_be_outdated(&self, key: &Key) -> bool {
        self.has(key) || self.out.iter().any(|records| records.iter().any(|record| record.key == *key))
    }

    fn holder(&self) -> Option<Arc<dyn SpoolHolder>> {
        self.holder.as_ref()?.upgrade()
    }

    /// Whether this one serves under the server's name.
    pub(crate) fn is_held_by<H: SpoolHolder + ?Sized>(&self, one: &Weak<H>) -> bool {
        self.holder.as_ref().is_some_and(|holder| std::ptr::addr_eq(holder.as_ptr(), one.as_ptr()))
    }

    /// Whether a server in use has it.
    pub(crate) fn is_held(&self) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.strong_count() > 0)
    }

    /// Whether clients are answered from the server.
    pub(crate) fn is_read_from(&self) -> bool {
        self.holder().is_some_and(|holder| holder.is_read_from())
    }

    /// Has the holder tell the server, which serves, what it may have missed, unless it does so already.
    pub(crate) fn catch_up(&mut self) {
        if !std::mem::replace(&mut self.catching_up, true)
            && let Some(holder) = self.holder()
        {
            holder.catch_up();
        }
    }

    pub(super) fn set_holder(&mut self, holder: Weak<dyn SpoolHolder>) {
        self.holder = Some(holder);
        (self.catching_up, self.is_closing) = (false, false);
    }

    /// Takes over the records of the file, before those that came since, even if they are more than may wait.
    pub(super) fn found(&mut self, opened: Opened) {
        self.earlier = opened.earlier;
        opened.records.into_iter().rev().for_each(|record| self.push_front(record));
        self.filed.opened(opened.file);
    }

    /// Adds a record to what waits.
    pub(super) fn add(&mut self, record: Record) {
        if self.known.insert(record.key.clone()) {
            self.queue.push_back(record);
        }
    }

    fn push_front(&mut self, record: Record) {
        if self.known.insert(record.key.clone()) {
            self.queue.push_front(record);
        }
    }

    /// Takes up to `count` records, the oldest first.
    pub(super) fn take(&mut self, count: usize) -> (Arc<[Record]>, TakenFrom) {
        if let Some(batch) = self.earlier.next(count) {
            return (self.hand_out(batch.records), TakenFrom::Earlier(batch.until));
        }
        let records = self.queue.drain(..count.min(self.queue.len())).collect();
        (self.hand_out(records), TakenFrom::Memory)
    }

    /// Takes all records in memory, the refused ones last. Those that are in files only stay there.
    pub(super) fn take_all(&mut self) -> (Arc<[Record]>, TakenFrom) {
        let records = self.queue.drain(..).chain(self.refused.drain(..)).collect();
        (self.hand_out(records), TakenFrom::All)
    }

    fn hand_out(&mut self, records: Vec<Record>) -> Arc<[Record]> {
        // A client that deletes such a key from now on adds a new record: it must not rely on the one being sent.
        records.iter().for_each(|record| {
            self.known.remove(&record.key);
        });
        let records: Arc<[Record]> = records.into();
        if !records.is_empty() {
            self.out.push(records.clone());
        }
        records
    }

    /// These are back.
    pub(super) fn back(&mut self, records: &Arc<[Record]>) {
        self.out.retain(|out| !Arc::ptr_eq(out, records));
    }

    /// These, taken from memory, were not sent.
    pub(super) fn give_back(&mut self, records: &[Record]) {
        records.iter().rev().for_each(|record| self.push_front(record.clone()));
    }

    /// The server refused to delete this one.
    pub(super) fn refuse(&mut self, record: &Record) {
        if self.known.insert(record.key.clone()) {
            self.refused.push_back(record.clone());
        }
    }

    /// What is in memory and must be in the file.
    pub(super) fn in_file(&self) -> Vec<Record> {
        let out = self.out.iter().flat_map(|records| records.iter());
        out.chain(&self.refused).chain(&self.queue).cloned().collect()
    }

    /// Something is done. If that was the last, the file is emptied.
    pub(super) fn settled(&mut self) -> io::Result<()> {
        if !self.is_empty() {
            return Ok(());
        }
        self.is_full = false;
        self.filed.clear()
    }
}
