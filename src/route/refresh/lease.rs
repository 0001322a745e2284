//! How a lease is asked for, looked at, given back and revoked: requests about an item of leash's own, on the server of
//! the item it is about.

use super::asker::Asker;
use super::win::Lease;
use super::{RefreshNode, Subject};
use crate::protocol::{Command, Delete, Exptime, Get, Item, Reply, Request, Returns, Store, StoreMode};
use crate::route::Answer;
use crate::route::refresh::decide::{Lack, LeaseToken, Look, REVOKED, Terms};
use crate::route::refresh::leases::{ItemReading, LeaseSlot};
use crate::route::without_cas::{is_without_cas, with_cas};

/// What became of the question for a lease.
pub(super) enum LeaseAnswer {
    /// It is ours.
    Granted(Lease),
    /// Another caller has it, for so many seconds more.
    Lost(i64),
    /// It says that there is no value to be had, for so many seconds more.
    Barren(i64, Lack),
    /// The server did not answer.
    Unasked,
}

impl RefreshNode {
    /// Asks for the lease of an item, and right behind it for the item, of which the reply is returned with its
    /// reading: the lease is for this item, not for the one that an earlier read found.
    pub(super) async fn ask_lease(&self, asker: &Asker<'_>, slot: &LeaseSlot) -> (LeaseAnswer, Reply, ItemReading) {
        let terms = Terms { ttl: self.policy.lease.into(), value_left: asker.value_left };
        let token = LeaseToken::new(self.env.random());
        let asked = self.env.now();
        let add = self.beside(&asker.subject, self.taking(token, terms, None));
        let look = self.look(&asker.subject);
        let reading = slot.begin_reading();
        let item = self.read_whole(&asker.subject, asker.get);
        let added = self.with_cas(add.await, &asker.subject);
        let looked = self.with_cas(look.await, &asker.subject);
        let item = item.await;
        if let Some(refusal) = [&added, &looked].into_iter().find(|reply| is_without_cas(reply)) {
            return (LeaseAnswer::Unasked, refusal.clone(), reading);
        }
        let looked = Look::of(&looked, Some(token));
        let asked = match (added, looked) {
            (Reply::Hit(Item { cas, .. }), _) => LeaseAnswer::Granted(Lease { token, cas, asked }),
            (Reply::NotStored, Look::Revoked(cas)) => return self.take_over(asker, slot, (token, terms), cas).await,
            (Reply::NotStored, Look::Others { left, cas, terms: theirs }) => match &item {
                // A value that is to be regenerated, and another than that the lease was taken for.
                Reply::Hit(item)
                    if self.is_to_do(asker, item, self.env.now())
                        && theirs.is_some_and(|theirs| theirs.are_met(left, item.ttl, self.policy.stale_time())) =>
                {
                    return self.take_over(asker, slot, (token, terms), cas).await;
                }
                _ => LeaseAnswer::Lost(left),
            },
            // It was told before what there is was stored.
            (Reply::NotStored, Look::Barren { lack: Lack::Absent, cas, .. }) if matches!(item, Reply::Hit(_)) => {
                return self.take_over(asker, slot, (token, terms), cas).await;
            }
            (Reply::NotStored, Look::Barren { left, lack, .. }) => LeaseAnswer::Barren(left, lack),
            // It ended in between: the next caller asks again.
            (Reply::NotStored, _) => LeaseAnswer::Lost(0),
            _ => LeaseAnswer::Unasked,
        };
        (asked, item, reading)
    }

    /// Takes a lease that has ended. Only one of those who try it does.
    async fn take_over(
        &self,
        asker: &Asker<'_>,
        slot: &LeaseSlot,
        (token, terms): (LeaseToken, Terms),
        ended: u64,
    ) -> (LeaseAnswer, Reply, ItemReading) {
        let asked = self.env.now();
        let take = self.beside(&asker.subject, self.taking(token, terms, Some(ended)));
        let reading = slot.begin_reading();
        let item = self.read_whole(&asker.subject, asker.get);
        let (taken, item) = (take.await, item.await);
        let asked = match taken {
            Reply::Hit(Item { cas, .. }) => LeaseAnswer::Granted(Lease { token, cas, asked }),
            Reply::Exists | Reply::NotFound | Reply::NotStored => LeaseAnswer::Lost(0),
            _ => LeaseAnswer::Unasked,
        };
        (asked, item, reading)
    }

    /// Looks at the lease.
    pub(super) fn look(&self, subject: &Subject<'_>) -> Answer {
        let returns = Returns::VALUE.and(Returns::CAS).and(Returns::TTL_BEFORE);
        self.beside(subject, Command::Get(Get { returns, ..Get::default() }))
    }

    /// Gives a lease back, unless another caller has it by now. Does not wait for the server's answer.
    pub(super) fn give_back(&self, subject: &Subject<'_>, lease: &Lease) {
        let delete = Delete { compare_cas: Some(lease.cas), ..Delete::default() };
        drop(self.beside(subject, Command::Delete(delete)));
    }

    /// Revokes a lease, unless another caller has it by now.
    pub(super) fn revoke_own(&self, subject: &Subject<'_>, lease: &Lease) {
        drop(self.beside(subject, self.revoking(StoreMode::Set, Some(lease.cas))));
    }

    /// Revokes any caller's lease: questions that the server is sent after this find it revoked.
    pub(super) fn revoke(&self, subject: &Subject<'_>) {
        drop(self.beside(subject, self.revoking(StoreMode::Replace, None)));
    }

    /// Says in a lease that there is no value to be had for so long, unless it was revoked by now.
    pub(super) fn bar(&self, subject: &Subject<'_>, lease: &Lease, lack: Lack, seconds: u32) -> Answer {
        let (value, ttl) = (lack.word().into(), Some(Exptime::from_now(seconds.into())));
        let store = Store { value, ttl, compare_cas: Some(lease.cas), ..Store::default() };
        self.beside(subject, Command::Store(store))
    }

    fn revoking(&self, mode: StoreMode, compare_cas: Option<u64>) -> Command {
        let ttl = Some(Exptime::from_now(self.policy.lease.into()));
        Command::Store(Store { mode, value: REVOKED.into(), ttl, compare_cas, ..Store::default() })
    }

    /// Puts the token where nothing is, or over the lease with this CAS unique.
    fn taking(&self, token: LeaseToken, terms: Terms, ended: Option<u64>) -> Command {
        let mode = if ended.is_some() { StoreMode::Set } else { StoreMode::Add };
        let ttl = Some(Exptime::from_now(self.policy.lease.into()));
        let value = token.value(terms);
        Command::Store(Store { mode, value, ttl, compare_cas: ended, returns: Returns::CAS, ..Store::default() })
    }

    fn with_cas(&self, reply: Reply, subject: &Subject<'_>) -> Reply {
        with_cas(reply, &**self.below.root(), subject.key)
    }

    fn beside(&self, subject: &Subject<'_>, command: Command) -> Answer {
        self.below.call_beside(subject.key, &Request { key: subject.id.lease_key(), command }, subject.client)
    }
}
