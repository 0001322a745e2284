//! Connections on which leash has said its last word, until their server has read that.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Spool;

/// A connection that is ending.
pub(crate) struct Ending(Arc<Spool>);

impl Ending {
    /// One to the server of this spool.
    pub(crate) fn new(spool: Arc<Spool>) -> Ending {
        spool.ending.fetch_add(1, Relaxed);
        Ending(spool)
    }

    /// Whether the prober may have to wait for its end, since deletes wait for the server.
    pub(crate) fn matters(&self) -> bool {
        let pending = self.0.lock();
        let waits_to_serve = pending.is_held() && !pending.is_read_from();
        waits_to_serve || !pending.is_empty() && pending.is_held()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ending.fetch_sub(1, Relaxed);
    }
}

impl Spool {
    /// Whether there are such connections.
    pub fn has_endings(&self) -> bool {
        self.ending.load(Relaxed) > 0
    }
}
