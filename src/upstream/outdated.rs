//! What a server misses while it cannot be asked, and what its clients are told of that.
//!
//! Remembered is the key of every request after which no older value may be read, whatever became of the request:
//! * **delete, md** without a CAS unique, also with I or x. Of a server that is down it is answered as done where there is
//!   nothing (`NOT_FOUND`): through this leash nobody will read the value again. One that failed on its way is answered
//!   with its error, since the value may be read until the delete has been caught up with.
//! * **set, replace, ms** without a CAS unique: answered with the error; the value that was to be replaced must not outlive
//!   this.
//!
//! Not remembered is what depends on what is there (**cas, add, append, prepend, incr, decr, touch**): its client knows
//! that it failed, and what is there is still right.
//!
//! Once a server that is back has been told almost all of it, it is told the new ones itself, though nobody reads from it
//! yet. Else a server that is written to all the time would always have missed one more. A value that is stored so may be
//! deleted with the rest: a miss, as any value may become one.
//!
//! After a reload two may have the spool of one server for a moment: the one that serves by the configuration in force, and
//! the one that requests of before still go to. What the latter misses, the former is told, at once or before it serves.

#[cfg(test)]
mod tests;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::spool::Pending;
use super::target::Target;
use crate::metrics::SpoolDrop;
use crate::protocol::Key;

/// What came of remembering a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It is deleted before the server serves again.
    Kept,
    /// The server is up, or as good as: it can be asked itself.
    Up,
    /// It is not remembered.
    Refused,
}

impl Target {
    /// Remembers that `key` is to be deleted before the server serves again, if it is down.
    pub fn remember(&self, key: &Key) -> Remembered {
        let mut pending = self.spool.lock();
        // Under the lock: whoever brings the server back has it too, and finds the key or has been seen.
        if !self.health.is_down() || self.is_told(&pending) {
            return Remembered::Up;
        }
        if self.health.seat().all_look_down() && !pending.has(key) {
            self.spool.count_dropped(SpoolDrop::Blackout, 1);
            return Remembered::Refused;
        }
        if !self.spool.add(&mut pending, key, seconds(), &self.label) {
            return Remembered::Refused;
        }
        if pending.is_read_from() {
            // By those who go by the next configuration already: they may read the key until it is caught up with.
            pending.catch_up();
            return Remembered::Refused;
        }
        Remembered::Kept
    }

    /// Remembers `key`, which a server was asked to forget that may still be up, and sees to it that it is told.
    pub(super) fn remember_lost(&self, key: &Key) {
        let mut pending = self.spool.lock();
        if self.spool.add(&mut pending, key, seconds(), &self.label) && pending.is_read_from() {
            pending.catch_up();
        }
    }

    /// Whether the server is told itself already, while it is told the rest of what it missed.
    fn is_told(&self, pending: &Pending) -> bool {
        pending.is_closing && pending.is_held_by(&self.me)
    }

    /// Says whether the server is told itself from now on.
    pub(super) fn tell(&self, is_closing: bool) {
        let mut pending = self.spool.lock();
        if pending.is_held_by(&self.me) {
            pending.is_closing = is_closing;
        }
    }

    /// Lets the server serve again, unless it was not told something yet or another one serves in its place. What it
    /// refused to delete is asked again while it serves, and until then not read.
    pub(super) fn rise(&self) -> bool {
        let mut pending = self.spool.lock();
        if !pending.is_held_by(&self.me) || !pending.is_told() {
            return false;
        }
        self.health.withhold(!pending.is_empty());
        let is_up = self.health.probed(Ok(()), Instant::now());
        self.tell_refused(&pending);
        if !pending.is_empty() {
            pending.catch_up();
        }
        is_up
    }

    /// Whether nobody has to catch up any more; then nobody does.
    pub(super) fn is_down_or_caught_up(&self) -> bool {
        let mut pending = self.spool.lock();
        let is_done = self.health.is_down() || pending.is_empty();
        if !is_done && pending.refused() > 0 {
            self.health.withhold(true);
        }
        if pending.is_empty() {
            self.health.withhold(false);
        }
        self.tell_refused(&pending);
        pending.catching_up &= !is_done;
        is_done
    }

    /// Tells how many keys are withheld by now, should there be some or have been.
    fn tell_refused(&self, pending: &Pending) {
        if self.health.is_down() {
            return;
        }
        let refused = if self.health.is_withholding() { pending.in_memory() } else { 0 };
        let (server, before) = (&*self.label, self.spool.set_refused(refused));
        if before == 0 && refused > 0 {
            tracing::error!(
                server,
                refused,
                "a server that is back refused deletes, their keys miss until it takes them"
            );
        }
        if before > 0 && refused == 0 {
            tracing::info!(server, "the server has taken the deletes that it had refused");
        }
    }

    /// Tells that the server refuses more deletes than there is room to remember: it stays down.
    pub(super) fn tell_refused_too_many(&self, refused: usize) {
        if self.spool.set_refused(refused) == 0 {
            let server = &*self.label;
            tracing::error!(
                server,
                refused,
                "a server that is back refuses more deletes than there is room for, it stays down"
            );
        }
    }

    /// Whether the server may still have a value of this key that it refused to delete.
    pub(super) fn withholds(&self, key: &Key) -> bool {
        self.health.is_withholding() && self.spool.lock().may_be_outdated(key)
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
