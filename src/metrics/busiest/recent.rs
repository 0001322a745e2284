//! The samples of the recent minutes, and what was asked for most in them.
//!
//! A prefix is shown only if several different keys share it: so no key, however busy, shows as its own prefix. Keys
//! whose prefix too few others share count towards the next shorter one.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::prefix;
use super::reservoir::Drained;
use super::shared::KeySamples;
use super::told::{Busiest, Busy};

/// How long a sample is added to before it is put away.
const WINDOW: Duration = Duration::from_secs(30);
/// How many samples are kept beside the one that is added to: about three minutes.
const WINDOWS: usize = 5;
/// How many different keys must share a prefix.
const FEWEST_KEYS: usize = 5;
/// How many prefixes or keys are shown.
const SHOWN: usize = 20;

/// What was sampled lately.
pub(crate) struct RecentSamples {
    windows: VecDeque<Window>,
    /// When the sample began that is added to.
    begun: Instant,
}

struct Window {
    begun: Instant,
    samples: Vec<Drained>,
}

/// Requests by what they asked for, as many as the samples stand for.
type Weights<'k> = HashMap<&'k [u8], f64>;

impl RecentSamples {
    /// Nothing yet.
    pub(crate) fn new(now: Instant) -> RecentSamples {
        RecentSamples { windows: VecDeque::new(), begun: now }
    }

    /// Puts the samples away once they are old enough. Called every few seconds.
    pub(crate) fn note(&mut self, now: Instant, samples: &KeySamples) {
        if now.saturating_duration_since(self.begun) < WINDOW {
            return;
        }
        if self.windows.len() == WINDOWS {
            self.windows.pop_front();
        }
        self.windows.push_back(Window { begun: self.begun, samples: samples.take() });
        self.begun = now;
    }

    /// What was asked for most: keys if `show_keys`, else prefixes.
    pub(crate) fn busiest(&self, now: Instant, samples: &KeySamples, show_keys: bool) -> Busiest {
        let latest = samples.look();
        let begun = self.windows.front().map_or(self.begun, |window| window.begun);
        let seconds = now.saturating_duration_since(begun).as_secs_f64();
        let all: Vec<&Drained> = self.windows.iter().flat_map(|window| &window.samples).chain(&latest).collect();
        let keys = weigh(&all);
        let seen: u64 = all.iter().map(|sample| sample.seen).sum();
        let names = if show_keys { keys } else { by_prefix(&keys) };
        Busiest {
            sampled: all.iter().map(|sample| sample.keys.len() as u64).sum(),
            seconds,
            are_keys: show_keys,
            names: first(names, seen as f64, seconds),
        }
    }
}

/// Each key of a sample stands for as many requests as any other of that sample.
fn weigh<'k>(samples: &[&'k Drained]) -> Weights<'k> {
    let mut weights = Weights::new();
    for sample in samples {
        let each = sample.seen as f64 / sample.keys.len().max(1) as f64;
        sample.keys.iter().for_each(|key| *weights.entry(key).or_default() += each);
    }
    weights
}

fn by_prefix<'k>(keys: &Weights<'k>) -> Weights<'k> {
    let mut shown = Weights::new();
    let mut rest: Vec<(&'k [u8], &'k [u8], f64)> =
        keys.iter().map(|(key, weight)| (prefix::of(key), *key, *weight)).collect();
    while !rest.is_empty() {
        let mut sharing: HashMap<&[u8], HashSet<&[u8]>> = HashMap::new();
        rest.iter().for_each(|(prefix, key, _)| {
            sharing.entry(prefix).or_default().insert(key);
        });
        let (enough, few): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|(prefix, ..)| !prefix.is_empty() && sharing[prefix].len() >= FEWEST_KEYS);
        enough.into_iter().for_each(|(prefix, _, weight)| *shown.entry(prefix).or_default() += weight);
        let shortened =
            few.into_iter().filter_map(|(prefix, key, weight)| Some((prefix::shorter(prefix)?, key, weight)));
        rest = shortened.collect();
    }
    shown
}

fn first(weights: Weights<'_>, seen: f64, seconds: f64) -> Vec<Busy> {
    let mut all: Vec<(&[u8], f64)> = weights.into_iter().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let told = |(name, weight): (&[u8], f64)| Busy {
        name: printable(name),
        share: weight / seen,
        requests: if seconds > 0.0 { weight / seconds } else { 0.0 },
    };
    all.into_iter().take(SHOWN).map(told).collect()
}

/// As text that does nothing to a terminal: keys of the meta protocol may hold any byte.
fn printable(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for char in String::from_utf8_lossy(name).chars() {
        match char {
            char if char.is_control() => text.extend(char.escape_default()),
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn busiest(keys: &[(&str, usize)], show_keys: bool) -> Vec<(String, f64)> {
        let (samples, start) = (KeySamples::new(), Instant::now());
        let worker = samples.join();
        for (key, times) in keys {
            (0..*times).for_each(|_| worker.note(key.as_bytes()));
        }
        let busiest = RecentSamples::new(start).busiest(start + SECOND, &samples, show_keys);
        busiest.names.into_iter().map(|busy| (busy.name, busy.share)).collect()
    }

    #[test]
    fn keys_of_one_kind_are_counted_together() {
        let users = ["user:1", "user:2:name", "user:3", "user:4", "user:5"].map(|key| (key, 2));
        let pages = ["page:/a", "page:/b", "page:/c", "page:/d", "page:/e"].map(|key| (key, 6));
        let told = busiest(&[users, pages].concat(), false);
        assert_eq!(told, [("page:/".to_string(), 0.75), ("user:".to_string(), 0.25)]);
    }

    #[test]
    fn a_busy_key_does_not_show_as_its_own_prefix() {
        for secret in ["secret:", "secret", "secret:x", "a.b.c:"] {
            assert_eq!(busiest(&[(secret, 100)], false), [], "{secret}");
            let with_few = [(secret, 80), ("secret:1", 1), ("secret:2", 1), ("secret:3", 1)];
            assert_eq!(busiest(&with_few, false), [], "{secret}: three or four keys are too few");
        }
    }

    #[test]
    fn what_too_few_share_counts_towards_the_shorter_prefix() {
        let names = ["user:ada:name", "user:ada:mail", "user:bob:name", "user:eve:cart", "user:eve:name"];
        assert_eq!(busiest(&names.map(|key| (key, 2)), false), [("user:".to_string(), 1.0)]);
    }

    #[test]
    fn keys_themselves_are_shown_where_that_is_allowed() {
        let told = busiest(&[("user:1", 30), ("user:2", 10)], true);
        assert_eq!(told, [("user:1".to_string(), 0.75), ("user:2".to_string(), 0.25)]);
        assert_eq!(busiest(&[("\u{1b}[31m<b>\u{e9}", 1)], true)[0].0, "\\u{1b}[31m<b>\u{e9}");
        let many: Vec<String> = (0..100).map(|n| format!("k{n}")).collect();
        let many: Vec<(&str, usize)> = many.iter().map(|key| (&**key, 1)).collect();
        assert_eq!(busiest(&many, true).len(), SHOWN);
    }

    #[test]
    fn the_past_is_forgotten_after_minutes_and_counts_until_then() {
        let (samples, start) = (KeySamples::new(), Instant::now());
        let worker = samples.join();
        let mut recent = RecentSamples::new(start);
        let note = |prefix: &str, times: usize| {
            (0..times).for_each(|n| worker.note(format!("{prefix}:{}", n % 50).as_bytes()));
        };
        note("old", 3_000);
        for window in 1..=WINDOWS as u32 {
            recent.note(start + WINDOW * window, &samples);
            note("new", 1_000);
        }
        let now = start + WINDOW * WINDOWS as u32;
        let told = recent.busiest(now, &samples, false);
        assert_eq!(told.names.len(), 2);
        assert!(
            (told.names[1].share - 3.0 / 8.0).abs() < 1e-9,
            "each worker's sample weighs what it stands for: {told:?}"
        );
        assert!((told.names[0].requests - 5_000.0 / told.seconds).abs() < 1e-6, "{told:?}");
        recent.note(now + WINDOW, &samples);
        let told = recent.busiest(now + WINDOW, &samples, false);
        assert_eq!(told.names.iter().map(|busy| &*busy.name).collect::<Vec<_>>(), ["new:"]);
    }
}
