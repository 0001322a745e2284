//! Why a read may be told that there is nothing: a call that failed or found nothing, a connection that was lost.

use std::time::Duration;

use tokio::time::Instant;

use super::oracle::{SECOND, SLACK};

struct Reason {
    /// All keys, if none is named.
    key: Option<usize>,
    at: Instant,
    lasts: Duration,
    /// The truth as it was known to who found nothing.
    version: Option<u64>,
}

#[derive(Default)]
pub struct Reasons(Vec<Reason>);

impl Reasons {
    pub fn add(&mut self, key: Option<usize>, lasts: Duration, version: Option<u64>) {
        self.0.push(Reason { key, at: Instant::now(), lasts, version });
    }

    /// Whether there was one that may be over.
    pub fn were_any(&self, key: usize) -> bool {
        self.0.iter().any(|reason| reason.is_about(key))
    }

    /// Whether there was one when a read began.
    pub fn any(&self, key: usize, began: Instant) -> bool {
        self.0.iter().any(|reason| reason.is_about(key) && reason.holds(began))
    }

    /// Whether there was one that knew all of the truth up to this.
    pub fn any_as_new(&self, key: usize, began: Instant, newest: u64) -> bool {
        let is_as_new = |reason: &Reason| reason.version.is_none_or(|known| known >= newest);
        self.0.iter().any(|reason| reason.is_about(key) && reason.holds(began) && is_as_new(reason))
    }
}

impl Reason {
    fn is_about(&self, key: usize) -> bool {
        self.key.is_none_or(|own| own == key)
    }

    /// memcached keeps what lasts so many seconds for up to one more, and leash notices within another.
    fn holds(&self, began: Instant) -> bool {
        began <= self.at + self.lasts + 2 * SECOND + SLACK
    }
}
