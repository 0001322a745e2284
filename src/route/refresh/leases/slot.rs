//! What the callers of one key share while a lease is out: who may ask for it, and the value once there is one.
//!
//! Callers of all workers meet here. This file names its lock through `sync`, so that a model checker can put its own
//! in its place (tests/simulations/leases).

use std::time::Instant;

use super::sync::{ClaimResult, Holding, Item, Lack, Mutex, PoisonError, watch};

/// How the wait for a value ended.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitEnd {
    /// With the value that the winner brought.
    Value(Item),
    /// With the value that this reading found. A caller that joined after the reading had begun does not take it: the
    /// value may have been deleted in between.
    Found(Item, ItemReading),
    /// Without one: a caller that still wants it claims again.
    Over,
    /// Without one, as this reading found that there is none. A caller that joined after it had begun claims again.
    Nothing(ItemReading),
    /// Without one, as it could not be made.
    Failed,
}

/// One reading of the item, in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct ItemReading(u64);

/// One lease, as far as this process knows.
pub struct LeaseSlot {
    state: Mutex<State>,
    end: watch::Sender<Option<WaitEnd>>,
}

/// A place among those who wait. Dropping it leaves nothing behind.
pub struct WaitingPlace {
    end: watch::Receiver<Option<WaitEnd>>,
    /// The latest reading that began before.
    joined_after: ItemReading,
}

struct State {
    holding: Holding,
    /// Whether a poller looks for the value of another sidecar's winner.
    is_polled: bool,
    /// The latest reading that began.
    latest: ItemReading,
}

impl Default for LeaseSlot {
    /// A slot that no caller has claimed.
    fn default() -> LeaseSlot {
        let state = State { holding: Holding::Unknown, is_polled: false, latest: ItemReading(0) };
        LeaseSlot { state: Mutex::new(state), end: watch::Sender::new(None) }
    }
}

impl LeaseSlot {
    /// Lets one caller ask the server.
    pub fn claim(&self, now: Instant, value_ends: Option<Instant>) -> ClaimResult {
        self.state().holding.claim(now, value_ends)
    }

    /// Whether a caller has the lease or is asking for it.
    pub fn is_taken(&self, now: Instant, value_ends: Option<Instant>) -> bool {
        self.state().holding.is_taken(now, value_ends)
    }

    /// Whether a client of this process has it and may still bring the value.
    pub fn is_won_here(&self, now: Instant) -> bool {
        matches!(self.state().holding, Holding::Taken { is_here: true, until, .. } if now < until)
    }

    /// Notes what became of a claim. A lease that has ended meanwhile stays ended.
    pub fn settle(&self, holding: Holding) {
        let mut state = self.state();
        if !matches!(state.holding, Holding::Over | Holding::Failed { .. }) {
            state.holding = holding;
        }
    }

    /// Gives a claim back that came to nothing, if it is still open: callers that wait for it claim again.
    pub fn give_back(&self) {
        let mut state = self.state();
        if state.holding == Holding::Asking {
            self.end_in(&mut state, WaitEnd::Over);
        }
    }

    /// Ends the lease and tells all callers that wait. False if it had ended already.
    pub fn end(&self, end: WaitEnd) -> bool {
        let mut state = self.state();
        let ends = state.holding != Holding::Over;
        if ends {
            self.end_in(&mut state, end);
        }
        ends
    }

    /// Ends the lease as no value could be made: callers that wait, and those that come until then, are told so.
    pub fn end_failed(&self, until: Instant) {
        let mut state = self.state();
        if state.holding != Holding::Over {
            state.holding = Holding::Failed { until };
            self.end.send_replace(Some(WaitEnd::Failed));
        }
    }

    fn end_in(&self, state: &mut State, end: WaitEnd) {
        state.holding = Holding::Over;
        // Under the lock: a caller that saw that it was not over yet, and joins, finds the value.
        self.end.send_replace(Some(end));
    }

    /// A place among the callers that wait for the end. Call [`LeaseSlot::begin_polling`] next: in the other order the
    /// poller that the caller relies on may see no one waiting and stop.
    pub fn join(&self) -> WaitingPlace {
        let state = self.state();
        WaitingPlace { end: self.end.subscribe(), joined_after: state.latest }
    }

    /// Whether a caller waits for the end.
    pub fn is_awaited(&self) -> bool {
        self.end.receiver_count() > 0
    }

    /// Notes that the server is about to be asked for the item.
    pub fn begin_reading(&self) -> ItemReading {
        let mut state = self.state();
        state.latest.0 += 1;
        state.latest
    }

    /// Whether the caller is to look for the value from now on: callers wait, the winner is in another sidecar, and no
    /// poller looks yet.
    pub fn begin_polling(&self) -> bool {
        let mut state = self.state();
        let is_elsewhere = matches!(state.holding, Holding::Taken { is_here: false, .. });
        let begins = is_elsewhere && !state.is_polled && self.end.receiver_count() > 0;
        state.is_polled |= begins;
        begins
    }

    /// Whether the poller goes on looking: not if no caller waits any more, or the lease has ended.
    pub fn keep_polling(&self) -> bool {
        let mut state = self.state();
        state.is_polled = state.holding != Holding::Over && self.end.receiver_count() > 0;
        state.is_polled
    }

    fn state(&self) -> impl std::ops::DerefMut<Target = State> + '_ {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitingPlace {
    /// Waits for the end: with the value, or without one; then a caller that still wants it claims again.
    pub async fn end(&mut self) -> Option<Item> {
        match self.end.wait_for(Option::is_some).await.ok()?.clone()? {
            WaitEnd::Value(item) => Some(item),
            WaitEnd::Found(item, reading) => (reading > self.joined_after).then_some(item),
            WaitEnd::Over | WaitEnd::Nothing(_) | WaitEnd::Failed => None,
        }
    }

    /// Why there is no value to be had, if it has ended so.
    pub fn lack(&self) -> Option<Lack> {
        match *self.end.borrow() {
            Some(WaitEnd::Nothing(reading)) => (reading > self.joined_after).then_some(Lack::Absent),
            Some(WaitEnd::Failed) => Some(Lack::Failed),
            _ => None,
        }
    }
}
