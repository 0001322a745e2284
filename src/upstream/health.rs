//! A server's health: one state machine for the whole process, shared by all workers.
//!
//! ```text
//!          failure              failures in a row
//!    up ───────────▶ suspect ─────────────────────▶ down ◀──┐ bad probe
//!    ▲  ◀───────────         reply                    │     │
//!    │                                                ▼     │
//!    └──────────────────────────────────────────── probing ─┘
//!                        good probe
//! ```
//! The worker that marks a server down starts its prober, so each server has at most one. A request sent before the
//! server came back says nothing about how it is now: its failure does not count.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::blackout::PoolSeat;
use super::last_reply::LastReply;
use super::outage::{Outage, OutageLog};
use crate::metrics::ServerState as State;
use crate::protocol::Cause;

/// A server that goes down again this soon after it came back flaps.
const FLAP: Duration = Duration::from_secs(30);
/// How many of the first, fast probes a server that flaps is spared at most.
const MOST_FLAPS: u32 = 4;
/// Set beside [`State::Up`] while gutters may still hold copies of keys from the time when the server was down.
const BACK: u8 = 0x10;
/// Set beside [`State::Up`] while the server refuses deletes: leash does not ask for their keys.
const WITHHOLDS: u8 = 0x20;
const BESIDE: u8 = BACK | WITHHOLDS;
const UP: u8 = State::Up as u8;

/// The health of one server.
pub struct Health {
    label: Arc<str>,
    /// Failures in a row that make the server down.
    threshold: u32,
    state: AtomicU8,
    failures: AtomicU32,
    /// Since when and why it is down, if it is.
    outage: OutageLog,
    /// Whether it is down because its memcached is too old.
    outdated: AtomicBool,
    /// Whether leash withholds some of its keys when it is up.
    withholds: AtomicBool,
    /// What times are counted from.
    start: Instant,
    /// When it last came back, in nanoseconds; 0 if it never was down.
    back: AtomicU64,
    /// When a caller last got a reply.
    pub(super) last_reply: LastReply,
    /// For how long after that it is not quite as any other.
    linger: Duration,
    /// How often in a row it went down soon after it had come back.
    flaps: AtomicU32,
    /// Its place among the servers of its pool.
    seat: PoolSeat,
}

/// How requests for a server are to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It serves.
    Up,
    /// It serves, but gutters may still hold copies of its keys.
    Back,
    /// Nothing may be asked of it.
    Down,
}

impl Health {
    /// A server as it looks from its seat at `start`. `label` is its name for people. For `linger` from then on, and
    /// after each outage, it counts as just back: leash does not know what happened to its items before.
    pub fn new(label: Arc<str>, threshold: u32, linger: Duration, seat: PoolSeat, start: Instant) -> Health {
        let state = if seat.looks_down() { State::Down as u8 } else { up(linger) };
        Health {
            label,
            threshold,
            state: AtomicU8::new(state),
            failures: AtomicU32::new(0),
            outage: OutageLog::new(None),
            outdated: AtomicBool::new(false),
            withholds: AtomicBool::new(false),
            start,
            back: AtomicU64::new(0),
            last_reply: LastReply::new(start),
            linger,
            flaps: AtomicU32::new(0),
            seat,
        }
    }

    /// The same for the successor of a server that is down: its outage goes on.
    pub(super) fn going_on(self, outage: Option<Outage>) -> Health {
        Health { outage: OutageLog::new(outage), ..self }
    }

    /// Since when and why nothing may be asked of the server, if so.
    pub fn outage(&self) -> Option<Outage> {
        self.outage.get().filter(|_| self.is_down())
    }

    /// Its place among the servers of its pool.
    pub fn seat(&self) -> &PoolSeat {
        &self.seat
    }

    /// The state of the server now.
    pub fn state(&self) -> State {
        match State::ALL[usize::from(self.load() & !BESIDE) % State::ALL.len()] {
            State::Up if self.failures.load(Ordering::Relaxed) > 0 => State::Suspect,
            state => state,
        }
    }

    /// Whether nothing may be asked of the server.
    pub fn is_down(&self) -> bool {
        self.load() & !BESIDE != UP
    }

    /// Whether it serves, but not all of its keys.
    pub fn is_withholding(&self) -> bool {
        let state = self.load();
        state & !BESIDE == UP && state & WITHHOLDS != 0
    }

    /// Says whether leash withholds some keys of the server while it is up. A worker that sees it up from now on sees
    /// that as well.
    pub fn withhold(&self, withholds: bool) {
        self.withholds.store(withholds, Ordering::Relaxed);
        let as_said = |state: u8| {
            let beside = if withholds { WITHHOLDS } else { 0 };
            (state & !BESIDE == UP).then_some(state & !WITHHOLDS | beside)
        };
        // One that is down sees it once it is up.
        let _ = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, as_said);
    }

    /// Whether it serves, and has for a while: one load, for the path of an ordinary hit.
    pub fn is_calm(&self) -> bool {
        self.load() == UP
    }

    /// How requests are to be treated at `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        match self.load() {
            state if state & !WITHHOLDS == UP => Standing::Up,
            state if state & !BESIDE != UP => Standing::Down,
            _ if self.nanos(now).saturating_sub(self.back.load(Ordering::Relaxed)) < nanos(self.linger) => {
                Standing::Back
            }
            state => {
                // Another worker may have cleared it already, or have marked the server down meanwhile.
                let _ = self.state.compare_exchange(state, state & !BACK, Ordering::Relaxed, Ordering::Relaxed);
                Standing::Up
            }
        }
    }

    /// Why nothing may be asked of the server, if so.
    pub fn refusal(&self) -> Option<Cause> {
        match self.is_down() {
            true if self.outdated.load(Ordering::Relaxed) => Some(Cause::Outdated),
            true => Some(Cause::Down),
            false => None,
        }
    }

    /// Notes a reply that fits its question.
    pub fn succeeded(&self) {
        // Read first: all workers share this line, and it hardly ever changes.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Notes at `now` that a request sent at `asked` failed. True if that made the server down: then the caller must
    /// probe it.
    pub fn failed(&self, cause: Cause, asked: Instant, now: Instant) -> bool {
        let back = self.back.load(Ordering::Relaxed);
        if back != 0 && self.nanos(asked) <= back {
            return false;
        }
        let in_a_row = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if in_a_row < self.threshold && cause != Cause::Outdated {
            return false;
        }
        let made_down = self.fall();
        if made_down {
            self.outage.begin(now, Some(cause));
            self.outdated.store(cause == Cause::Outdated, Ordering::Relaxed);
            let is_flap = back != 0 && self.nanos(now).saturating_sub(back) < nanos(FLAP);
            let flaps = if is_flap { (self.flaps.load(Ordering::Relaxed) + 1).min(MOST_FLAPS) } else { 0 };
            self.flaps.store(flaps, Ordering::Relaxed);
            tracing::warn!(server = %self.label, failures = in_a_row, cause = cause.text(), flaps, "server is down");
            self.seat.set_down(true);
        }
        made_down
    }

    /// Marks the server down at `now`, before its first use, because its spool is not empty; whether it looks down is
    /// not known. True if it was up: then the caller must probe it.
    pub fn hold_back(&self, now: Instant) -> bool {
        let made_down = self.fall();
        if made_down {
            self.outage.begin(now, None);
        }
        made_down
    }

    /// The number to begin probes with, as their delay grows with it: a server that flaps is given more time.
    pub fn first_probe(&self) -> u32 {
        self.flaps.load(Ordering::Relaxed)
    }

    /// A probe begins.
    pub fn probing(&self) {
        self.move_to(State::Down as u8, State::Probing);
    }

    /// A probe ended at `now`. True if the server is up again.
    pub fn probed(&self, result: Result<(), Cause>, now: Instant) -> bool {
        self.outdated.store(result == Err(Cause::Outdated), Ordering::Relaxed);
        if let Err(cause) = result {
            self.outage.go_on(now, cause);
            self.seat.set_down(true);
            self.postpone();
            return false;
        }
        self.outage.end();
        self.failures.store(0, Ordering::Relaxed);
        // Stored before the state, so that a worker that sees the server up also sees since when.
        self.back.store(self.nanos(now).max(1), Ordering::Relaxed);
        self.seat.set_down(false);
        let withholds = if self.withholds.load(Ordering::Relaxed) { WITHHOLDS } else { 0 };
        self.state.store(up(self.linger) | withholds, Ordering::Release);
        tracing::info!(server = %self.label, "server is up");
        true
    }

    /// A probe ended well, but the server is not to serve yet.
    pub fn postpone(&self) {
        self.move_to(State::Probing as u8, State::Down);
    }

    fn fall(&self) -> bool {
        let down = |state: u8| (state & !BESIDE == UP).then_some(State::Down as u8);
        self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, down).is_ok()
    }

    fn move_to(&self, from: u8, to: State) -> bool {
        self.state.compare_exchange(from, to as u8, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn load(&self) -> u8 {
        // Acquire: a worker that sees the server up also sees since when.
        self.state.load(Ordering::Acquire)
    }

    fn nanos(&self, at: Instant) -> u64 {
        nanos(at.saturating_duration_since(self.start))
    }
}

/// Up, and just back if gutters may hold copies for so long.
fn up(linger: Duration) -> u8 {
    if linger.is_zero() { UP } else { UP | BACK }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
