//! What the callers saw, and what it means: periods, regenerations, stale answers, wrong values. Decides; sends
//! nothing.
//!
//! All is told by what a client can know: when it asked, what it was told, when it was told so.
//!
//! ```text
//!   stored ───────────▶ a miss, asked for after that ──▶ stored ──▶ …
//!          fresh                a period begins          it ends
//! ```
//! A miss that was asked for before the end of a period belongs to it, however late it was read. Where leash stores what
//! it loads no caller is told so: there a period begins when the value is asked of the endpoint, and ends when a caller
//! is told the new value.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Why an answer cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// No caller stored this value under the key.
    #[error("no caller stored that under the key")]
    Unknown,
    /// It was replaced before it was asked for.
    #[error("version {version} had been replaced before it was asked for")]
    Outdated {
        /// The version that was told.
        version: usize,
    },
}

/// Who stores what was regenerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Storer {
    /// The caller that did it.
    #[default]
    Caller,
    /// leash, which asked for it.
    Leash,
}

/// Figures of one half.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HalfFigures {
    /// How often a value was found to be missing, or about to be, however many found it.
    pub periods: u64,
    /// How often a caller was told that there is no value.
    pub misses: u64,
    /// How often a value was regenerated.
    pub regenerations: u64,
    /// How often the same value was regenerated at once, at most.
    pub at_once: u64,
    /// How many answers were the previous value while it was regenerated.
    pub stale: u64,
    /// How many callers had to wait how long for a value, by whole milliseconds.
    pub took: BTreeMap<u64, u64>,
}

/// One half's record.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    storer: Storer,
    tally: HalfFigures,
    keys: Vec<Key>,
}

#[derive(Debug, Default)]
struct Key {
    versions: Vec<Version>,
    regenerating: u64,
    /// When the current period began; `None` between periods.
    since: Option<Instant>,
    /// When it was last known that a value is stored.
    stored: Option<Instant>,
}

#[derive(Debug)]
struct Version {
    sent: Instant,
    stored: Option<Instant>,
    /// When a later one was surely in its place.
    replaced: Option<Instant>,
}

impl Ledger {
    /// An empty one, of so many keys.
    pub(super) fn new(keys: usize, storer: Storer) -> Ledger {
        Ledger { storer, tally: HalfFigures::default(), keys: (0..keys).map(|_| Key::default()).collect() }
    }

    /// Forgets the figures so far, and nothing of the values.
    pub(super) fn begin(&mut self) {
        self.tally = HalfFigures::default();
    }

    /// How many regenerations there were so far.
    pub(super) fn regenerations(&self) -> u64 {
        self.tally.regenerations
    }

    /// The figures.
    pub(super) fn into_tally(self) -> HalfFigures {
        self.tally
    }

    /// A caller who asked at `asked` missed at `now`.
    pub(super) fn missed(&mut self, key: usize, asked: Instant, now: Instant) {
        self.tally.misses += 1;
        self.open(key, asked, now);
    }

    /// A value begins to be regenerated.
    pub(super) fn begun(&mut self, key: usize, now: Instant) {
        if self.storer == Storer::Leash {
            self.open(key, now, now);
        }
        let (tally, key) = (&mut self.tally, &mut self.keys[key]);
        key.regenerating += 1;
        tally.regenerations += 1;
        tally.at_once = tally.at_once.max(key.regenerating);
    }

    /// It was regenerated, and is about to be stored: the version that it is to be.
    pub(super) fn made(&mut self, key: usize, now: Instant) -> usize {
        let key = &mut self.keys[key];
        key.regenerating = key.regenerating.saturating_sub(1);
        key.versions.push(Version { sent: now, stored: None, replaced: None });
        key.versions.len() - 1
    }

    /// It is known to be stored.
    pub(super) fn stored(&mut self, key: usize, version: usize, now: Instant) {
        let key = &mut self.keys[key];
        (key.since, key.stored) = (None, Some(now));
        let sent = key.versions[version].sent;
        key.versions[version].stored = Some(now);
        // Which of two sets at the same time is the later one, only the server knows.
        let before = |version: &&mut Version| version.replaced.is_none() && version.stored < Some(sent);
        for older in key.versions.iter_mut().filter(|version| version.stored.is_some()).filter(before) {
            older.replaced = Some(now);
        }
    }

    /// A caller who asked at `asked` was told at `now` the value in `version`, or something that is no value of the key.
    pub(super) fn hit(
        &mut self,
        key: usize,
        version: Option<usize>,
        asked: Instant,
        now: Instant,
    ) -> Result<(), Wrong> {
        let number = version.ok_or(Wrong::Unknown)?;
        let told = self.keys[key].versions.get(number).ok_or(Wrong::Unknown)?;
        if told.replaced.is_some_and(|replaced| replaced < asked) {
            return Err(Wrong::Outdated { version: number });
        }
        if self.storer == Storer::Leash && told.stored.is_none() {
            self.stored(key, number, now);
        }
        let Key { versions, since, .. } = &self.keys[key];
        let is_stale = |since| asked >= since && versions[number].stored.is_some_and(|stored| stored < since);
        self.tally.stale += u64::from(since.is_some_and(is_stale));
        Ok(())
    }

    /// A period begins with what was asked for at `asked`, unless it belongs to one.
    fn open(&mut self, key: usize, asked: Instant, now: Instant) {
        let key = &mut self.keys[key];
        if key.since.is_none() && key.stored.is_none_or(|stored| asked > stored) {
            key.since = Some(now);
            self.tally.periods += 1;
        }
    }

    /// A caller had its value after `took`, from the cache or by regenerating it.
    pub(super) fn answered(&mut self, took: Duration) {
        *self.tally.took.entry(took.as_millis() as u64).or_default() += 1;
    }
}

impl HalfFigures {
    /// How many times a caller wanted a value.
    pub(super) fn requests(&self) -> u64 {
        self.took.values().sum()
    }

    /// How many of them took less than `time`, which is of whole milliseconds.
    pub(super) fn within(&self, time: Duration) -> u64 {
        self.took.range(..time.as_millis() as u64).map(|(_, count)| count).sum()
    }

    /// In which time all but the slowest hundredth of them had their value.
    pub(super) fn most_took(&self) -> Duration {
        let mut slower = self.requests() / 100;
        let slowest = self.took.iter().rev().find(|(_, count)| match slower.checked_sub(**count) {
            Some(rest) => {
                slower = rest;
                false
            }
            None => true,
        });
        Duration::from_millis(slowest.map_or(0, |(millis, _)| millis + 1))
    }
}

#[cfg(test)]
mod tests;
