//! What the callers of one key share while a lease is out: who may ask for it, and the value once there is one.
//!
//! Callers of all workers meet here. This file names its lock through `sync`, so that a model checker can put its own in
//! its place (tests/lease_model.rs).

use std::time::Instant;

use super::sync::{Claim, Holding, Item, Mutex, PoisonError, watch};

/// How the wait for a value ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// With this value.
    Value(Item),
    /// Without one: whoever still wants it claims again.
    Over,
}

/// One lease, as far as this process knows.
pub struct Slot {
    state: Mutex<State>,
    end: watch::Sender<Option<End>>,
}

struct State {
    holding: Holding,
    /// Whether somebody looks for the value of a winner elsewhere.
    is_polled: bool,
}

impl Default for Slot {
    /// A slot nobody has claimed.
    fn default() -> Slot {
        let state = State { holding: Holding::Unknown, is_polled: false };
        Slot { state: Mutex::new(state), end: watch::Sender::new(None) }
    }
}

impl Slot {
    /// Lets one caller ask the server.
    pub fn claim(&self, now: Instant, value_ends: Option<Instant>) -> Claim {
        self.state().holding.claim(now, value_ends)
    }

    /// Whether somebody has the lease or is asking for it.
    pub fn is_taken(&self, now: Instant, value_ends: Option<Instant>) -> bool {
        self.state().holding.is_taken(now, value_ends)
    }

    /// Whether a client of this process has it and may still bring the value.
    pub fn is_won_here(&self, now: Instant) -> bool {
        matches!(self.state().holding, Holding::Taken { is_here: true, until, .. } if now < until)
    }

    /// Notes what became of a claim. What has ended meanwhile stays so.
    pub fn settle(&self, holding: Holding) {
        let mut state = self.state();
        if state.holding != Holding::Over {
            state.holding = holding;
        }
    }

    /// Gives a claim back that came to nothing, if it is still open.
    pub fn give_back(&self) {
        let mut state = self.state();
        if state.holding == Holding::Asking {
            state.holding = Holding::Unknown;
        }
    }

    /// Ends the lease and tells everybody who waits. False if it had ended already.
    pub fn end(&self, end: End) -> bool {
        let mut state = self.state();
        if state.holding == Holding::Over {
            return false;
        }
        state.holding = Holding::Over;
        // Under the lock: who saw that it was not over yet and subscribes finds the value.
        self.end.send_replace(Some(end));
        true
    }

    /// Waits for the end. Dropping it leaves nothing behind.
    pub fn subscribe(&self) -> watch::Receiver<Option<End>> {
        self.end.subscribe()
    }

    /// Whether the caller is to look for the value from now on: somebody waits, the winner is elsewhere, and nobody
    /// looks yet.
    pub fn begin_polling(&self) -> bool {
        let mut state = self.state();
        let is_elsewhere = matches!(state.holding, Holding::Taken { is_here: false, .. });
        let begins = is_elsewhere && !state.is_polled;
        state.is_polled |= begins;
        begins
    }

    /// Whether the caller goes on looking: not if nobody waits any more or there is an end.
    pub fn keep_polling(&self) -> bool {
        let mut state = self.state();
        state.is_polled = state.holding != Holding::Over && self.end.receiver_count() > 0;
        state.is_polled
    }

    fn state(&self) -> impl std::ops::DerefMut<Target = State> + '_ {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
