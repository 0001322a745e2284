//! Reads of items that are not there: one caller regenerates the value, the others are answered from its set. What is
//! past its grace counts as not there, but does for those who learn that it could not be regenerated.

use std::rc::Rc;

use tokio::time::Instant;

use super::asker::Asker;
use super::refused::is_refusal;
use super::settle::Regenerator;
use super::told::as_asked;
use super::wait::wait;
use super::{Client, RefreshNode, Subject};
use crate::metrics::ColdWait;
use crate::protocol::{Get, Item, Key, Reply};
use crate::route::Deadline;
use crate::route::refresh::decide::Lack;

impl RefreshNode {
    /// Nothing is there, or only what was `kept` past its grace. The first caller regenerates it, the others wait for
    /// as long as the route allows.
    pub(super) async fn find_cold(
        self: Rc<Self>,
        (key, get): (Key, Get),
        client: Rc<Client>,
        mut kept: Option<Item>,
        deadline: Deadline,
    ) -> Reply {
        let id = self.id(&key);
        let patience = (Instant::now() + self.policy.cold_wait).min(deadline.end());
        let (mut waiter, mut has_begun) = (None, false);
        loop {
            // The client's next request about this key is under way: this one must not see its result.
            if client.is_overtaken(id) {
                return Reply::Miss;
            }
            if Instant::now() > patience {
                return self.told_as_kept(kept, &get);
            }
            let slot = match self.leases.claim(id, self.env.now(), None) {
                Err(slot) => slot,
                Ok(claimed) => {
                    let slot = claimed.slot.clone();
                    let subject = Subject { key: &key, id, client: &client };
                    let asker = Asker { subject, get: &get, value_left: None, early_end: None, deadline };
                    match self.win(&asker, claimed).await {
                        Regenerator::Caller(item, win) if self.loads() => {
                            self.begin_load(&asker.subject, item.as_ref(), win);
                            has_begun = true;
                            kept = match item {
                                Some(item) if !self.policy.is_outlived(&item) => {
                                    return self.told_softly(item, &get, &client, &slot, &key).await;
                                }
                                outlived => outlived,
                            };
                            slot
                        }
                        Regenerator::Caller(item, win) => {
                            client.won(id, win);
                            return self.told_to_winner(item, &get);
                        }
                        Regenerator::Other(Some(item)) if !self.policy.is_outlived(&item) => {
                            return self.told_as_found(item, &get);
                        }
                        Regenerator::None(Some(item), _) if !self.policy.is_outlived(&item) => {
                            return self.told_as_found(item, &get);
                        }
                        Regenerator::None(outlived, lack) => {
                            return self.told_as_kept(outlived.filter(|_| lack == Lack::Failed), &get);
                        }
                        Regenerator::Other(outlived) => {
                            kept = outlived;
                            slot
                        }
                        Regenerator::Unknown(refused) if is_refusal(&refused) => {
                            return self
                                .clone()
                                .find_refused((key.clone(), get.clone()), client.clone(), refused, deadline)
                                .await;
                        }
                        Regenerator::Unknown(trouble) => return trouble,
                    }
                }
            };
            // A winner that has not read yet that it won must not wait for itself.
            if client.regenerates(id, &slot) {
                return Reply::Miss;
            }
            if waiter.is_none() {
                waiter = self.waiter();
            }
            let Some(waiter) = &mut waiter else { return Reply::Miss };
            let (mut place, waits) = (slot.join(), client.waits(id));
            self.look_out(&Subject { key: &key, id, client: &client }, &slot);
            match wait(&mut place, &waits, &client, patience).await {
                Ok(Some(item)) => {
                    waiter.how = ColdWait::Value;
                    if !has_begun {
                        self.shard.load_spared(self.route);
                    }
                    return Reply::Hit(as_asked(item, &get));
                }
                Ok(None) => self.env.wakes(),
                Err(how) => {
                    waiter.how = how;
                    let is_there_none = place.lack() == Some(Lack::Absent) || client.is_overtaken(id);
                    return self.told_as_kept(kept.filter(|_| !is_there_none), &get);
                }
            }
        }
    }

    /// What is past its grace, for a reader for whom it could not be regenerated.
    fn told_as_kept(&self, kept: Option<Item>, get: &Get) -> Reply {
        kept.map_or(Reply::Miss, |item| self.told_as_found(item, get))
    }
}
