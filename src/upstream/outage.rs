//! Since when and why a server is down, for people. Written when it goes down and when a probe fails, so never on the
//! way of a request that is answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::protocol::Cause;

/// A server's time out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it began.
    pub since: Instant,
    /// What the last try ran into; `None` while the server only waits to be told what it missed.
    pub why: Option<Cause>,
}

/// The outage of one server, if there is one.
pub(super) struct OutageLog(Mutex<Option<Outage>>);

impl OutageLog {
    /// It goes on as it was, if it was one.
    pub(super) fn new(outage: Option<Outage>) -> OutageLog {
        OutageLog(Mutex::new(outage))
    }

    /// What is going on, or was if the server is up.
    pub(super) fn get(&self) -> Option<Outage> {
        *self.lock()
    }

    /// It begins.
    pub(super) fn begin(&self, since: Instant, why: Option<Cause>) {
        *self.lock() = Some(Outage { since, why });
    }

    /// It goes on at `now`, and this is why.
    pub(super) fn go_on(&self, now: Instant, why: Cause) {
        let mut outage = self.lock();
        let since = outage.map_or(now, |outage| outage.since);
        *outage = Some(Outage { since, why: Some(why) });
    }

    /// It is over.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
