//! Reads that their server is too busy to answer, and refuses at once. It could not be asked, neither for the item nor
//! for its lease: so one caller of this process regenerates the item without one, and the others wait for what it
//! stores. Were all told that there is nothing, all would regenerate, and the overload of the cache become one of what
//! is behind it.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::told::as_asked;
use super::wait::wait;
use super::win::Win;
use super::{Client, RefreshNode, Subject};
use crate::metrics::{ColdWait, LeaseOutcome};
use crate::protocol::{Cause, Failure, Get, Key, Reply, Returns};
use crate::route::Deadline;
use crate::route::refresh::decide::Holding;

/// The others wait as long as for a cold value, and at least as long as they would wait for a server that is slow.
const LEAST_WAIT: Duration = Duration::from_millis(500);

/// Whether a server, or leash for it, has refused what it could not answer in time.
pub(super) fn is_refusal(reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(Failure { cause: Cause::Overloaded, .. }))
}

/// Whether a server had more to do than to answer in time, known at once or seen later.
pub(super) fn is_too_late(reply: &Reply) -> bool {
    is_refusal(reply) || matches!(reply, Reply::Failed(Failure { cause: Cause::Timeout, .. }))
}

impl RefreshNode {
    /// The answer to a read that was refused: a miss for the caller that is to regenerate the item.
    pub(super) async fn find_refused(
        self: Rc<Self>,
        (key, get): (Key, Get),
        client: Rc<Client>,
        refused: Reply,
        deadline: Deadline,
    ) -> Reply {
        let (id, now) = (self.id(&key), self.env.now());
        let patience = (Instant::now() + self.policy.cold_wait.max(LEAST_WAIT)).min(deadline.end());
        let slot = match self.leases.claim(id, now, None) {
            Err(slot) => slot,
            Ok(claimed) => {
                let until = now + self.policy.lease_time();
                claimed.slot.settle(Holding::Taken { until, value_ends: None, is_here: true });
                self.shard.lease(self.route, LeaseOutcome::Unasked);
                if !self.loads() {
                    return refused;
                }
                let (subject, slot) = (Subject { key: &key, id, client: &client }, claimed.slot.clone());
                self.begin_load(&subject, None, Win { stale: None, lease: None, told: now, slot: slot.clone() });
                slot
            }
        };
        // leash asks for the CAS unique of a winner's value only on routes where callers wait for cold values.
        let is_told_later = !self.policy.cold_wait.is_zero() || !get.returns.has(Returns::CAS);
        if !is_told_later || client.is_overtaken(id) || client.regenerates(id, &slot) {
            return refused;
        }
        let Some(mut waiter) = self.waiter() else { return refused };
        let (mut place, waits) = (slot.join(), client.waits(id));
        match wait(&mut place, &waits, &client, patience).await {
            Ok(Some(item)) => {
                waiter.how = ColdWait::Value;
                return Reply::Hit(as_asked(item, &get));
            }
            Ok(None) => {}
            Err(how) => waiter.how = how,
        }
        refused
    }
}
