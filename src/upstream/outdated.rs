//! Which requests a server misses while it is down, and how leash answers their clients.
//!
//! leash remembers the key of every request after which no client may read an older value, however the request ended:
//! * **delete, md** without a CAS unique, also with I or x. While the server is down leash answers `NOT_FOUND`: no
//!   client will read the value through this leash again. A delete that failed on its way is answered with its error,
//!   since clients may read the value until the delete is replayed.
//! * **set, replace, ms** without a CAS unique: answered with the error; the value that the client wanted to replace
//!   must not outlive this.
//!
//! leash does not remember requests that depend on the value in the server (**cas, add, append, prepend, incr, decr,
//! touch**): their client knows that they failed, and the value there is still right.
//!
//! Once almost all of the missed deletes are replayed to a server that is back, new deletes and writes go to the server
//! itself, though no client reads from it yet. Otherwise the replay to a server that is written to all the time would
//! never end. The replay may delete a value that was stored this way: a miss, as any value may become one.
//!
//! For a moment after a reload two targets share the spool of one server: the one of the configuration in force, and
//! the one that earlier requests still go to. What the latter misses, the former replays, at once or before it serves.

#[cfg(test)]
mod tests;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::spool::WaitingDeletes;
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
    /// It is deleted while the server serves: until then clients may read it.
    Late,
    /// It is not remembered, for this reason. What gives the delete up counts it, once.
    Lost(SpoolDrop),
}

impl Target {
    /// Remembers that `key` is to be deleted before the server serves again, if it is down.
    pub fn remember(&self, key: &Key) -> Remembered {
        let mut pending = self.spool.lock();
        // Under the lock, which the prober takes as well to bring the server back: either the prober finds this key, or
        // we see here that the server is up.
        if !self.health.is_down() || self.is_told(&pending) {
            return Remembered::Up;
        }
        if self.health.seat().all_look_down() && !pending.has(key) {
            return Remembered::Lost(SpoolDrop::Blackout);
        }
        if let Err(why) = self.spool.add(&mut pending, key, seconds(), &self.label) {
            return Remembered::Lost(why);
        }
        if pending.is_read_from() {
            // Requests of the next configuration read from the server already: they may read the key until it is
            // replayed.
            pending.catch_up();
            return Remembered::Late;
        }
        Remembered::Kept
    }

    /// Remembers `key`, whose delete was lost on its way to a server that may still be up, and has it replayed.
    pub(super) fn remember_lost(&self, key: &Key) {
        let mut pending = self.spool.lock();
        match self.spool.add(&mut pending, key, seconds(), &self.label) {
            Ok(()) if pending.is_read_from() => pending.catch_up(),
            Ok(()) => {}
            Err(why) => self.lose(why),
        }
    }

    /// Counts a delete that is given up.
    pub(super) fn lose(&self, why: SpoolDrop) {
        self.spool.count_dropped(why, 1);
    }

    /// Whether new deletes go to the server itself already, while the last missed ones are replayed.
    fn is_told(&self, pending: &WaitingDeletes) -> bool {
        pending.is_closing && pending.is_held_by(&self.me)
    }

    /// Says whether new deletes go to the server itself from now on.
    pub(super) fn tell(&self, is_closing: bool) {
        let mut pending = self.spool.lock();
        if pending.is_held_by(&self.me) {
            pending.is_closing = is_closing;
        }
    }

    /// Lets the server serve again, unless something it missed is not replayed yet or another target serves in its
    /// place. Deletes that it refused are sent again while it serves; until it takes them, leash does not read
    /// these keys.
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

    /// Whether catching up is over, as the server is down or has taken all deletes; if so, notes that it has ended.
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

    /// Logs when the server begins to refuse deletes, and when it has taken them all.
    fn tell_refused(&self, pending: &WaitingDeletes) {
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
