//! Deletes that wait for a server that is down: keys only, each once, bounded; in memory, and in a file if one is
//! given.
//!
//! ```text
//!   delete of a down server ─▶ add ─▶ queue ─▶ take ─▶ sent ─▶ done
//!                               │       ▲                ├──▶ given back, as it was lost on its way
//!                               │       └── asked again ◀┴──▶ refused
//!                               └──▶ file ─▶ (a later process) earlier ─▶ take, a batch at a time
//! ```
//! The whole process has one spool for each server, across reloads. Its lock also orders "the server is up again"
//! against "this key waits for it": see [`super::Target::remember`]. The target that serves under the server's name
//! holds the spool: only the holder takes records from it, and they are done only if the holder is still the same.
//!
//! While the file cannot be written the deletes wait in memory, and the [keeper](keep) tries again.

mod all;
pub mod bytes;
mod disk;
mod earlier;
mod ending;
mod file;
mod format;
mod format_1;
mod holder;
pub(super) mod keep;
mod pending;
mod place;
mod taken;
#[cfg(test)]
mod tests;
mod trouble;
mod version;

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub use self::all::Spools;
pub(super) use self::ending::Ending;
use self::file::SpoolFile;
pub(super) use self::format::Record;
pub(super) use self::holder::SpoolHolder;
use self::keep::Wake;
pub(super) use self::pending::WaitingDeletes;
use self::place::SpoolPlace;
use self::taken::Taken;
pub use self::trouble::Failing;
use crate::metrics::SpoolDrop;
use crate::protocol::Key;

/// The deletes that wait for one server.
#[derive(Default)]
pub struct Spool {
    most: AtomicUsize,
    place: Option<SpoolPlace>,
    pending: Mutex<WaitingDeletes>,
    /// Wakes the keeper of the file.
    wake: Wake,
    /// Connections to the server that are being closed.
    ending: AtomicUsize,
    /// How many the server that is back still refuses.
    refused: AtomicUsize,
    replayed: AtomicU64,
    skipped: AtomicU64,
    dropped: [AtomicU64; SpoolDrop::ALL.len()],
    /// How often the file could not be opened or written.
    file_failures: AtomicU64,
}

impl Spool {
    /// Nothing waits; at most `most` may.
    pub fn in_memory(most: usize) -> Arc<Spool> {
        Arc::new(Spool { most: most.into(), ..Spool::default() })
    }

    /// From now on at most `most` may wait. Records beyond that which wait already stay.
    fn set_most(&self, most: usize) {
        self.most.store(most, Relaxed);
    }

    /// Gives the spool to the target that serves under the server's name from now on.
    pub(super) fn hold(&self, holder: &Weak<impl SpoolHolder + 'static>) {
        self.lock().set_holder(holder.clone());
        self.wake.wake();
    }

    /// Whether this one serves under the server's name.
    pub(super) fn is_held_by<H: SpoolHolder + ?Sized>(&self, one: &Weak<H>) -> bool {
        self.lock().is_held_by(one)
    }

    /// Opens its file, if it has one and has not tried yet, and returns how many deletes wait there already. If the
    /// file cannot be opened, deletes wait in memory until it can.
    pub(super) fn open(&self, label: &str) -> usize {
        let Some(place) = self.place() else { return 0 };
        let mut pending = self.lock();
        if pending.filed.is_open() || pending.filed.failing().is_some() {
            return 0;
        }
        match SpoolFile::open(place, self.most.load(Relaxed), self.wake.inner()) {
            Ok(opened) => self.found(&mut pending, opened, label),
            Err(error) => {
                self.fails(&mut pending, &error);
                let directory = place.directory.display();
                tracing::error!(server = label, %directory, %error, "no spool there, deletes are kept in memory only");
                0
            }
        }
    }

    /// Its place, if there is one and anything may wait.
    fn place(&self) -> Option<&SpoolPlace> {
        self.place.as_ref().filter(|_| self.most.load(Relaxed) > 0)
    }

    /// Takes over what was found in the file, and tells how much.
    fn found(&self, pending: &mut WaitingDeletes, opened: file::Opened, label: &str) -> usize {
        let in_memory = opened.records.len();
        self.count_dropped(SpoolDrop::Damaged, u64::from(opened.is_damaged));
        pending.found(opened);
        self.count_damaged(pending);
        let waiting = in_memory + pending.earlier.count();
        if waiting > 0 {
            tracing::info!(server = label, waiting, "deletes from earlier wait for this server");
        }
        waiting
    }

    fn count_damaged(&self, pending: &mut WaitingDeletes) {
        self.count_dropped(SpoolDrop::Damaged, pending.earlier.take_damaged());
    }

    /// Notes that the file does not hold what waits. True if it did so far.
    fn fails(&self, pending: &mut WaitingDeletes, error: &io::Error) -> bool {
        self.file_failures.fetch_add(1, Relaxed);
        self.wake.wake();
        pending.filed.fails(error)
    }

    /// Tells that the server is not used any more, should anything wait for it.
    pub(crate) fn part(&self, label: &str) {
        let waiting = self.depth();
        if waiting > 0 {
            let kept = self.lock().filed.is_kept();
            tracing::warn!(
                server = label,
                waiting,
                kept,
                "this server is gone from the configuration, deletes wait for it"
            );
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, WaitingDeletes> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a key, unless there is no room. `pending` is this spool's.
    pub(super) fn add(
        &self,
        pending: &mut WaitingDeletes,
        key: &Key,
        since: u64,
        label: &str,
    ) -> Result<(), SpoolDrop> {
        if pending.has(key) {
            return Ok(());
        }
        let most = self.most.load(Relaxed);
        if pending.in_memory() >= most {
            if !std::mem::replace(&mut pending.is_full, true) && most > 0 {
                tracing::error!(server = label, most, "the spool is full, further deletes for this server are lost");
            }
            return Err(SpoolDrop::Full);
        }
        let record = Record { key: key.detached(), since };
        self.append(pending, &record, label);
        pending.add(record);
        Ok(())
    }

    /// Puts a record into the file as well.
    fn append(&self, pending: &mut WaitingDeletes, record: &Record, label: &str) {
        if let Err(error) = pending.filed.append(record)
            && self.fails(pending, &error)
        {
            tracing::error!(server = label, %error, "the spool's file cannot be written, deletes are kept in memory only");
        }
        if pending.filed.is_overgrown(pending.in_memory()) {
            self.wake.wake();
        }
    }

    /// Something is done.
    fn settled(&self, pending: &mut WaitingDeletes) {
        if let Err(error) = pending.settled()
            && self.fails(pending, &error)
        {
            // The next start would replay the deletes that it still holds: values are lost, none is outdated.
            let server = self.place.as_ref().map_or("", |place| &place.server);
            tracing::warn!(server, %error, "the spool's file cannot be emptied");
        }
    }

    /// Takes up to `count` records out for the holder, the oldest first; for others there are none.
    pub(super) fn take(&self, holder: &Weak<impl SpoolHolder + 'static>, count: usize) -> Taken<'_> {
        self.taken(holder.clone(), |pending| {
            let taken = pending.take(count);
            self.count_damaged(pending);
            taken
        })
    }

    /// Takes all records in memory for the holder, the refused ones too; those that it gives back are sent again.
    pub(super) fn take_all(&self, holder: &Weak<impl SpoolHolder + 'static>) -> Taken<'_> {
        self.taken(holder.clone(), WaitingDeletes::take_all)
    }

    /// How many wait; records that are in files only are estimated.
    pub fn depth(&self) -> usize {
        self.lock().depth()
    }

    /// Since when the oldest waits, in seconds since 1970.
    pub fn oldest(&self) -> Option<u64> {
        self.lock().oldest()
    }

    /// Since when and why the file does not hold what waits, if so.
    pub fn failing(&self) -> Option<Failing> {
        self.lock().filed.failing().cloned()
    }

    /// How often the file could not be opened or written.
    pub fn file_failures(&self) -> u64 {
        self.file_failures.load(Relaxed)
    }

    /// How many the server refuses although it is back.
    pub fn refused(&self) -> usize {
        self.refused.load(Relaxed)
    }

    /// Notes how many it refuses, and returns how many it refused before.
    pub(super) fn set_refused(&self, count: usize) -> usize {
        self.refused.swap(count, Relaxed)
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
