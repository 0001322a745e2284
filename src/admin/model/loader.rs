//! The loader of a route: how its endpoint fares in this process.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Grade, Overview, ShownRoute};
use crate::metrics::LoadOutcome;
use crate::readable::amount;

/// The loader of a route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownLoader {
    /// Its address, with places for the key; secrets masked.
    pub url: String,
    /// What every request to it carries; secrets masked.
    pub headers: Vec<String>,
    /// Whether it fails and is asked only now and then.
    pub is_held_back: bool,
    /// Calls that are under way.
    pub in_flight: u64,
    /// How many may be.
    pub most_in_flight: u64,
    /// Calls that wait for their turn.
    pub waiting: u64,
    /// Loads a second, lately, by what became of them.
    pub loads: BTreeMap<LoadOutcome, f64>,
    /// Seconds within which 99 of 100 calls were answered lately, estimated; `None` without a call.
    pub p99: Option<f64>,
    /// Callers that found a value stale or missing and were given one, in the recent minutes.
    #[serde(default)]
    pub served: u64,
    /// Calls that were made in the same time, without those that learned that there is no value.
    #[serde(default)]
    pub called: u64,
    /// The last call that came to nothing since leash started; `None` if none has.
    pub failure: Option<FailedLoad>,
}

/// A call that came to nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedLoad {
    /// When, in seconds of Unix time.
    pub at: f64,
    /// Why there is no value.
    pub why: String,
}

impl ShownLoader {
    /// Calls a second.
    pub fn calls(&self) -> f64 {
        self.sum(LoadOutcome::was_called)
    }

    /// Calls a second that gave neither a value nor the word that there is none.
    pub fn failed(&self) -> f64 {
        self.sum(LoadOutcome::is_failure)
    }

    /// The share of the callers that were given a value for whom no call was made; `None` without such a caller.
    pub fn avoided(&self) -> Option<f64> {
        (self.served > 0).then(|| self.served.saturating_sub(self.called) as f64 / self.served as f64)
    }

    /// Loads a second by what became of them, those that there were.
    pub fn in_brief(&self) -> Option<String> {
        let were = self.loads.iter().filter(|(_, rate)| **rate > 0.0);
        let told: Vec<String> =
            were.map(|(outcome, rate)| format!("{} {}", outcome.name().replace('_', " "), amount(*rate))).collect();
        (!told.is_empty()).then(|| format!("Each second: {}", told.join(", ")))
    }

    /// How it is, and the word for that.
    pub fn state(&self) -> (Grade, &'static str) {
        match () {
            () if self.is_held_back => (Grade::Bad, "held back"),
            () if self.failed() > 0.0 => (Grade::Fair, "failing"),
            () if self.waiting > 0 => (Grade::Fair, "busy"),
            () if self.calls() > 0.0 => (Grade::Good, "answering"),
            () => (Grade::Good, "at rest"),
        }
    }

    fn sum(&self, of: fn(LoadOutcome) -> bool) -> f64 {
        self.loads.iter().filter(|(outcome, _)| of(**outcome)).map(|(_, rate)| rate).sum()
    }
}

impl Overview {
    /// The routes that load, the worst first.
    pub fn loaders(&self) -> Vec<(&ShownRoute, &ShownLoader)> {
        let mut loaders: Vec<(&ShownRoute, &ShownLoader)> =
            self.routes.iter().filter_map(|route| Some((route, route.loader.as_ref()?))).collect();
        loaders.sort_by_key(|(_, loader)| std::cmp::Reverse(loader.state().0));
        loaders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loader(loads: &[(LoadOutcome, f64)]) -> ShownLoader {
        ShownLoader { loads: loads.iter().copied().collect(), ..ShownLoader::default() }
    }

    #[test]
    fn the_worst_that_is_known_of_a_loader_is_its_state() {
        let mut worst = loader(&[(LoadOutcome::Value, 3.0), (LoadOutcome::Status, 1.0), (LoadOutcome::Queue, 7.0)]);
        assert_eq!((worst.calls(), worst.failed(), worst.state().1), (4.0, 1.0, "failing"));
        worst.is_held_back = true;
        assert_eq!(worst.state(), (Grade::Bad, "held back"));
        assert_eq!(loader(&[(LoadOutcome::Absent, 1.0)]).state(), (Grade::Good, "answering"));
        assert_eq!(loader(&[(LoadOutcome::Absent, 0.0)]).state().1, "at rest");
        assert_eq!(ShownLoader { waiting: 1, ..ShownLoader::default() }.state(), (Grade::Fair, "busy"));
    }

    #[test]
    fn a_call_for_one_caller_avoids_none() {
        let of = |served, called| ShownLoader { served, called, ..ShownLoader::default() }.avoided();
        assert_eq!([of(100, 1), of(2, 2), of(0, 3), of(1, 3)], [Some(0.99), Some(0.0), None, Some(0.0)]);
    }

    #[test]
    fn only_what_there_was_is_told_in_brief() {
        let some = loader(&[(LoadOutcome::Value, 12.0), (LoadOutcome::NotKept, 2.0), (LoadOutcome::Broken, 0.0)]);
        assert_eq!(some.in_brief().as_deref(), Some("Each second: value 12, not kept 2"));
        assert_eq!(loader(&[(LoadOutcome::Value, 0.0)]).in_brief(), None);
    }

    #[test]
    fn it_comes_back_from_json_as_it_was() {
        let told = loader(&[(LoadOutcome::TooLarge, 0.5)]);
        let json = serde_json::to_string(&told).unwrap();
        assert!(json.contains("\"too_large\":0.5"), "{json}");
        assert_eq!(serde_json::from_str::<ShownLoader>(&json).unwrap(), told);
    }
}
