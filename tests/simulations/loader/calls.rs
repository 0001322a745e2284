//! The calls to the endpoint, of all sidecars: those under way and those that wait for their turn.

use std::collections::HashMap;

use tokio::time::Instant;

use super::oracle::SLACK;

/// A call, for what is done as an op of a sidecar.
#[derive(Clone, Copy, PartialEq)]
pub struct Call {
    pub key: usize,
    pub op: usize,
    pub sidecar: usize,
}

#[derive(Default)]
pub struct Calls {
    /// With the upsets of its key when its lease was given.
    under_way: Vec<(Call, u64)>,
    queued: Vec<Call>,
    /// By key, when a call was last under way, or waited.
    busy: HashMap<usize, Instant>,
}

impl Calls {
    pub fn waits(&mut self, call: Call) {
        self.queued.push(call);
    }

    /// If it waited, it does so no more: it is made now, or refused.
    pub fn is_due(&mut self, call: Call) {
        if self.queued.contains(&call) {
            self.queued.retain(|queued| *queued != call);
            self.busy.insert(call.key, Instant::now());
        }
    }

    /// A call begins. The op of another one for the same key that is under way though nothing has happened meanwhile.
    pub fn begins(&mut self, call: Call, upset: u64) -> Option<usize> {
        let is_other = |other: &&(Call, u64)| (other.0.key, other.1) == (call.key, upset);
        let other = self.under_way.iter().find(is_other).map(|other| other.0.op);
        self.under_way.push((call, upset));
        other
    }

    /// Of an op whose lease was revoked two may be under way; the first one ends first, or is as good as the other.
    pub fn ends(&mut self, call: Call) {
        if let Some(place) = self.under_way.iter().position(|other| other.0 == call) {
            self.under_way.remove(place);
        }
        self.busy.insert(call.key, Instant::now());
    }

    pub fn sidecar_died(&mut self, sidecar: usize) {
        self.under_way.retain(|call| call.0.sidecar != sidecar);
        self.queued.retain(|queued| queued.sidecar != sidecar);
    }

    /// The op that a call for this key is under way for.
    pub fn of(&self, key: usize) -> Option<usize> {
        self.under_way.iter().find(|call| call.0.key == key).map(|call| call.0.op)
    }

    pub fn at_once(&self, sidecar: usize) -> usize {
        self.under_way.iter().filter(|call| call.0.sidecar == sidecar).count()
    }

    /// Whether a call for this key is under way, waits, or did just now.
    pub fn are_busy_with(&self, key: usize) -> bool {
        self.of(key).is_some()
            || self.queued.iter().any(|queued| queued.key == key)
            || self.busy.get(&key).is_some_and(|at| at.elapsed() <= SLACK)
    }
}
