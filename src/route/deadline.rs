//! When a request must be answered, even if its policies still wait: set when it is asked.
//!
//! ```text
//!   asked ─▶ run … ─▶ reply                                   in time: that is the answer
//!               deadline ─▶ "no reply in time", run goes on   what was begun is ended, and tidied up
//! ```
//! A request that waits for others (a turn at a key, a claim, a value that another client regenerates) waits until then
//! at the longest, and then does nothing: leash does not begin late, behind the client's back. A server that was asked
//! has its own time, as on a route without policies.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The end of the time that one request is given.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The end of `patience` for what was asked at `asked`.
    pub fn new(asked: std::time::Instant, patience: Duration) -> Deadline {
        Deadline(Instant::from_std(asked + patience))
    }

    /// The same, so much later.
    pub fn later(self, more: Duration) -> Deadline {
        Deadline(self.0 + more)
    }

    /// When that is.
    pub fn end(self) -> Instant {
        self.0
    }

    /// Whether it has come.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// What `awaited` becomes, if it does so in time.
    pub async fn bounds<T>(self, awaited: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.0, awaited).await.ok()
    }
}
