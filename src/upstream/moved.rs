//! Leaving an address that a server's name no longer means, or a connection that is not needed for now: the connection
//! is given up at the first moment when nothing is owed on it, so no request fails, and the next request is sent on a
//! new one.

use super::link::{Link, LinkPhase};
use crate::protocol::Cause;
use crate::runtime::dns::Addresses;

/// Why such a connection ends. No caller waits on it, so none is told.
pub(super) const MOVED: Cause = Cause::Shutdown;

impl Link {
    /// Gives the connection up if it leads to an address its server has left and nothing is owed on it. Why, if so.
    #[inline]
    pub(super) fn leave_old_address(&mut self, addresses: &Addresses) -> Option<Cause> {
        let changes = addresses.changes();
        if changes == self.changes { None } else { self.leave_one_not_in(addresses, changes) }
    }

    fn leave_one_not_in(&mut self, addresses: &Addresses, changes: u32) -> Option<Cause> {
        if !self.slots.is_empty() || !matches!(self.phase, LinkPhase::Open(_)) {
            return None;
        }
        self.changes = changes;
        let peer = self.peer.filter(|peer| !addresses.known().contains(peer));
        peer.map(|_| {
            self.phase = LinkPhase::Doomed(MOVED);
            MOVED
        })
    }

    /// Gives the connection up, on which nothing is owed and which is not needed now.
    pub(super) fn give_up(&mut self) {
        self.phase = LinkPhase::Doomed(MOVED);
    }

    /// Whether the connection was given up in this way. A server that no configuration names any more ends its
    /// connections with the same cause, but otherwise.
    pub(super) fn has_moved(&self) -> bool {
        matches!(self.phase, LinkPhase::Doomed(MOVED))
    }
}
