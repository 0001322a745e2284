//! A regeneration by leash itself: what a winner does elsewhere, done here on behalf of all who want the value.
//!
//! ```text
//!   won ─▶ load, in a task of its own: it goes on though its caller hangs up
//!            ├▶ a value ─▶ stored as a winner's set is ─▶ told to all who wait
//!            ├▶ one that is not kept ─▶ told to them; a stale one is removed
//!            ├▶ there is none ─▶ the lease says so for a while; a stale one is removed
//!            └▶ failed ─▶ the lease says so for a moment; a stale one stays
//! ```
//! The checks against deletes and writes that came between are those of any winner: what they refuse reaches nobody.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::spawn_local;
use tokio::time::Instant;

use super::regenerate::{Keep, Regenerate, Regenerated, Wanted};
use super::store::Stored;
use super::told::as_asked;
use super::wait::wait;
use super::win::Win;
use super::{Client, RefreshNode, Subject};
use crate::protocol::{Command, Delete, Exptime, Get, Item, Key, Reply, Store};
use crate::route::refresh::decide::Lack;
use crate::route::refresh::leases::{LeaseSlot, WaitEnd};
use crate::upstream::Party;

impl RefreshNode {
    /// Whether leash itself regenerates what a caller wins.
    pub(super) fn loads(&self) -> bool {
        self.by.is_some()
    }

    /// Begins to regenerate what a caller won; `item` is what there is until then.
    pub(super) fn begin_load(self: &Rc<Self>, subject: &Subject<'_>, item: Option<&Item>, win: Win) {
        let Some(by) = self.by.clone() else { return };
        let (key, whose) = (subject.key.clone(), Party::of(subject.client));
        let wanted = Wanted { key: key.clone(), id: subject.id, stale: item.cloned(), whose };
        spawn_local(self.clone().load(by, key, wanted, win));
    }

    async fn load(self: Rc<Self>, by: Rc<dyn Regenerate>, key: Key, wanted: Wanted, win: Win) {
        let (id, client) = (wanted.id, Client::new());
        let subject = Subject { key: &key, id, client: &client };
        let regenerated = by.regenerate(wanted).await;
        self.env.wakes();
        match regenerated {
            Regenerated::Value { value, client_flags, keep: Keep::Never } => {
                self.tell_only(&subject, value, client_flags, win).await;
            }
            Regenerated::Value { value, client_flags, keep } => {
                let store = self.kept(value, client_flags, keep);
                let stored = self.set_won(&subject, &store, win).await;
                // It may be stored all the same, and who revoked its lease would not be heeded.
                if let Stored::Failed(Reply::Failed(_)) = stored {
                    drop(self.call(&subject, Command::Delete(Delete::default())));
                }
                // Counts what is refused; there is nobody to be told.
                let _ = self.told_stored(stored);
            }
            Regenerated::Absent(seconds) => {
                self.remove_stale(&subject, &win);
                self.remember_none(&subject, &win, Lack::Absent, seconds).await;
            }
            Regenerated::Failed(seconds) => self.remember_none(&subject, &win, Lack::Failed, seconds).await,
        }
    }

    /// The set that keeps a value so.
    fn kept(&self, value: Bytes, client_flags: u32, keep: Keep) -> Store {
        let lasting = |seconds: u32| {
            let lasting = Exptime::lasting(i64::from(seconds.max(1)), self.env.unix());
            Some(lasting.unwrap_or(Exptime::LATEST))
        };
        match keep {
            Keep::Never => Store { value, client_flags, ttl: Some(Exptime::PAST), ..Store::default() },
            Keep::Plain(seconds) => {
                self.telling(Store { value, client_flags, ttl: lasting(seconds), ..Store::default() })
            }
            Keep::WithGrace(seconds) => {
                self.marked(&Store { value, client_flags, ttl: lasting(seconds), ..Store::default() })
            }
        }
    }

    /// Hands a value that is not kept to those who wait, unless the lease was revoked, and removes what is older.
    async fn tell_only(&self, subject: &Subject<'_>, value: Bytes, client_flags: u32, win: Win) {
        self.remove_stale(subject, &win);
        let (reading, look) = (win.slot.begin_reading(), self.look(subject));
        let evidence = self.evidence(&win, look).await;
        win.lease.iter().for_each(|lease| self.give_back(subject, lease));
        let size = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let item = Item { value: Some(value), client_flags, size, ..Item::default() };
        let end = if evidence.is_none() { WaitEnd::Found(item, reading) } else { WaitEnd::Over };
        self.leases.end_slot(subject.id, &win.slot, end);
    }

    fn remove_stale(&self, subject: &Subject<'_>, win: &Win) {
        win.stale.iter().for_each(|cas| drop(self.delete_if(subject, *cas)));
    }

    /// Says in the lease, and to those who wait here, that there is no value to be had for so long; unless the lease was
    /// revoked: then there may be one by now.
    async fn remember_none(&self, subject: &Subject<'_>, win: &Win, lack: Lack, seconds: u32) {
        let reading = win.slot.begin_reading();
        let end = match (self.is_barred(subject, win, lack, seconds).await, lack) {
            (false, _) => WaitEnd::Over,
            (true, Lack::Absent) => WaitEnd::Nothing(reading),
            (true, Lack::Failed) => {
                return win.slot.end_failed(self.env.now() + Duration::from_secs(seconds.into()));
            }
        };
        self.leases.end_slot(subject.id, &win.slot, end);
    }

    /// Says it in the lease; false if that was revoked.
    async fn is_barred(&self, subject: &Subject<'_>, win: &Win, lack: Lack, seconds: u32) -> bool {
        let Some(lease) = &win.lease else { return true };
        if seconds > 0 {
            let barred = self.bar(subject, lease, lack, seconds).await;
            return !matches!(barred, Reply::Exists | Reply::NotFound);
        }
        let evidence = self.evidence(win, self.look(subject)).await;
        self.give_back(subject, lease);
        evidence.is_none()
    }

    /// A stale value, for the caller for whom it is regenerated: the new one if it comes soon.
    pub(super) async fn told_softly(
        &self,
        item: Item,
        get: &Get,
        client: &Rc<Client>,
        slot: &LeaseSlot,
        key: &Key,
    ) -> Reply {
        let soft = self.soft_timeout();
        if !soft.is_zero() {
            let (mut place, waits) = (slot.join(), client.waits(self.id(key)));
            if let Ok(Some(newer)) = wait(&mut place, &waits, client, Instant::now() + soft).await {
                return Reply::Hit(as_asked(newer, get));
            }
        }
        self.told_as_found(item, get)
    }

    /// How long such a caller waits.
    pub(super) fn soft_timeout(&self) -> Duration {
        self.by.as_ref().map_or(Duration::ZERO, |by| by.soft_timeout())
    }
}
