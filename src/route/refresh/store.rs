//! A set, and what a winner's must heed above that.
//!
//! A winner must not put an outdated value back, and a slow winner must not work for nothing. So its set is refused only
//! on evidence that something newer came between, and the winner is told `STORED` either way: to it, its value may as
//! well have been evicted.
//!
//! ```text
//!   won a stale item ─▶ store by its CAS ─▶ stored: kept, unless somebody else has or had the lease by now
//!                                           changed: refused      gone: as if nothing had been there
//!   won nothing ──────▶ add ─▶ something is there: refused
//!                              added: look at the lease: ours, or run out: kept    revoked, another's: undone
//! ```

use super::win::Win;
use super::{Refresh, Subject};
use crate::leases::End;
use crate::metrics::SetRefusal;
use crate::protocol::{Command, Delete, Item, Reply, Returns, Store, StoreMode};
use crate::refresh::{Look, Undo, lasts};
use crate::route::Answer;

/// A value on its way to the server, and the item it makes as others will be told it.
pub(super) struct Bringing {
    pub store: Store,
    pub item: Item,
}

/// What became of a winner's value.
pub(super) enum Stored {
    /// It is there.
    Kept(Item),
    /// Something newer is, or may have been.
    Refused(SetRefusal),
    /// There was no item to store it over.
    Gone,
    /// The server did not store it.
    Failed(Reply),
}

impl Refresh {
    /// A set by somebody who won nothing: the last word, as on any memcached.
    pub(super) async fn set(&self, subject: &Subject<'_>, bringing: Bringing) -> Reply {
        self.revoke(subject);
        let reply = self.store(subject, bringing.store.clone()).await;
        if let Reply::Hit(stored) = &reply {
            self.leases.end(subject.id, bringing.end(stored));
        }
        reply
    }

    /// A set, or an add, by a winner.
    pub(super) async fn set_won(&self, subject: &Subject<'_>, bringing: Bringing, win: Win) -> Stored {
        let took = self.scene.now().saturating_duration_since(win.told);
        self.shard.regeneration(self.route, took);
        self.leases.learn(subject.id, took);
        let over = match win.stale {
            Some(cas) => self.store_over(subject, &bringing.store, cas, &win).await,
            None => Stored::Gone,
        };
        let stored = match over {
            Stored::Gone => self.store_where_nothing_is(subject, &bringing.store, &win).await,
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
            Stored::Kept(item) => bringing.end(item),
            // Too large for the server, say: it is no less the value that others wait for.
            Stored::Failed(_) => bringing.end(&Item::default()),
            Stored::Refused(_) | Stored::Gone => End::Over,
        };
        self.leases.end_slot(subject.id, &win.slot, end);
        stored
    }

    async fn store_over(&self, subject: &Subject<'_>, store: &Store, stale: u64, win: &Win) -> Stored {
        // Past its time somebody else may have won too, whose newer value would be refused because of this one.
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
                // In time: whoever revoked the lease meanwhile is about to store or delete, behind this.
                Some(SetRefusal::Revoked) if !self.is_late(win) => Stored::Kept(item),
                Some(why) => self.undo(subject, item, why).await,
                None => Stored::Kept(item),
            },
            Reply::Exists => Stored::Refused(SetRefusal::Changed),
            Reply::NotFound => Stored::Gone,
            failed => Stored::Failed(failed),
        }
    }

    /// What is there by now is newer than the nothing the winner was told of.
    async fn store_where_nothing_is(&self, subject: &Subject<'_>, store: &Store, win: &Win) -> Stored {
        let stored = self.store(subject, Store { mode: StoreMode::Add, compare_cas: None, ..store.clone() });
        let look = self.look(subject);
        match stored.await {
            Reply::Hit(item) => match self.evidence(win, look).await {
                Some(why) => self.undo(subject, item, why).await,
                None => Stored::Kept(item),
            },
            Reply::NotStored => Stored::Refused(SetRefusal::Changed),
            failed => Stored::Failed(failed),
        }
    }

    /// What a look at the lease says against keeping the winner's value.
    async fn evidence(&self, win: &Win, look: Answer) -> Option<SetRefusal> {
        let lease = win.lease.as_ref()?;
        let look = Look::of(&look.await, Some(&lease.token));
        let since = self.scene.now().saturating_duration_since(lease.asked);
        look.undoes(since, self.policy.lease_time()).map(|undo| match undo {
            Undo::Revoked => SetRefusal::Revoked,
            Undo::Overtaken => SetRefusal::Overtaken,
        })
    }

    fn is_late(&self, win: &Win) -> bool {
        let since = |lease: &super::win::Lease| self.scene.now().saturating_duration_since(lease.asked);
        win.lease.as_ref().is_some_and(|lease| self.policy.may_have_run_out(since(lease)))
    }

    async fn undo(&self, subject: &Subject<'_>, stored: Item, why: SetRefusal) -> Stored {
        let delete = Delete { compare_cas: Some(stored.cas), ..Delete::default() };
        self.call(subject, Command::Delete(delete)).await;
        Stored::Refused(why)
    }
}

impl Refresh {
    /// The value as a set stores it: for longer than was asked, and marked where that is so.
    pub(super) fn marked(&self, store: &Store) -> Bringing {
        let asked = store.ttl.unwrap_or(0);
        let stretched = self.policy.stretch(asked, self.scene.unix(), self.scene.chance());
        let marker = if stretched.is_marked { self.policy.marker } else { 0 };
        let client_flags = store.client_flags | marker;
        let store = Store { client_flags, ttl: store.ttl.map(|_| stretched.exptime), ..store.clone() };
        self.bringing(store, stretched.lasts)
    }

    /// The value as an add stores it.
    pub(super) fn unmarked(&self, store: &Store) -> Bringing {
        let lasts = lasts(store.ttl.unwrap_or(0), self.scene.unix());
        self.bringing(store.clone(), lasts)
    }

    fn bringing(&self, store: Store, lasts: i64) -> Bringing {
        let size = store.value.len() as u32;
        let (value, client_flags) = (Some(store.value.clone()), store.client_flags);
        let item = self.policy.as_told(Item { value, client_flags, ttl: lasts, size, ..Item::default() });
        Bringing { store, item }
    }

    /// Stores, and asks for the CAS unique that tells the stored item from the next.
    pub(super) fn store(&self, subject: &Subject<'_>, store: Store) -> Answer {
        let returns = store.returns.and(Returns::CAS);
        self.call(subject, Command::Store(Store { returns, ..store }))
    }
}

impl Bringing {
    /// What those are told who wait for the value.
    fn end(&self, stored: &Item) -> End {
        End::Value(Item { cas: stored.cas, ..self.item.clone() })
    }
}
