//! What became of reloads. Noted by the thread that reloads, read for metrics and pages.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::metrics::{ReloadOutcome, Samples, Series};

/// What became of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigState {
    /// When the one in force was loaded, in seconds of Unix time.
    pub loaded: f64,
    /// Whether the last reload was refused.
    pub is_refused: bool,
    /// When, in seconds of Unix time, if it was.
    #[serde(default)]
    pub refused: Option<f64>,
    /// Why, a line for each problem, if it was.
    #[serde(default)]
    pub problems: Vec<String>,
    /// Whether a part of it waits for a restart.
    pub needs_restart: bool,
    /// The keys of that part.
    #[serde(default)]
    pub waiting: Vec<String>,
}

/// What became of the reloads of one process.
#[derive(Default)]
pub struct Reloads {
    counts: [AtomicU64; ReloadOutcome::ALL.len()],
    state: Mutex<ConfigState>,
}

impl Reloads {
    /// None yet; the configuration was loaded now.
    pub fn new() -> Arc<Reloads> {
        let state = Mutex::new(ConfigState { loaded: now(), ..ConfigState::default() });
        Arc::new(Reloads { state, ..Reloads::default() })
    }

    /// A configuration came into force; the keys in `waiting` do not before a restart.
    pub fn done(&self, waiting: &[&str]) {
        let waiting: Vec<String> = waiting.iter().map(|key| key.to_string()).collect();
        let needs_restart = !waiting.is_empty();
        *self.lock() = ConfigState { loaded: now(), needs_restart, waiting, ..ConfigState::default() };
        self.counts[ReloadOutcome::Ok as usize].fetch_add(1, Relaxed);
    }

    /// A pool has other servers; all else is as it was.
    pub fn discovered(&self) {
        self.counts[ReloadOutcome::Discovered as usize].fetch_add(1, Relaxed);
    }

    /// A configuration was refused for these problems; the one before stays in force.
    pub fn refused(&self, problems: Vec<String>) {
        let mut state = self.lock();
        (state.is_refused, state.refused, state.problems) = (true, Some(now()), problems);
        drop(state);
        self.counts[ReloadOutcome::Refused as usize].fetch_add(1, Relaxed);
    }

    /// How things are.
    pub fn state(&self) -> ConfigState {
        self.lock().clone()
    }

    /// The state stays true if a thread panicked while it held the lock.
    fn lock(&self) -> MutexGuard<'_, ConfigState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the figures to a scrape.
    pub fn sample(&self, samples: &mut Samples) {
        for outcome in ReloadOutcome::ALL {
            let count = self.counts[outcome as usize].load(Relaxed);
            samples.put(Series::ConfigReloads, &[outcome.name()], count as f64);
        }
        let flag = |value: bool| f64::from(u8::from(value));
        let state = self.state();
        samples.put(Series::ConfigReloadSuccessful, &[], flag(!state.is_refused));
        samples.put(Series::ConfigLoaded, &[], state.loaded);
        samples.put(Series::ConfigNeedsRestart, &[], flag(state.needs_restart));
    }
}

/// In seconds of Unix time, to the millisecond.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_millis() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_leaves_what_is_in_force_and_the_next_reload_forgets_it() {
        let reloads = Reloads::new();
        reloads.done(&["workers", "listen"]);
        reloads.refused(vec!["c.yaml:1:1: wrong".to_string()]);
        let state = reloads.state();
        assert!(state.is_refused && state.refused.is_some_and(|at| at >= state.loaded), "{state:?}");
        assert_eq!(
            (&state.problems[..], &state.waiting[..]),
            (&["c.yaml:1:1: wrong".into()][..], &["workers".into(), "listen".into()][..])
        );
        assert!(state.needs_restart);
        reloads.done(&[]);
        let state = reloads.state();
        assert_eq!(ConfigState { loaded: 0.0, ..state }, ConfigState::default());
    }
}
