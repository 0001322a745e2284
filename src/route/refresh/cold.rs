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
use crate::route::refresh::leases::Claimed;

/// What becomes of a reader that has claimed a lease.
enum ClaimedCold {
    /// It is told this.
    Told(Reply),
    /// It waits for the value that is regenerated, because of itself if it `begins` that.
    Waits { outlived: Option<Item>, begins: bool },
}

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
                    // Boxed, so that a reader that waits after this, as most do, does not keep the room it took.
                    match Box::pin(self.claimed_cold((&key, &get), &client, claimed, deadline)).await {
                        ClaimedCold::Told(reply) => return reply,
                        ClaimedCold::Waits { outlived, begins } => {
                            (kept, has_begun) = (outlived, has_begun || begins);
                            slot
                        }
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

    /// What becomes of a reader that has claimed the lease of a key here.
    async fn claimed_cold(
        self: &Rc<Self>,
        (key, get): (&Key, &Get),
        client: &Rc<Client>,
        claimed: Claimed,
        deadline: Deadline,
    ) -> ClaimedCold {
        let (id, slot) = (self.id(key), claimed.slot.clone());
        let subject = Subject { key, id, client };
        let asker = Asker { subject, get, value_left: None, early_end: None, deadline };
        let is_good = |item: &Item| !self.policy.is_outlived(item);
        ClaimedCold::Told(match self.win(&asker, claimed).await {
            Regenerator::Caller(item, win) if self.loads() => {
                self.begin_load(&asker.subject, item.as_ref(), win);
                match item {
                    Some(item) if is_good(&item) => self.told_softly(item, get, client, &slot, key).await,
                    outlived => return ClaimedCold::Waits { outlived, begins: true },
                }
            }
            Regenerator::Caller(item, win) => {
                client.won(id, win);
                self.told_to_winner(item, get)
            }
            Regenerator::Other(Some(item)) | Regenerator::None(Some(item), _) if is_good(&item) => {
                self.told_as_found(item, get)
            }
            Regenerator::Other(outlived) => return ClaimedCold::Waits { outlived, begins: false },
            Regenerator::None(outlived, lack) => self.told_as_kept(outlived.filter(|_| lack == Lack::Failed), get),
            Regenerator::Unknown(refused) if is_refusal(&refused) => {
                self.clone().find_refused((key.clone(), get.clone()), client.clone(), refused, deadline).await
            }
            Regenerator::Unknown(trouble) => trouble,
        })
    }

    /// What is past its grace, for a reader for whom it could not be regenerated.
    fn told_as_kept(&self, kept: Option<Item>, get: &Get) -> Reply {
        kept.map_or(Reply::Miss, |item| self.told_as_found(item, get))
    }
}
