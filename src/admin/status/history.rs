//! The last five minutes: what happened in each step of two seconds, and what had been counted every ten.
//!
//! Steps are kept as differences, so a reload that takes a route away leaves the steps before it as they were. Readings
//! of every route and server are larger, so there are fewer of them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::metrics::{Figures, RouteFigures};

/// How many steps are kept: five minutes.
const STEPS: usize = 150;
/// There is a reading after so many steps.
const PER_READING: usize = 5;

/// What happened between two looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct HistoryStep {
    /// When it ended.
    pub ended: Instant,
    /// How long it took.
    pub took: Duration,
    /// What happened in it, on all routes.
    pub traffic: RouteFigures,
}

/// The recent minutes.
pub(super) struct History {
    steps: VecDeque<HistoryStep>,
    readings: VecDeque<(Instant, Figures)>,
    last: (Instant, Figures),
    until_reading: usize,
}

impl History {
    /// It begins now, with what was counted before.
    pub(super) fn new(now: Instant, figures: Figures) -> History {
        let first = (now, figures);
        History {
            steps: VecDeque::new(),
            readings: VecDeque::from([first.clone()]),
            last: first,
            until_reading: PER_READING,
        }
    }

    /// Ends a step. Called every [`STEP`](crate::admin::STEP); where that was not possible, the step was longer.
    pub(super) fn note(&mut self, now: Instant, figures: Figures) {
        let (then, before) = &self.last;
        let step = HistoryStep { ended: now, took: now.duration_since(*then), traffic: figures.traffic_since(before) };
        push(&mut self.steps, step, STEPS);
        self.until_reading -= 1;
        self.last = (now, figures);
        if self.until_reading == 0 {
            self.until_reading = PER_READING;
            self.mark();
        }
    }

    /// Keeps what had been counted at the end of the last step, however often the figures are read.
    pub(super) fn mark(&mut self) {
        push(&mut self.readings, self.last.clone(), STEPS / PER_READING + 1);
    }

    /// The steps, the oldest first.
    pub(super) fn steps(&self) -> impl DoubleEndedIterator<Item = &HistoryStep> {
        self.steps.iter()
    }

    /// What happened on all routes in the last steps that are `ago` together, and how long they took.
    pub(super) fn lately(&self, ago: Duration) -> (Duration, RouteFigures) {
        let (mut took, mut traffic) = (Duration::ZERO, RouteFigures::default());
        for step in self.steps.iter().rev() {
            if took >= ago {
                break;
            }
            took += step.took;
            traffic.add(&step.traffic);
        }
        (took, traffic)
    }

    /// What had been counted no longer than `ago`, and as long as possible, before now.
    pub(super) fn within(&self, now: Instant, ago: Duration) -> &Figures {
        let is_within = |then: Instant| now.saturating_duration_since(then) <= ago;
        let oldest = self.readings.iter().find(|(then, _)| is_within(*then));
        oldest.map_or(&self.last.1, |(_, figures)| figures)
    }

    /// The latest reading that is `ago` old, or the oldest there is, and its age.
    pub(super) fn reading(&self, now: Instant, ago: Duration) -> (Duration, &Figures) {
        let age = |then: Instant| now.saturating_duration_since(then);
        let old_enough = self.readings.iter().rev().find(|(then, _)| age(*then) >= ago);
        let (then, figures) = old_enough.or_else(|| self.readings.front()).unwrap_or(&self.last);
        (age(*then), figures)
    }
}

fn push<T>(kept: &mut VecDeque<T>, newest: T, most: usize) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back(newest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::STEP;
    use crate::metrics::{Registry, RequestOutcome, RouteFigure, RouteLabel, Shard, ShardLayout};
    use crate::protocol::CommandClass;
    use std::sync::Arc;

    fn shard(registry: &Registry, prefix: &str) -> Arc<Shard> {
        let label = RouteLabel { prefix: prefix.to_string(), refreshes: false, migrates: false, loads: false };
        registry.shard(&ShardLayout::new(&[label], &[]))
    }

    fn get(shard: &Shard, times: u64) {
        let route = shard.layout().route("a:").or(shard.layout().route("b:")).unwrap();
        (0..times).for_each(|_| shard.count(route, CommandClass::Get, RequestOutcome::Hit));
    }

    fn hits(traffic: &RouteFigures) -> u64 {
        traffic.get(RouteFigure::Hits)
    }

    #[test]
    fn each_step_holds_what_happened_in_it() {
        let (registry, start) = (Registry::new("0.1.0"), Instant::now());
        let shard = shard(&registry, "a:");
        let mut history = History::new(start, registry.figures());
        for step in 1..=4 {
            get(&shard, u64::from(step));
            history.note(start + STEP * step, registry.figures());
        }
        assert_eq!(history.steps().map(|step| hits(&step.traffic)).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(history.steps().all(|step| step.took == STEP));
        let (took, traffic) = history.lately(STEP * 2);
        assert_eq!((took, hits(&traffic)), (STEP * 2, 7));
        let (took, traffic) = history.lately(STEP * 100);
        assert_eq!((took, hits(&traffic)), (STEP * 4, 10), "no more than there is");
    }

    #[test]
    fn a_step_that_could_not_end_in_time_is_longer() {
        let (registry, start) = (Registry::new("0.1.0"), Instant::now());
        let mut history = History::new(start, registry.figures());
        history.note(start + STEP * 7, registry.figures());
        assert_eq!(history.lately(STEP).0, STEP * 7);
    }

    #[test]
    fn five_minutes_are_kept_and_no_more() {
        let (registry, start) = (Registry::new("0.1.0"), Instant::now());
        let mut history = History::new(start, registry.figures());
        for step in 1..=1000 {
            history.note(start + STEP * step, registry.figures());
        }
        let now = start + STEP * 1000;
        let minutes = Duration::from_secs(300);
        assert_eq!(history.steps().count(), STEPS);
        assert_eq!(history.steps().next().map(|step| now - step.ended), Some(minutes - STEP));
        let age = |ago| history.reading(now, ago).0;
        assert_eq!(age(Duration::ZERO), Duration::ZERO);
        assert_eq!(age(Duration::from_secs(1)), Duration::from_secs(10));
        assert_eq!(age(minutes), minutes);
        assert_eq!(age(minutes * 9), minutes, "the oldest there is");
    }

    #[test]
    fn what_was_counted_before_a_moment_is_left_out() {
        let (registry, start) = (Registry::new("0.1.0"), Instant::now());
        let shard = shard(&registry, "a:");
        let mut history = History::new(start, registry.figures());
        for step in 1..=20 {
            get(&shard, 1);
            history.note(start + STEP * step, registry.figures());
        }
        let since = |ago| hits(&registry.figures().traffic_since(history.within(start + STEP * 20, ago)));
        assert_eq!([Duration::ZERO, STEP * 4, STEP * 5, STEP * 14, STEP * 99].map(since), [0, 0, 5, 10, 20]);
        get(&shard, 1);
        history.note(start + STEP * 21, registry.figures());
        history.mark();
        get(&shard, 1);
        let since = |ago| hits(&registry.figures().traffic_since(history.within(start + STEP * 22, ago)));
        assert_eq!([STEP, STEP * 2].map(since), [1, 2], "a mark is a reading");
    }

    #[test]
    fn a_reload_leaves_the_past_as_it_was() {
        let (registry, start) = (Registry::new("0.1.0"), Instant::now());
        let old = shard(&registry, "a:");
        let mut history = History::new(start, registry.figures());
        get(&old, 5);
        history.note(start + STEP, registry.figures());
        drop(old);
        let new = shard(&registry, "b:");
        get(&new, 2);
        history.note(start + STEP * 2, registry.figures());
        assert_eq!(hits(&history.lately(STEP * 2).1), 7);
    }
}
