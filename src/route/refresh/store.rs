//! Sets, and the checks that a winner's set must pass.
//!
//! A winner must not put an outdated value back, and a slow winner must not work in vain. So leash refuses its set only
//! on positive evidence that something newer came between, and answers `STORED` either way: to the winner, its value
//! may as well have been evicted.
//!
//! ```text
//!   won a stale item ─▶ store by its CAS ─▶ stored: kept, unless another caller has or had the lease by now
//!                                           changed: refused      gone: as if nothing had been there
//!   won nothing ──────▶ add ─▶ something is there: refused
//!                              added: look at the lease: ours, or run out: kept    revoked, another's: undone
//! undo ──────────────▶ deleted by its CAS ─▶ changed meanwhile: deleted too, if it may have been made of it
//! ```

use super::look::TRIES;
use super::refused::is_too_late;
use super::win::Win;
use super::{Ask, RefreshNode, Subject};
use crate::metrics::SetRefusal;
use crate::protocol::{Command, Delete, Exptime, Get, Item, Reply, Returns, Store, StoreMode};
use crate::route::Answer;
use crate::route::refresh::decide::{ItemId, Look, Undo};
use crate::route::refresh::leases::{LeaseSlot, WaitEnd};

/// What became of a winner's value.
pub(super) enum Stored {
    /// It is there.
    Kept(Item),
    /// Something newer is, or may have been.
    Refused(SetRefusal),
    /// There is no item any more to store it over.
    Gone,
    /// The server did not store it.
    Failed(Reply),
}

impl RefreshNode {
    /// Whether this is a set that needs no more than to be sent: its client won nothing and waits for nothing, and the
    /// item will outlast any lease of today, so that it speaks for itself against a winner who comes late.
    pub(super) fn is_plain_set(&self, store: &Store, ask: &Ask<'_>) -> bool {
        store.mode == StoreMode::Set
            && store.compare_cas.is_none()
            && !store.invalidate
            && !self.ends_before_a_lease(store)
            && !ask.client.has_wins()
            && !ask.client.is_waiting()
    }

    fn ends_before_a_lease(&self, store: &Store) -> bool {
        store.ttl.is_some_and(|exptime| self.policy.ends_before_a_lease(exptime, self.env.unix()))
    }

    /// A set by a client that won nothing: the last word, as on any memcached.
    pub(super) async fn set(&self, subject: &Subject<'_>, store: &Store) -> Reply {
        if self.ends_before_a_lease(store) {
            self.revoke(subject);
        }
        let store = self.marked(store);
        let reply = self.call(subject, Command::Store(store.clone())).await;
        self.bring(subject.id, &store, &reply);
        reply
    }

    /// Ends what leases there are of an item that was stored, and hands it to who waits for it.
    pub(super) fn bring(&self, id: ItemId, store: &Store, reply: &Reply) {
        match reply {
            Reply::Hit(stored) => self.leases.end(id, |slot| self.brought(slot, store, stored)),
            // It may not be stored, but is no less the value that others wait for.
            failed if is_too_late(failed) => self.leases.end(id, |slot| self.brought(slot, store, &Item::default())),
            _ => {}
        }
    }

    /// A set, or an add, by a winner; `store` as it is to be sent.
    pub(super) async fn set_won(&self, subject: &Subject<'_>, store: &Store, win: Win) -> Stored {
        let took = self.env.now().saturating_duration_since(win.told);
        self.shard.regeneration(self.route, took);
        self.leases.learn(subject.id, took);
        let reading = win.slot.begin_reading();
        let over = match win.stale {
            Some(cas) => self.store_over(subject, store, cas, &win).await,
            None => Stored::Gone,
        };
        let stored = match over {
            Stored::Gone => self.store_where_nothing_is(subject, store, &win).await,
            stored => stored,
        };
        if let Some(lease) = &win.lease {
            match stored {
                // By a winner before this one, perhaps, that came late and has yet to look what became of its lease.
                Stored::Refused(SetRefusal::Changed) => self.revoke_own(subject, lease),
                _ => self.give_back(subject, lease),
            }
        }
        let end = match &stored {
            Stored::Kept(item) => self.brought(&win.slot, store, item),
            // Too large for the server, say: it is no less the value that others wait for.
            Stored::Failed(_) => self.brought(&win.slot, store, &Item::default()),
            Stored::Refused(_) | Stored::Gone => WaitEnd::Over,
        };
        // It may have been deleted again before those came who wait since it was stored. A client's set is not over
        // before its client knows; a load is.
        let end = match end {
            WaitEnd::Value(item) if self.loads() => WaitEnd::Found(item, reading),
            end => end,
        };
        self.leases.end_slot(subject.id, &win.slot, end);
        stored
    }

    async fn store_over(&self, subject: &Subject<'_>, store: &Store, stale: u64, win: &Win) -> Stored {
        // Past its time another caller may have won too, whose newer value would be refused because of this one.
        if self.is_late(win)
            && let Some(why) = self.evidence(win, self.look(subject)).await
        {
            return Stored::Refused(why);
        }
        let by_cas = Store { mode: StoreMode::Set, compare_cas: Some(stale), ..store.clone() };
        let stored = self.store(subject, by_cas);
        let look = self.look(subject);
        match stored.await {
            Reply::Hit(item) => match self.evidence(win, look).await {
                // In time: the client that revoked the lease meanwhile is about to store or delete, after this.
                Some(SetRefusal::Revoked) if !self.is_late(win) => Stored::Kept(item),
                Some(why) => self.undo(subject, store, item, why).await,
                None => Stored::Kept(item),
            },
            Reply::Exists => Stored::Refused(SetRefusal::Changed),
            Reply::NotFound => Stored::Gone,
            failed => Stored::Failed(failed),
        }
    }

    /// The winner was told that there is no item: an item that is there now is newer, and stays.
    async fn store_where_nothing_is(&self, subject: &Subject<'_>, store: &Store, win: &Win) -> Stored {
        let stored = self.store(subject, Store { mode: StoreMode::Add, compare_cas: None, ..store.clone() });
        let look = self.look(subject);
        match stored.await {
            Reply::Hit(item) => match self.evidence(win, look).await {
                Some(why) => self.undo(subject, store, item, why).await,
                None => Stored::Kept(item),
            },
            Reply::NotStored => Stored::Refused(SetRefusal::Changed),
            failed => Stored::Failed(failed),
        }
    }

    /// What a look at the lease says against keeping the winner's value.
    pub(super) async fn evidence(&self, win: &Win, look: Answer) -> Option<SetRefusal> {
        let lease = win.lease.as_ref()?;
        let look = Look::of(&look.await, Some(lease.token));
        let since = self.env.now().saturating_duration_since(lease.asked);
        look.undoes(since, self.policy.lease_time()).map(|undo| match undo {
            Undo::Revoked => SetRefusal::Revoked,
            Undo::Overtaken => SetRefusal::Overtaken,
        })
    }

    fn is_late(&self, win: &Win) -> bool {
        let since = |lease: &super::win::Lease| self.env.now().saturating_duration_since(lease.asked);
        win.lease.as_ref().is_some_and(|lease| self.policy.may_have_run_out(since(lease)))
    }

    /// Removes a value again that was stored as `ours`.
    async fn undo(&self, subject: &Subject<'_>, ours: &Store, stored: Item, why: SetRefusal) -> Stored {
        if self.delete_if(subject, stored.cas).await == Reply::Exists {
            self.undo_what_was_built(subject, ours).await;
        }
        Stored::Refused(why)
    }

    /// Removes the item of a client that appended to the outdated value, counted in it, or stored over it: it is as
    /// old.
    async fn undo_what_was_built(&self, subject: &Subject<'_>, ours: &Store) {
        // The item may be newer after all, and would have been the evidence against the next late winner: the revoked
        // lease stands in for it.
        self.revoke(subject);
        let returns = Returns::VALUE.and(Returns::FLAGS).and(Returns::CAS).and(Returns::TTL_BEFORE);
        let look = Get { returns, no_bump: true, ..Get::default() };
        for _ in 0..TRIES {
            let Reply::Hit(item) = self.call(subject, Command::Get(look.clone())).await else { return };
            if !self.policy.may_be_built_on(ours, &item) || self.delete_if(subject, item.cas).await != Reply::Exists {
                return;
            }
        }
        // Counted in faster than one can look.
        self.call(subject, Command::Delete(Delete::default())).await;
    }

    /// Deletes what has this CAS unique.
    pub(super) fn delete_if(&self, subject: &Subject<'_>, cas: u64) -> Answer {
        self.call(subject, Command::Delete(Delete { compare_cas: Some(cas), ..Delete::default() }))
    }

    /// The value as a set stores it: for longer than was asked, and marked where that is so.
    pub(super) fn marked(&self, store: &Store) -> Store {
        let Some(asked) = store.ttl else { return self.telling(store.clone()) };
        let stretched = self.policy.stretch(asked, self.env.unix(), self.env.chance());
        let marker = if stretched.is_marked { self.policy.marker } else { 0 };
        let (client_flags, ttl) = (store.client_flags | marker, Some(stretched.exptime));
        self.telling(Store { client_flags, ttl, ..store.clone() })
    }

    /// Asks for the CAS unique too, as callers that wait for the value may want it.
    pub(super) fn telling(&self, store: Store) -> Store {
        if self.policy.cold_wait.is_zero() {
            return store;
        }
        Store { returns: store.returns.and(Returns::CAS), ..store }
    }

    /// The item that was stored, for the callers that wait for the value.
    fn brought(&self, slot: &LeaseSlot, store: &Store, stored: &Item) -> WaitEnd {
        if self.policy.cold_wait.is_zero() && !slot.is_awaited() {
            return WaitEnd::Over;
        }
        let (value, client_flags, size) = (Some(store.value.clone()), store.client_flags, store.value.len() as u32);
        let ttl = store.ttl.unwrap_or(Exptime::NEVER).ttl(self.env.unix());
        WaitEnd::Value(self.policy.as_told(Item { value, client_flags, size, ttl, cas: stored.cas, ..Item::default() }))
    }

    /// Stores, and asks for the CAS unique that tells the stored item from the next.
    pub(super) fn store(&self, subject: &Subject<'_>, store: Store) -> Answer {
        let returns = store.returns.and(Returns::CAS);
        self.call(subject, Command::Store(Store { returns, ..store }))
    }
}
