//! Every command that changes an item. To all of them a stale item is an expired item. So commands that depend on the
//! item look first, then act on what they saw, and start again if the item changed in between.
//!
//! A look costs a second round trip. A set needs none, and a delete travels behind its look and the revocation of the
//! lease.

use std::rc::Rc;

use super::look::{ItemLook, TRIES};
use super::store::Stored;
use super::{RefreshNode, Subject, is_own_game};
use crate::metrics::SetRefusal;
use crate::protocol::{Command, Delete, Get, Item, Reply, Request, Store, StoreMode};
use crate::route::refresh::leases::WaitEnd;
use crate::route::{Client, Deadline, Node};

impl RefreshNode {
    /// Carries out a command when its turn at the key has come. If the turn does not come in time, does nothing.
    pub(super) async fn in_turn(self: Rc<Self>, request: Request, client: Rc<Client>, deadline: Deadline) -> Reply {
        let id = self.id(&request.key);
        let turn = client.turns.enter(id);
        let Request { key, command } = &request;
        if !matches!(command, Command::Get(_)) {
            client.begins_to_write(id);
        }
        if deadline.bounds(&turn).await.is_none() {
            return self.late(&request, None);
        }
        let subject = Subject { key, id, client: &client };
        let reply = self.clone().carry_out(&request, &subject, turn, deadline).await;
        if self.spare_wins.has(key) {
            self.spare_wins.give_back(&self.below, key, &client).await;
        }
        reply
    }

    async fn carry_out(
        self: Rc<Self>,
        request: &Request,
        subject: &Subject<'_>,
        turn: impl Sized,
        deadline: Deadline,
    ) -> Reply {
        let Request { key, command } = request;
        let client = subject.client;
        match command {
            Command::Get(get) if get.touch.is_some() && !is_own_game(get) => match self.touch(subject, get).await {
                Some(reply) => reply,
                None => {
                    let get = Get { touch: None, ..get.clone() };
                    let request = Request { key: key.clone(), command: Command::Get(get) };
                    self.get(request, client.clone(), turn, deadline).await
                }
            },
            Command::Get(_) => self.get(request.clone(), client.clone(), turn, deadline).await,
            Command::Store(store) if store.invalidate => self.call(subject, request.command.clone()).await,
            Command::Store(store) => self.alter(subject, store).await,
            Command::Delete(delete) if delete.invalidate => self.call(subject, request.command.clone()).await,
            Command::Delete(delete) => self.delete(subject, delete).await,
            Command::Arithmetic(arithmetic) => self.count(subject, arithmetic).await,
            Command::Debug => self.call(subject, Command::Debug).await,
        }
    }

    async fn alter(&self, subject: &Subject<'_>, store: &Store) -> Reply {
        let win = subject.client.take_win(subject.id);
        match (store.mode, store.compare_cas, win) {
            (StoreMode::Set, None, None) => self.set(subject, store).await,
            (StoreMode::Set, compared, Some(win)) if compared.is_none() || compared == win.stale => {
                self.told_stored(self.set_won(subject, &self.marked(store), win).await)
            }
            (StoreMode::Set, _, _) => self.cas(subject, store).await,
            (StoreMode::Add, None, Some(win)) => match self.set_won(subject, store, win).await {
                Stored::Refused(SetRefusal::Changed) => Reply::NotStored,
                stored => self.told_stored(stored),
            },
            (StoreMode::Add, ..) => self.add(subject, store).await,
            (StoreMode::Replace | StoreMode::Append | StoreMode::Prepend, ..) => self.amend(subject, store).await,
        }
    }

    /// A winner learns nothing of a refusal.
    pub(super) fn told_stored(&self, stored: Stored) -> Reply {
        match stored {
            Stored::Kept(item) => Reply::Hit(item),
            Stored::Failed(reply) => reply,
            Stored::Gone => Reply::Hit(Item::default()),
            Stored::Refused(why) => {
                self.shard.refused_set(self.route, why);
                Reply::Hit(Item::default())
            }
        }
    }

    async fn cas(&self, subject: &Subject<'_>, store: &Store) -> Reply {
        match self.look_at_item(subject).await {
            ItemLook::Stale(_) => Reply::NotFound,
            ItemLook::Item(cas, _) if Some(cas) == store.compare_cas => self.set(subject, store).await,
            ItemLook::Nothing | ItemLook::Item(..) => self.call(subject, Command::Store(self.marked(store))).await,
            ItemLook::Trouble(reply) => reply,
        }
    }

    async fn add(&self, subject: &Subject<'_>, store: &Store) -> Reply {
        let mut reply = Reply::NotStored;
        for _ in 0..TRIES {
            reply = self.store(subject, store.clone()).await;
            if reply != Reply::NotStored {
                break;
            }
            match self.look_at_item(subject).await {
                ItemLook::Stale(cas) => match self.store(subject, over(store, cas)).await {
                    Reply::NotFound => continue,
                    Reply::Exists => {}
                    stored => reply = stored,
                },
                ItemLook::Nothing => continue,
                ItemLook::Item(..) | ItemLook::Trouble(_) => {}
            }
            break;
        }
        if let Reply::Hit(_) = reply {
            self.end_lease(subject);
        }
        reply
    }

    /// Ends the lease of an item that was stored without grace: it may not be there as evidence against a late winner.
    fn end_lease(&self, subject: &Subject<'_>) {
        self.revoke(subject);
        self.leases.end(subject.id, |_| WaitEnd::Over);
    }

    /// replace, append and prepend.
    async fn amend(&self, subject: &Subject<'_>, store: &Store) -> Reply {
        for _ in 0..TRIES {
            match (self.look_at_item(subject).await, store.vivify) {
                (ItemLook::Stale(_), None) => return Reply::NotStored,
                // Not every memcached makes an item here, so the stale one must be gone before the server answers.
                (ItemLook::Stale(cas), Some(_)) => {
                    let gone = Delete { compare_cas: Some(cas), ..Delete::default() };
                    if self.call(subject, Command::Delete(gone)).await == Reply::Exists {
                        continue;
                    }
                    break;
                }
                (ItemLook::Trouble(reply), _) => return as_write_reply(reply),
                (ItemLook::Nothing | ItemLook::Item(..), _) => break,
            }
        }
        let reply = self.call(subject, Command::Store(store.clone())).await;
        // An append keeps the item's marker and TTL; a replacement may end before the lease does.
        if store.mode == StoreMode::Replace && matches!(reply, Reply::Hit(_)) {
            self.end_lease(subject);
        }
        reply
    }

    async fn delete(&self, subject: &Subject<'_>, delete: &Delete) -> Reply {
        subject.client.take_win(subject.id);
        self.revoke(subject);
        let look = self.look_at(subject);
        // An item whose value was dropped would be read as a hit. So a stale one is deleted.
        if delete.drop_value {
            return match self.there(subject, look.await) {
                ItemLook::Stale(cas) => {
                    let gone = Delete { compare_cas: Some(cas), ..Delete::default() };
                    self.call(subject, Command::Delete(gone)).await;
                    Reply::NotFound
                }
                _ => self.call(subject, Command::Delete(delete.clone())).await,
            };
        }
        let deleted = self.call(subject, Command::Delete(delete.clone()));
        let there = self.there(subject, look.await);
        let reply = deleted.await;
        self.leases.end(subject.id, |_| WaitEnd::Over);
        match (there, reply) {
            (ItemLook::Stale(_), Reply::Hit(_) | Reply::Exists) => Reply::NotFound,
            (_, reply) => reply,
        }
    }
}

/// The reply to a write, made from that of its look: only a miss has another name there.
pub(super) fn as_write_reply(reply: Reply) -> Reply {
    match reply {
        Reply::Miss => Reply::NotFound,
        other => other,
    }
}

/// The same value, stored over the stale item with this CAS unique and no other.
fn over(store: &Store, cas: u64) -> Store {
    Store { mode: StoreMode::Set, compare_cas: Some(cas), vivify: None, ..store.clone() }
}
