//! How much of everything happened, and how much of it a second.

use serde::{Deserialize, Serialize};

use crate::readable::{age, amount, percent};

/// Traffic over some time. What is not a share is a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Requests, each key of a get one.
    pub requests: f64,
    /// The share of gets that found something; `None` without a get.
    pub hit_ratio: Option<f64>,
    /// Requests that ended with an error, or without an answer from their server.
    pub errors: f64,
    /// Seconds within which 99 of 100 requests were answered, estimated; `None` without a request.
    pub p99: Option<f64>,
    /// Stale values served while a winner regenerates them.
    pub stale_served: f64,
    /// Regenerations avoided: the stale values, and waits that ended with the value.
    pub avoided: f64,
}

/// One step of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How many seconds ago it ended.
    pub ago: f64,
    /// What happened in it.
    #[serde(flatten)]
    pub rates: Rates,
}

/// What became of callers who found a value stale or missing, on routes that refresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Those who got the stale value while a winner regenerated it.
    pub stale_served: u64,
    /// Those who waited for a cold value and got it.
    pub waited: u64,
    /// Those who were told to regenerate.
    pub winners: u64,
    /// Those of the winners who never came back in time.
    pub expired: u64,
}

impl Saved {
    /// Callers who did not have to regenerate.
    pub fn avoided(&self) -> u64 {
        self.stale_served + self.waited
    }

    /// The share of callers who did not have to regenerate; `None` without a caller.
    pub fn share(&self) -> Option<f64> {
        let all = self.avoided() + self.winners;
        (all > 0).then(|| self.avoided() as f64 / all as f64)
    }
    /// The same for people, of so many seconds.
    pub fn in_brief(&self, seconds: f64) -> String {
        let lately = age(seconds);
        let Some(share) = self.share() else {
            return format!("In the last {lately} no caller found a value stale or missing.");
        };
        let (avoided, all) = (self.avoided() as f64, (self.avoided() + self.winners) as f64);
        format!(
            "In the last {lately}, {} of {} callers ({}) did not have to regenerate a value.",
            amount(avoided),
            amount(all),
            percent(share)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn savings_are_told_as_a_share_of_those_who_found_nothing_fresh() {
        let saved = Saved { stale_served: 3981, waited: 4, winners: 4, expired: 1 };
        let told = "In the last 5 min, 3,985 of 3,989 callers (99.8 %) did not have to regenerate a value.";
        assert_eq!(saved.in_brief(300.0), told);
        assert_eq!(Saved::default().in_brief(45.0), "In the last 45 s no caller found a value stale or missing.");
    }
}
