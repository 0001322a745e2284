//! What became of requests: counted, timed, and judged by when they were to be sent.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::Waits;

/// How a get ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The key's own value.
    Hit,
    /// No value.
    Miss,
    /// An error line.
    Error,
    /// The connection ended before the reply.
    Lost,
    /// Something that is not the key's value.
    Wrong,
}

/// One request.
#[derive(Clone, Copy)]
pub struct Sample {
    /// When it was to be sent.
    pub begun: Instant,
    pub waited: Duration,
    pub outcome: Outcome,
}

/// All requests of a load.
#[derive(Default)]
pub struct Tally {
    pub samples: Vec<Sample>,
    /// What was said instead of replies, without what differs each time.
    pub errors: BTreeMap<String, usize>,
    /// How long those had waited at the end who had no answer.
    pub unanswered: Vec<Duration>,
}

impl Tally {
    pub fn note(&mut self, begun: Instant, outcome: Outcome) {
        self.samples.push(Sample { begun, waited: begun.elapsed(), outcome });
    }

    /// Counts an error line, whichever server it names.
    pub fn blame(&mut self, line: &str) {
        if self.errors.len() < 50 {
            let words = line.split(' ').filter(|word| !word.contains("127.0.0.1"));
            *self.errors.entry(words.collect::<Vec<_>>().join(" ")).or_default() += 1;
        }
    }

    /// How many ended like this of those that ended in this time.
    pub fn ended(&self, time: &Range<Instant>, outcome: Outcome) -> usize {
        self.of(outcome).filter(|sample| time.contains(&(sample.begun + sample.waited))).count()
    }

    /// How many of them a second.
    pub fn rate(&self, time: &Range<Instant>, outcome: Outcome) -> f64 {
        self.ended(time, outcome) as f64 / (time.end - time.start).as_secs_f64()
    }

    /// How long those waited that began in this time and ended like this.
    pub fn waits(&self, time: &Range<Instant>, outcome: Outcome) -> Waits {
        Waits::of(self.of(outcome).filter(|sample| time.contains(&sample.begun)).map(|sample| sample.waited))
    }

    /// How long anybody waited, answered or not.
    pub fn longest(&self) -> Duration {
        let answered = self.samples.iter().map(|sample| sample.waited);
        answered.chain(self.unanswered.iter().copied()).max().unwrap_or_default()
    }

    pub fn count(&self, outcome: Outcome) -> usize {
        self.of(outcome).count()
    }

    /// Nobody got anything but a key's own value.
    #[track_caller]
    pub fn has_nothing_foreign(&self) {
        assert_eq!(self.count(Outcome::Wrong), 0, "values that are not the key's; {:?}", self.errors);
    }

    fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.outcome == outcome)
    }
}
