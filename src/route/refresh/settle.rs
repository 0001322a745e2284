//! A claim settled: its caller asks for the lease and wins it, or another has it, or there is nothing left to do.
//!
//! ```text
//!   claimed ─▶ ask for the lease, and for the item behind it ─▶ lost: another has it, and its value is looked out for
//!                                                              granted ─▶ still to do: a win
//!                                                                         done meanwhile: given back
//! ```

use std::rc::Rc;

use super::RefreshNode;
use super::asker::Asker;
use super::lease::LeaseAnswer;
use super::win::{Lease, Win};
use crate::metrics::LeaseOutcome;
use crate::protocol::{Item, Reply};
use crate::route::refresh::decide::{Holding, ItemId, Lack};
use crate::route::refresh::leases::{Claimed, ItemReading, WaitEnd};

/// Who regenerates an item, as a caller who asked for its lease learns.
pub(super) enum Regenerator {
    /// The caller, by this win; what there is of it until then.
    Caller(Option<Item>, Win),
    /// Another caller, or none has to; the item as it is now.
    Other(Option<Item>),
    /// None, as there is no value to be had; the item as it is now.
    None(Option<Item>, Lack),
    /// The item could not be read again.
    Unknown(Reply),
}

impl RefreshNode {
    /// Asks for the lease that was claimed, and settles the claim. The client's next request about the key waits until
    /// then, as it may be the winner's set.
    pub(super) async fn win(self: &Rc<Self>, asker: &Asker<'_>, claimed: Claimed) -> Regenerator {
        if claimed.has_expired {
            self.shard.lease(self.route, LeaseOutcome::Expired);
        }
        let turn = asker.subject.client.turns.enter(asker.subject.id);
        let (asked, reply, reading) = self.ask_lease(asker, &claimed.slot).await;
        drop(turn);
        let item = match reply {
            Reply::Hit(item) => Some(item),
            Reply::Miss => None,
            trouble => {
                if let LeaseAnswer::Granted(lease) = &asked {
                    self.give_back(&asker.subject, lease);
                }
                return Regenerator::Unknown(trouble);
            }
        };
        match asked {
            LeaseAnswer::Lost(seconds) => {
                self.shard.lease(self.route, LeaseOutcome::Lost);
                self.lost(asker.subject.id, &claimed, (item.as_ref(), reading), seconds);
                // The callers that waited for this answer could not know yet that the winner is in another sidecar.
                self.look_out(&asker.subject, &claimed.slot);
                Regenerator::Other(item)
            }
            LeaseAnswer::Barren(seconds, lack) => {
                self.shard.lease(self.route, LeaseOutcome::Lost);
                let is_fresh = item.as_ref().is_some_and(|item| !self.policy.is_stale(item));
                self.found_barren(asker.subject.id, &claimed, (item.as_ref(), reading), (seconds, lack));
                if is_fresh { Regenerator::Other(item) } else { Regenerator::None(item, lack) }
            }
            LeaseAnswer::Granted(lease) => self.granted(asker, &claimed, (item, reading), Some(lease)),
            LeaseAnswer::Unasked => self.granted(asker, &claimed, (item, reading), None),
        }
    }

    /// Another caller has the lease. If its value has come meanwhile, hands it to those that wait here.
    fn lost(&self, id: ItemId, claimed: &Claimed, (item, reading): (Option<&Item>, ItemReading), seconds: i64) {
        let now = self.env.now();
        match item {
            Some(item) if !self.policy.is_stale(item) => self.hand_over(id, claimed, item, reading),
            _ => claimed.slot.settle(Holding::Taken {
                until: now + self.policy.asks_again_after(seconds),
                value_ends: item.map(|item| self.ends(item, now)),
                is_here: false,
            }),
        }
    }

    /// The lease says that there is no value to be had for so many seconds. If there is one all the same, hands it to
    /// those that wait here, and else tells them.
    fn found_barren(
        &self,
        id: ItemId,
        claimed: &Claimed,
        (item, reading): (Option<&Item>, ItemReading),
        (seconds, lack): (i64, Lack),
    ) {
        match item {
            Some(item) if !self.policy.is_stale(item) => self.hand_over(id, claimed, item, reading),
            _ if lack == Lack::Absent => self.leases.end_slot(id, &claimed.slot, WaitEnd::Nothing(reading)),
            _ => claimed.slot.end_failed(self.env.now() + self.policy.asks_again_after(seconds)),
        }
    }

    /// The lease is ours, unless what it is for was done while we asked.
    fn granted(
        &self,
        asker: &Asker<'_>,
        claimed: &Claimed,
        (item, reading): (Option<Item>, ItemReading),
        lease: Option<Lease>,
    ) -> Regenerator {
        let now = self.env.now();
        // The caller was told that there is no answer, so it regenerates nothing by this lease.
        if asker.deadline.is_over() {
            lease.iter().for_each(|lease| self.give_back(&asker.subject, lease));
            claimed.slot.give_back();
            return Regenerator::Other(item);
        }
        let ends = item.as_ref().map(|item| self.ends(item, now));
        if let Some(newer) = item.as_ref().filter(|item| !self.is_to_do(asker, item, now)) {
            lease.iter().for_each(|lease| self.give_back(&asker.subject, lease));
            self.hand_over(asker.subject.id, claimed, newer, reading);
            return Regenerator::Other(item);
        }
        let outcome = if lease.is_some() { LeaseOutcome::Granted } else { LeaseOutcome::Unasked };
        self.shard.lease(self.route, outcome);
        let asked = lease.as_ref().map_or(now, |lease| lease.asked);
        claimed.slot.settle(Holding::Taken {
            until: asked + self.policy.lease_time(),
            value_ends: ends,
            is_here: true,
        });
        let stale = item.as_ref().map(|item| item.cas);
        Regenerator::Caller(item, Win { stale, lease, told: now, slot: claimed.slot.clone() })
    }

    fn hand_over(&self, id: ItemId, claimed: &Claimed, item: &Item, reading: ItemReading) {
        self.leases.end_slot(id, &claimed.slot, WaitEnd::Found(self.policy.as_told(item.clone()), reading));
    }
}
