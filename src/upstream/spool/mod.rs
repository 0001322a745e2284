//! Deletes that wait for a server that is down: keys only, each once, bounded; in memory, and in a file if one is given.
//!
//! ```text
//!   delete of a down server ─▶ add ─▶ queue ─▶ take ─▶ sent ─▶ done
//!                               └──▶ file       ▲──── given back ┘
//! ```
//! One for each server in the whole process, whatever else is configured of it. Its lock is also what orders "the server is
//! up again" against "this key waits for it": see [`super::Target::remember`]. Whoever serves under the server's name holds
//! the spool: only the holder takes from it, and what was taken is done only if the holder is still the same.

mod all;
mod ending;
mod file;
mod format;
mod taken;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub use self::all::Spools;
pub(super) use self::ending::Ending;
use self::file::SpoolFile;
pub(super) use self::format::Record;
use self::taken::Taken;
use super::target::Target;
use crate::metrics::SpoolDrop;
use crate::protocol::Key;

/// The deletes that wait for one server.
#[derive(Default)]
pub struct Spool {
    most: AtomicUsize,
    file: Option<Place>,
    pending: Mutex<Pending>,
    /// Connections to the server that are being closed.
    ending: AtomicUsize,
    replayed: AtomicU64,
    skipped: AtomicU64,
    dropped: [AtomicU64; SpoolDrop::ALL.len()],
}

/// Where a spool has its file, and whose it is.
struct Place {
    directory: PathBuf,
    pool: Arc<str>,
    server: Arc<str>,
}

/// What waits. Whoever has it locked keeps the server from coming back, and keys from being added.
#[derive(Default)]
pub(super) struct Pending {
    queue: VecDeque<Record>,
    /// The keys of the queue.
    known: HashSet<Key>,
    /// Records taken out that are neither done nor given back.
    out: usize,
    file: Option<SpoolFile>,
    /// Whether it was tried to open the file.
    is_opened: bool,
    /// Whether it was said that there is no more room.
    is_full: bool,
    /// Whether somebody replays although the server is up.
    pub(super) catching_up: bool,
    /// Whether the holder's server is told itself, so that no more keys come while the last ones are replayed.
    pub(super) is_closing: bool,
    holder: Weak<Target>,
}

impl Spool {
    /// Nothing waits; at most `most` may.
    pub fn in_memory(most: usize) -> Arc<Spool> {
        Arc::new(Spool { most: most.into(), ..Spool::default() })
    }

    /// From now on at most `most` may wait. What waits already does.
    fn set_most(&self, most: usize) {
        self.most.store(most, Relaxed);
    }

    /// Gives the spool to whoever serves under the server's name from now on.
    pub(super) fn hold(&self, holder: &Weak<Target>) {
        let mut pending = self.lock();
        pending.holder = holder.clone();
        (pending.catching_up, pending.is_closing) = (false, false);
    }

    /// Whether this one serves under the server's name.
    pub(super) fn is_held_by(&self, target: &Weak<Target>) -> bool {
        self.lock().is_held_by(target)
    }

    /// Goes on in its file if it has one and has not tried yet. How many deletes stand there already. Without the file it
    /// goes on in memory.
    pub(super) fn open(&self, label: &str) -> usize {
        let Some(place) = self.file.as_ref().filter(|_| self.most.load(Relaxed) > 0) else { return 0 };
        let mut pending = self.lock();
        if std::mem::replace(&mut pending.is_opened, true) {
            return 0;
        }
        let directory = place.directory.display();
        match pending.open(place) {
            Ok(0) => 0,
            Ok(waiting) => {
                tracing::info!(server = label, waiting, "deletes from earlier wait for this server");
                waiting
            }
            Err(error) => {
                tracing::error!(server = label, %directory, %error, "no spool there, deletes are kept in memory only");
                0
            }
        }
    }

    /// Tells that the server is not used any more, should anything wait for it.
    pub(crate) fn part(&self, label: &str) {
        let waiting = self.depth();
        if waiting > 0 {
            let kept = self.lock().file.is_some();
            tracing::warn!(
                server = label,
                waiting,
                kept,
                "this server is gone from the configuration, deletes wait for it"
            );
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a key, unless there is no room. `pending` is this spool's.
    pub(super) fn add(&self, pending: &mut Pending, key: &Key, since: u64, label: &str) -> bool {
        if pending.known.contains(key) {
            return true;
        }
        let (record, most) = (Record { key: key.detached(), since }, self.most.load(Relaxed));
        if pending.queue.len() + pending.out >= most {
            if !std::mem::replace(&mut pending.is_full, true) && most > 0 {
                tracing::error!(server = label, most, "the spool is full, further deletes for this server are lost");
            }
            self.count_dropped(SpoolDrop::Full, 1);
            return false;
        }
        pending.write(&record, label);
        pending.push(record);
        true
    }

    /// Takes up to `count` records out for the holder, the oldest first; for others there are none.
    pub(super) fn take(&self, holder: &Weak<Target>, count: usize) -> Taken<'_> {
        let mut pending = self.lock();
        let count = if pending.is_held_by(holder) { count.min(pending.queue.len()) } else { 0 };
        let records: Vec<Record> = pending.queue.drain(..count).collect();
        // Whoever deletes such a key from now on must not rely on what is being sent already.
        records.iter().for_each(|record| {
            pending.known.remove(&record.key);
        });
        pending.out += records.len();
        Taken::new(self, holder.clone(), records)
    }

    /// How many wait.
    pub fn depth(&self) -> usize {
        let pending = self.lock();
        pending.queue.len() + pending.out
    }

    /// Since when the oldest waits, in seconds since 1970.
    pub fn oldest(&self) -> Option<u64> {
        self.lock().queue.front().map(|record| record.since)
    }

    /// How many were replayed.
    pub fn replayed(&self) -> u64 {
        self.replayed.load(Relaxed)
    }

    /// How many were needless, since their server had come back empty.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Relaxed)
    }

    /// How many were lost for this reason.
    pub fn dropped(&self, why: SpoolDrop) -> u64 {
        self.dropped[why as usize].load(Relaxed)
    }

    pub(super) fn count_dropped(&self, why: SpoolDrop, count: u64) {
        self.dropped[why as usize].fetch_add(count, Relaxed);
    }
}

impl Pending {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.out == 0
    }

    /// Whether this key waits.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.known.contains(key)
    }

    /// Who serves under the server's name.
    pub(super) fn holder(&self) -> &Weak<Target> {
        &self.holder
    }

    pub(super) fn is_held_by(&self, target: &Weak<Target>) -> bool {
        self.holder.ptr_eq(target)
    }

    /// Whether somebody reads from the server.
    pub(super) fn is_read_from(&self) -> bool {
        self.holder.upgrade().is_some_and(|holder| !holder.health.is_down())
    }

    /// All that stands there waits on, however many may wait from now on.
    fn open(&mut self, place: &Place) -> io::Result<usize> {
        let (file, records) = SpoolFile::open(&place.directory, &place.pool, &place.server)?;
        self.file = Some(file);
        records.into_iter().for_each(|record| self.push(record));
        Ok(self.queue.len())
    }

    fn push(&mut self, record: Record) {
        if self.known.insert(record.key.clone()) {
            self.queue.push_back(record);
        }
    }

    fn write(&mut self, record: &Record, label: &str) {
        let Some(file) = &mut self.file else { return };
        // What is out is not done yet, and would be missing.
        let written = if self.out == 0 && file.is_overgrown(self.queue.len()) {
            file.rewrite(self.queue.iter().chain([record]))
        } else {
            file.append(record)
        };
        if let Err(error) = written {
            tracing::error!(server = label, %error, "the spool's file cannot be written, deletes are kept in memory only");
            self.file = None;
        }
    }

    fn settled(&mut self, count: usize) {
        self.out -= count;
        if !self.is_empty() {
            return;
        }
        self.is_full = false;
        if let Some(Err(error)) = self.file.as_mut().map(SpoolFile::clear) {
            // What it still holds would be deleted once more at the next start: values are lost, none is outdated.
            tracing::warn!(%error, "the spool's file cannot be emptied");
        }
    }
}
