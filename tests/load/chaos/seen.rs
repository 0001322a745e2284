//! What a load saw, request by request: waits, hits, and what the machine itself held up.

use std::ops::Range;
use std::time::{Duration, Instant};

use support::Waits;

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Hit,
    Miss,
    Done,
    Refused,
}

/// One request and its reply.
#[derive(Clone, Copy)]
pub struct Sample {
    pub begun: Instant,
    pub waited: Duration,
    /// The number of the server whose key it was about.
    pub server: usize,
    pub answer: Answer,
}

impl Sample {
    fn is_read(&self) -> bool {
        matches!(self.answer, Answer::Hit | Answer::Miss)
    }
}

/// All of a load.
pub struct Seen {
    pub samples: Vec<Sample>,
    /// Meanwhile, one client of another leash and its server, which are always well.
    pub beside: Vec<Sample>,
}

impl Seen {
    /// How long reads took that began in this time, of keys of these servers.
    pub fn reads(&self, time: &Range<Instant>, server: impl Fn(usize) -> bool) -> Waits {
        of(self.samples.iter().filter(|s| s.is_read() && server(s.server) && time.contains(&s.begun)))
    }

    /// How long all requests took.
    pub fn waits(&self) -> Waits {
        of(self.samples.iter())
    }

    /// What the machine did in this time to whom nothing was done.
    pub fn beside(&self, time: &Range<Instant>) -> Waits {
        of(self.beside.iter().filter(|s| time.contains(&s.begun)))
    }

    /// The share of reads that hit, in this time, of keys of this server.
    pub fn hit_rate(&self, time: &Range<Instant>, server: usize) -> f64 {
        let reads = self.samples.iter().filter(|s| s.is_read() && s.server == server && time.contains(&s.begun));
        let (hits, all) = reads.fold((0, 0), |(hits, all), s| (hits + usize::from(s.answer == Answer::Hit), all + 1));
        assert!(all > 20, "only {all} reads tell nothing");
        hits as f64 / all as f64
    }
}

fn of<'s>(samples: impl Iterator<Item = &'s Sample>) -> Waits {
    Waits::of(samples.map(|sample| sample.waited))
}

#[test]
fn percentiles_are_of_the_waits_in_order() {
    let begun = Instant::now();
    let sample = |ms| Sample { begun, waited: Duration::from_millis(ms), server: 0, answer: Answer::Hit };
    let samples: Vec<Sample> = (0..=1000).rev().map(sample).collect();
    let waits = of(samples.iter());
    assert_eq!((waits.per_mille(990).as_millis(), waits.worst().as_millis()), (990, 1000));
    assert_eq!(waits.from(Duration::from_millis(900)).count(), 101);
}
