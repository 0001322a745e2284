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
//! Whoever makes a server down is the one who probes it, so each server has at most one prober.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use crate::metrics::ServerState as State;
use crate::protocol::Cause;

/// The health of one server.
pub struct Health {
    label: Arc<str>,
    /// Failures in a row that make the server down.
    threshold: u32,
    state: AtomicU8,
    failures: AtomicU32,
    /// Whether it is down because it cannot be understood.
    outdated: AtomicBool,
}

impl Health {
    /// A server thought to be up. `label` is its name for people.
    pub fn new(label: Arc<str>, threshold: u32) -> Health {
        Health {
            label,
            threshold,
            state: AtomicU8::new(State::Up as u8),
            failures: AtomicU32::new(0),
            outdated: AtomicBool::new(false),
        }
    }

    /// What is thought of the server now.
    pub fn state(&self) -> State {
        match State::ALL[usize::from(self.state.load(Ordering::Relaxed)) % State::ALL.len()] {
            State::Up if self.failures.load(Ordering::Relaxed) > 0 => State::Suspect,
            state => state,
        }
    }

    /// Whether nothing may be asked of the server.
    pub fn is_down(&self) -> bool {
        self.state.load(Ordering::Relaxed) != State::Up as u8
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

    /// Notes a failure. True if it made the server down: then the caller must probe it.
    pub fn failed(&self, cause: Cause) -> bool {
        let in_a_row = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if in_a_row < self.threshold && cause != Cause::Outdated {
            return false;
        }
        let made_down = self.move_to(State::Up, State::Down);
        if made_down {
            self.outdated.store(cause == Cause::Outdated, Ordering::Relaxed);
            tracing::warn!(server = %self.label, failures = in_a_row, cause = cause.text(), "server is down");
        }
        made_down
    }

    /// A probe begins.
    pub fn probing(&self) {
        self.move_to(State::Down, State::Probing);
    }

    /// A probe ended. True if the server is up again.
    pub fn probed(&self, result: Result<(), Cause>) -> bool {
        self.outdated.store(result == Err(Cause::Outdated), Ordering::Relaxed);
        if result.is_err() {
            self.move_to(State::Probing, State::Down);
            return false;
        }
        self.failures.store(0, Ordering::Relaxed);
        self.state.store(State::Up as u8, Ordering::Relaxed);
        tracing::info!(server = %self.label, "server is up");
        true
    }

    fn move_to(&self, from: State, to: State) -> bool {
        self.state.compare_exchange(from as u8, to as u8, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// How long to wait before probe number `attempt` (from 0): 100 ms doubled each time up to 10 s, then less by up to a
/// quarter, so that a fleet does not probe in step. `chance` is in 0..1.
pub fn probe_delay(attempt: u32, chance: f64) -> Duration {
    let full = Duration::from_millis(100).saturating_mul(1 << attempt.min(7)).min(Duration::from_secs(10));
    full.mul_f64(1.0 - chance / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_make_a_server_down_and_one_good_probe_brings_it_back() {
        let health = Health::new("m0".into(), 3);
        assert!(!health.failed(Cause::Timeout));
        assert_eq!(health.state(), State::Suspect);
        health.succeeded();
        assert_eq!(health.state(), State::Up);
        assert!(!health.failed(Cause::Timeout));
        assert!(!health.failed(Cause::Timeout));
        assert!(health.failed(Cause::Timeout));
        assert!(!health.failed(Cause::Timeout), "only one caller is told to probe");
        assert!(health.is_down());
        health.probing();
        assert_eq!(health.state(), State::Probing);
        assert!(!health.probed(Err(Cause::Connect)));
        assert_eq!(health.state(), State::Down);
        health.probing();
        assert!(health.probed(Ok(())));
        assert_eq!(health.state(), State::Up);
    }

    #[test]
    fn a_server_that_is_too_old_is_down_at_once_and_keeps_saying_why() {
        let health = Health::new("m0".into(), 3);
        assert_eq!(health.refusal(), None);
        assert!(health.failed(Cause::Outdated));
        assert_eq!(health.refusal(), Some(Cause::Outdated));
        health.probing();
        health.probed(Err(Cause::Connect));
        assert_eq!(health.refusal(), Some(Cause::Down));
        health.probing();
        health.probed(Err(Cause::Outdated));
        assert_eq!(health.refusal(), Some(Cause::Outdated));
    }

    #[test]
    fn probes_start_at_a_tenth_of_a_second_and_never_wait_longer_than_ten() {
        assert_eq!(probe_delay(0, 0.0), Duration::from_millis(100));
        assert_eq!(probe_delay(2, 0.0), Duration::from_millis(400));
        assert_eq!(probe_delay(60, 0.0), Duration::from_secs(10));
        assert_eq!(probe_delay(60, 1.0), Duration::from_millis(7500));
    }
}
