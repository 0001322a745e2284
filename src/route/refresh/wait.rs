//! Waiting for a value that is not there: one caller regenerates it, the others are answered from its set.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until};

use super::read::{Asker, Found, as_asked};
use super::refused::is_refusal;
use super::{Client, Refresh, Subject};
use crate::metrics::{ColdWait, RouteId, Shard};
use crate::protocol::{Get, Item, Key, Reply};
use crate::route::Deadline;
use crate::route::client::Waits;
use crate::route::refresh::leases::{End, Leave, Place, Slot};

/// The first look for the value of a winner elsewhere comes after this, each further one after twice the time before.
const FIRST_POLL: Duration = Duration::from_millis(5);
/// No more time than this lies between two looks.
const SLOWEST_POLL: Duration = Duration::from_millis(200);

/// One caller that waits. Counted as long as it does, however it ends.
pub(super) struct Waiter {
    shard: Arc<Shard>,
    route: RouteId,
    pub how: ColdWait,
    _leave: Leave,
}

impl Refresh {
    /// Nothing is there. The first caller regenerates it, the others wait for as long as the route allows.
    pub(super) async fn find_cold(self: Rc<Self>, key: Key, get: Get, client: Rc<Client>, deadline: Deadline) -> Reply {
        let id = self.id(&key);
        let patience = (Instant::now() + self.policy.cold_wait).min(deadline.end());
        let mut waiter = None;
        loop {
            // The client's next request about this key is under way: its work is not for this one to see.
            if client.is_overtaken(id) || Instant::now() > patience {
                return Reply::Miss;
            }
            let slot = match self.leases.claim(id, self.scene.now(), None) {
                Err(slot) => slot,
                Ok(claimed) => {
                    let slot = claimed.slot.clone();
                    let subject = Subject { key: &key, id, client: &client };
                    let asker = Asker { subject, get: &get, value_left: None, early_end: None, deadline };
                    match self.win(&asker, claimed).await {
                        Found::Won(item) => return self.told_to_winner(item, &get),
                        Found::Other(Some(item)) => return self.told_as_found(item, &get),
                        Found::Other(None) => slot,
                        Found::Trouble(refused) if is_refusal(&refused) => {
                            return self
                                .clone()
                                .find_refused((key.clone(), get.clone()), client.clone(), refused, deadline)
                                .await;
                        }
                        Found::Trouble(trouble) => return trouble,
                    }
                }
            };
            // Who has won cannot wait for itself: it has not read the reply that tells it so.
            if client.regenerates(id, &slot) {
                return Reply::Miss;
            }
            if waiter.is_none() {
                waiter = self.waiter();
            }
            let Some(waiter) = &mut waiter else { return Reply::Miss };
            let (place, waits) = (slot.join(), client.waits(id));
            self.look_out(&Subject { key: &key, id, client: &client }, &slot);
            match wait(place, &waits, &client, patience).await {
                Ok(Some(item)) => {
                    waiter.how = ColdWait::Value;
                    return Reply::Hit(as_asked(item, &get));
                }
                Ok(None) => {}
                Err(how) => {
                    waiter.how = how;
                    return Reply::Miss;
                }
            }
        }
    }

    pub(super) fn waiter(&self) -> Option<Waiter> {
        let Some(leave) = self.leases.wait() else {
            self.shard.wait_ended(self.route, ColdWait::Overflow);
            return None;
        };
        self.shard.wait_started(self.route);
        Some(Waiter { shard: self.shard.clone(), route: self.route, how: ColdWait::Timeout, _leave: leave })
    }

    /// Has somebody look for the value of a winner elsewhere, if anybody waits for it here.
    pub(super) fn look_out(self: &Rc<Self>, subject: &Subject<'_>, slot: &Arc<Slot>) {
        if slot.begin_polling() {
            spawn_local(self.clone().poll(subject.key.clone(), slot.clone(), subject.client.clone()));
        }
    }

    /// Looks for the value of a winner elsewhere, for all who wait for it here.
    async fn poll(self: Rc<Self>, key: Key, slot: Arc<Slot>, client: Rc<Client>) {
        let id = self.id(&key);
        let subject = Subject { key: &key, id, client: &client };
        let mut pause = FIRST_POLL;
        while slot.keep_polling() {
            sleep(pause.mul_f64(0.75 + self.scene.chance() / 2.0)).await;
            pause = (pause * 2).min(SLOWEST_POLL);
            let reading = slot.begin_reading();
            if let Reply::Hit(item) = self.read_whole(&subject, &Get::default()).await
                && !self.policy.is_stale(&item)
            {
                self.leases.end_slot(id, &slot, End::Found(self.policy.as_told(item), reading));
            }
        }
    }
}

/// Waits for the end of a lease, or says how else the wait ended.
pub(super) async fn wait(
    mut place: Place,
    waits: &Waits,
    client: &Client,
    patience: Instant,
) -> Result<Option<Item>, ColdWait> {
    tokio::select! {
        biased;
        // Its own write is not what it waits for.
        () = waits.overtaken() => Err(ColdWait::Timeout),
        end = place.end() => Ok(end),
        () = client.gone() => Err(ColdWait::Gone),
        () = sleep_until(patience) => Err(ColdWait::Timeout),
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.shard.wait_ended(self.route, self.how);
    }
}
