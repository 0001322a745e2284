//! What became of the keys of one server, counted.

use std::time::Duration;

/// What became of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the new pool now; its value has so many bytes.
    Copied(usize),
    /// The new pool had it already, or a client wrote or deleted it meanwhile. It was left alone.
    There,
    /// The old pool does not have it any more.
    Gone,
    /// A server said that it would not, in these words.
    Refused(String),
    /// A server did not answer, so nothing is known.
    Unanswered(String),
    /// The run ended before anything was known.
    Open,
}

/// What became of the keys of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WarmTally {
    /// The server, with its pool.
    pub server: String,
    /// Keys it listed.
    pub listed: u64,
    /// Those of no route that is copied.
    pub others: u64,
    /// Those whose place is another server.
    pub orphans: u64,
    /// Those to be copied.
    pub ours: u64,
    /// Bytes that their items take in the server's memory.
    pub size: u64,
    /// Those that an earlier run has done.
    pub before: u64,
    /// Copied.
    pub copied: u64,
    /// Left alone.
    pub there: u64,
    /// Gone or expired.
    pub gone: u64,
    /// Refused by a server.
    pub refused: u64,
    /// Those for which a server did not answer.
    pub unanswered: u64,
    /// Bytes of the values that were copied.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
    /// Whether all its keys were seen to.
    pub is_done: bool,
    /// The first thing that went wrong, in a sentence.
    pub trouble: Option<String>,
}

impl WarmTally {
    /// Nothing counted yet.
    pub fn of(server: &str) -> WarmTally {
        WarmTally { server: server.to_string(), ..WarmTally::default() }
    }

    /// Counts one key.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Copied(bytes) => {
                self.copied += 1;
                self.bytes += bytes as u64;
            }
            Outcome::There => self.there += 1,
            Outcome::Gone => self.gone += 1,
            Outcome::Refused(why) => {
                self.refused += 1;
                self.trouble.get_or_insert(why);
            }
            Outcome::Unanswered(why) => {
                self.unanswered += 1;
                self.trouble.get_or_insert(why);
            }
            Outcome::Open => {}
        }
    }

    /// Keys for which a server did not do its part.
    pub fn failed(&self) -> u64 {
        self.refused + self.unanswered
    }

    /// Keys that were seen to in this run.
    pub fn seen_to(&self) -> u64 {
        self.copied + self.there + self.gone + self.failed()
    }

    /// The sum of both, without words.
    pub fn and(&self, other: &WarmTally) -> WarmTally {
        WarmTally {
            listed: self.listed + other.listed,
            others: self.others + other.others,
            orphans: self.orphans + other.orphans,
            ours: self.ours + other.ours,
            size: self.size + other.size,
            before: self.before + other.before,
            copied: self.copied + other.copied,
            there: self.there + other.there,
            gone: self.gone + other.gone,
            refused: self.refused + other.refused,
            unanswered: self.unanswered + other.unanswered,
            bytes: self.bytes + other.bytes,
            took: self.took + other.took,
            ..WarmTally::default()
        }
    }
}
