//! The keeper of a spool's file, one for each spool: tries again, with a growing delay, to open or write a file that
//! the disk refused, and writes a file anew that holds far more records than wait. Waits for the disk on
//! [a thread of its own](super::disk).
//!
//! ```text
//!   a write fails ─▶ failing: what waits is in memory only
//!                      │ 0.1 s, 0.2 s, … 3.2 s apart
//!                      ▼
//!                    written beside, synced ─▶ what came meanwhile ─▶ takes the place of the old one ─▶ in the file again
//! ```
//! The end of the process at any moment leaves the old file or the new one.

use std::fs;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

use tokio::sync::Notify;

use super::file::SpoolFile;
use super::place::SpoolPlace;
use super::trouble::{Need, now};
use super::{Spool, SpoolHolder, disk};
use crate::upstream::spacing::probe_delay;

/// The longest delay is that of this attempt.
const LAST: u32 = 5;

/// Wakes the keeper; dropped with the spool it wakes it a last time.
#[derive(Default)]
pub(crate) struct Wake(Arc<Notify>);

impl Wake {
    /// Wakes the keeper.
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }

    /// The notification that wakes it.
    pub(crate) fn inner(&self) -> &Arc<Notify> {
        &self.0
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.wake();
    }
}

/// Starts the keeper if the spool is to have a file; it ends once `holder` holds the spool no more. Call it on a local
/// runtime that outlives the spool.
pub(crate) fn begin(spool: &Arc<Spool>, holder: &Weak<impl SpoolHolder + 'static>) {
    if spool.place.is_some() {
        tokio::task::spawn_local(keep(Arc::downgrade(spool), holder.clone(), spool.wake.0.clone()));
    }
}

async fn keep(spool: Weak<Spool>, holder: Weak<dyn SpoolHolder>, wake: Arc<Notify>) {
    loop {
        for attempt in 0.. {
            let Some(need) = held(&spool, &holder).map(|(spool, _)| spool.need()) else { return wake.notify_one() };
            let Some(need) = need else { break };
            if attempt > 0 || need == Need::Mending {
                tokio::time::sleep(probe_delay(attempt.min(LAST), rand::random())).await;
            }
            let Some((spool, holder)) = held(&spool, &holder) else { return wake.notify_one() };
            let (its, label) = (spool.clone(), holder.label().clone());
            let found = disk::run(move || its.mend(&label, attempt == 0)).await;
            if found.unwrap_or(0) > 0 {
                spool.tell_what_was_found();
            }
        }
        wake.notified().await;
    }
}

/// The spool and its holder, while that is this one.
fn held(spool: &Weak<Spool>, holder: &Weak<dyn SpoolHolder>) -> Option<(Arc<Spool>, Arc<dyn SpoolHolder>)> {
    let spool = spool.upgrade().filter(|spool| spool.is_held_by(holder))?;
    Some((spool, holder.upgrade()?))
}

impl Spool {
    /// Has a server that is read from told what was found in the file only now.
    fn tell_what_was_found(&self) {
        let mut pending = self.lock();
        if pending.is_read_from() {
            pending.catch_up();
        }
    }

    fn need(&self) -> Option<Need> {
        self.place()?;
        let mut pending = self.lock();
        if let (None, Err(error)) = (pending.filed.failing(), pending.filed.is_sound()) {
            self.fails(&mut pending, &error);
        }
        let waiting = pending.in_memory();
        pending.filed.need(waiting)
    }

    /// Opens the file or writes it anew, for as long as the disk takes. How many deletes of earlier it found.
    fn mend(&self, label: &str, is_first: bool) -> usize {
        let Some(place) = self.place() else { return 0 };
        let mut found = 0;
        let mended = self.reopen(place, label, &mut found).and_then(|()| self.renew(place, label));
        if let Err(error) = mended {
            // Its room may be what others wait for.
            let _ = fs::remove_file(place.aside());
            let mut pending = self.lock();
            pending.filed.end_renewal();
            match pending.filed.failing() {
                Some(_) => drop(self.fails(&mut pending, &error)),
                None if is_first => {
                    tracing::warn!(server = label, %error, "a spool's file cannot be written anew and grows on");
                }
                None => {}
            }
        }
        found
    }

    /// Opens the file if there is none, or if it was removed.
    fn reopen(&self, place: &SpoolPlace, label: &str, found: &mut usize) -> io::Result<()> {
        if self.lock().filed.is_there() {
            return Ok(());
        }
        let opened = SpoolFile::open(place, self.most.load(Relaxed), self.wake.inner())?;
        *found = self.found(&mut self.lock(), opened, label);
        Ok(())
    }

    fn renew(&self, place: &SpoolPlace, label: &str) -> io::Result<()> {
        let records = {
            let mut pending = self.lock();
            pending.filed.begin_renewal();
            pending.in_file()
        };
        let mut file = SpoolFile::written_aside(place, &records, self.wake.inner())?;
        drop(records);
        let mut pending = self.lock();
        for record in pending.filed.end_renewal() {
            file.append(&record)?;
        }
        if pending.in_memory() == 0 {
            file.clear()?;
        }
        file.take_place(place)?;
        if let Some(failing) = pending.filed.renewed(file) {
            let (waiting, seconds) = (pending.in_memory(), now().saturating_sub(failing.since));
            tracing::info!(server = label, waiting, seconds, "the spool's file is written again");
        }
        Ok(())
    }
}
