//! How a lease is asked for, looked at, given back and revoked: requests about an item of leash's own, on the server of
//! the item it is about.

use super::read::Asker;
use super::win::Lease;
use super::{Refresh, Subject};
use crate::leases::{Reading, Slot};
use crate::protocol::{Command, Delete, Exptime, Get, Item, Reply, Request, Returns, Store, StoreMode};
use crate::refresh::{Look, REVOKED, Token};
use crate::route::Answer;

/// What became of the question for a lease.
pub(super) enum Asked {
    /// It is ours.
    Granted(Lease),
    /// Somebody has it, for so many seconds more.
    Lost(i64),
    /// There was no answer.
    Unasked,
}

impl Refresh {
    /// Asks for the lease of an item, and for the item behind it: what is found then is what the lease is for, whatever
    /// was found before. With that reading.
    pub(super) async fn ask_lease(&self, asker: &Asker<'_>, slot: &Slot) -> (Asked, Reply, Reading) {
        let token = Token::new(self.scene.random());
        let asked = self.scene.now();
        let add = self.beside(&asker.subject, self.taking(&token, None));
        let look = self.look(&asker.subject);
        let reading = slot.begin_reading();
        let item = self.read_whole(&asker.subject, asker.get);
        let added = add.await;
        let looked = Look::of(&look.await, Some(&token));
        let item = item.await;
        let asked = match (added, looked) {
            (Reply::Hit(Item { cas, .. }), _) => Asked::Granted(Lease { token, cas, asked }),
            (Reply::NotStored, Look::Revoked(cas)) => return self.take_over(asker, slot, token, cas).await,
            (Reply::NotStored, Look::Others(seconds)) => Asked::Lost(seconds),
            // It ended in between: the next caller asks again.
            (Reply::NotStored, _) => Asked::Lost(0),
            _ => Asked::Unasked,
        };
        (asked, item, reading)
    }

    /// Takes a revoked lease. Only one of those who try it does.
    async fn take_over(&self, asker: &Asker<'_>, slot: &Slot, token: Token, revoked: u64) -> (Asked, Reply, Reading) {
        let asked = self.scene.now();
        let take = self.beside(&asker.subject, self.taking(&token, Some(revoked)));
        let reading = slot.begin_reading();
        let item = self.read_whole(&asker.subject, asker.get);
        let (taken, item) = (take.await, item.await);
        let asked = match taken {
            Reply::Hit(Item { cas, .. }) => Asked::Granted(Lease { token, cas, asked }),
            Reply::Exists | Reply::NotFound | Reply::NotStored => Asked::Lost(0),
            _ => Asked::Unasked,
        };
        (asked, item, reading)
    }

    /// Looks at the lease.
    pub(super) fn look(&self, subject: &Subject<'_>) -> Answer {
        let returns = Returns::VALUE.and(Returns::CAS).and(Returns::TTL_BEFORE);
        self.beside(subject, Command::Get(Get { returns, ..Get::default() }))
    }

    /// Gives a lease back, unless it is somebody else's by now. Nobody waits for it.
    pub(super) fn give_back(&self, subject: &Subject<'_>, lease: &Lease) {
        let delete = Delete { compare_cas: Some(lease.cas), ..Delete::default() };
        drop(self.beside(subject, Command::Delete(delete)));
    }

    /// Revokes a lease, unless it is somebody else's by now.
    pub(super) fn revoke_own(&self, subject: &Subject<'_>, lease: &Lease) {
        drop(self.beside(subject, self.revoking(StoreMode::Set, Some(lease.cas))));
    }

    /// Revokes the lease, whoever has it: what the server is asked after this finds it revoked.
    pub(super) fn revoke(&self, subject: &Subject<'_>) {
        drop(self.beside(subject, self.revoking(StoreMode::Replace, None)));
    }

    fn revoking(&self, mode: StoreMode, compare_cas: Option<u64>) -> Command {
        let ttl = Some(self.policy.lease as Exptime);
        Command::Store(Store { mode, value: REVOKED.into(), ttl, compare_cas, ..Store::default() })
    }

    fn taking(&self, token: &Token, revoked: Option<u64>) -> Command {
        let mode = if revoked.is_some() { StoreMode::Set } else { StoreMode::Add };
        let ttl = Some(self.policy.lease as Exptime);
        let value = token.value();
        Command::Store(Store { mode, value, ttl, compare_cas: revoked, returns: Returns::CAS, ..Store::default() })
    }

    fn beside(&self, subject: &Subject<'_>, command: Command) -> Answer {
        self.below.call_beside(subject.key, &Request { key: subject.id.lease_key(), command }, subject.client)
    }
}
