//! What became of reloads, for metrics. Counted by the thread that reloads, read by whoever scrapes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::metrics::{ReloadOutcome, Samples, Series};

/// What became of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigState {
    /// When the one in force was loaded, in seconds of Unix time.
    pub loaded: f64,
    /// Whether the last reload was refused.
    pub is_refused: bool,
    /// Whether a part of it waits for a restart.
    pub needs_restart: bool,
}

/// What became of the reloads of one process.
#[derive(Default)]
pub struct Reloads {
    counts: [AtomicU64; ReloadOutcome::ALL.len()],
    /// Whether the last one was refused.
    is_refused: AtomicBool,
    /// The Unix time in milliseconds when the configuration in force was loaded.
    loaded: AtomicU64,
    /// Whether something in the configuration waits for a restart.
    needs_restart: AtomicBool,
}

impl Reloads {
    /// None yet; the configuration was loaded now.
    pub fn new() -> Arc<Reloads> {
        let reloads = Reloads::default();
        reloads.loaded.store(now(), Relaxed);
        Arc::new(reloads)
    }

    /// A configuration came into force; `needs_restart` says whether a part of it does not before a restart.
    pub fn done(&self, needs_restart: bool) {
        self.loaded.store(now(), Relaxed);
        self.needs_restart.store(needs_restart, Relaxed);
        self.is_refused.store(false, Relaxed);
        self.counts[ReloadOutcome::Ok as usize].fetch_add(1, Relaxed);
    }

    /// A configuration was refused; the one before stays in force.
    pub fn refused(&self) {
        self.is_refused.store(true, Relaxed);
        self.counts[ReloadOutcome::Refused as usize].fetch_add(1, Relaxed);
    }

    /// How things are.
    pub fn state(&self) -> ConfigState {
        ConfigState {
            loaded: self.loaded.load(Relaxed) as f64 / 1000.0,
            is_refused: self.is_refused.load(Relaxed),
            needs_restart: self.needs_restart.load(Relaxed),
        }
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

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
