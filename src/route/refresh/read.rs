//! Reads that cannot simply pass: those that had to wait for their turn, and those of a value to be regenerated.

use std::rc::Rc;

use super::asker::Asker;
use super::settle::Regenerator;
use super::{Client, RefreshNode, Subject, judged};
use crate::protocol::{Command, Get, Item, Key, Reply, Request};
use crate::route::without_cas::is_without_cas;
use crate::route::{Deadline, Node, Verdict};

impl RefreshNode {
    /// A read that had to wait for its turn, and gives it to the next as soon as the reply to it is known.
    pub(super) async fn get(
        self: Rc<Self>,
        request: Request,
        client: Rc<Client>,
        turn: impl Sized,
        deadline: Deadline,
    ) -> Reply {
        let Command::Get(get) = &request.command else { return Reply::Miss };
        let asked = Request { key: request.key.clone(), command: Command::Get(judged(get)) };
        let reply = self.below.call(&asked, &client).await;
        drop(turn);
        match self.judge(&request, &client, reply) {
            Verdict::Pass(reply) => reply,
            Verdict::Refuse(refused) => self.recover(request, client, refused, deadline).await,
        }
    }

    /// A value that is stale, or due early, and that no client of this process regenerates: one caller asks for the
    /// lease, and all that come meanwhile are served the value there is.
    pub(super) async fn refresh(
        self: Rc<Self>,
        key: Key,
        get: Get,
        client: Rc<Client>,
        item: Item,
        deadline: Deadline,
    ) -> Reply {
        let (id, now) = (self.id(&key), self.env.now());
        // The client's next request about this key is under way: this one must not see its result.
        if client.is_overtaken(id) {
            return self.told_as_found(item, &get);
        }
        let ends = self.ends(&item, now);
        let Ok(claimed) = self.leases.claim(id, now, Some(ends)) else {
            return self.told_as_found(item, &get);
        };
        let early_end = (!self.policy.is_stale(&item)).then_some(ends);
        let subject = Subject { key: &key, id, client: &client };
        let asker = Asker { subject, get: &get, value_left: Some(item.ttl), early_end, deadline };
        match self.win(&asker, claimed).await {
            Regenerator::Caller(item, win) if self.loads() => {
                let slot = win.slot.clone();
                self.begin_load(&asker.subject, item.as_ref(), win);
                match item {
                    Some(item) => self.told_softly(item, &get, &client, &slot, &key).await,
                    None => self.find_cold((key, get), client, None, deadline).await,
                }
            }
            Regenerator::Caller(item, win) => {
                client.won(id, win);
                self.told_to_winner(item, &get)
            }
            Regenerator::Other(Some(item)) | Regenerator::None(Some(item), _) => self.told_as_found(item, &get),
            Regenerator::None(None, _) => Reply::Miss,
            Regenerator::Other(None) if self.policy.cold_wait.is_zero() => Reply::Miss,
            Regenerator::Other(None) => self.find_cold((key, get), client, None, deadline).await,
            Regenerator::Unknown(refusal) if is_without_cas(&refusal) => refusal,
            Regenerator::Unknown(_) => self.told_as_found(item, &get),
        }
    }
}
