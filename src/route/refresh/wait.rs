//! Waiting for the value that a winner brings. If the winner is in another sidecar, one poller of this process looks
//! for the value on behalf of all that wait here.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Client, RefreshNode, Subject};
use crate::metrics::{ColdWait, RouteId, Shard};
use crate::protocol::{Get, Item, Key, Reply};
use crate::route::Answer;
use crate::route::client::Waits;
use crate::route::refresh::decide::{ItemId, Lack, Look};
use crate::route::refresh::leases::{ItemReading, LeaseSlot, Leave, WaitEnd, WaitingPlace};

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

impl RefreshNode {
    pub(super) fn waiter(&self) -> Option<Waiter> {
        let Some(leave) = self.leases.wait() else {
            self.shard.wait_ended(self.route, ColdWait::Overflow);
            return None;
        };
        self.shard.wait_started(self.route);
        Some(Waiter { shard: self.shard.clone(), route: self.route, how: ColdWait::Timeout, _leave: leave })
    }

    /// Starts the poller that looks for the value of another sidecar's winner, if callers wait for it here.
    pub(super) fn look_out(self: &Rc<Self>, subject: &Subject<'_>, slot: &Arc<LeaseSlot>) {
        if slot.begin_polling() {
            spawn_local(self.clone().poll(subject.key.clone(), slot.clone(), subject.client.clone()));
        }
    }

    /// Looks for the value of another sidecar's winner, for all callers that wait for it here.
    async fn poll(self: Rc<Self>, key: Key, slot: Arc<LeaseSlot>, client: Rc<Client>) {
        let id = self.id(&key);
        let subject = Subject { key: &key, id, client: &client };
        let mut pause = FIRST_POLL;
        while slot.keep_polling() {
            sleep(pause.mul_f64(0.75 + self.env.chance() / 2.0)).await;
            self.env.wakes();
            pause = (pause * 2).min(SLOWEST_POLL);
            let reading = slot.begin_reading();
            let item = self.read_whole(&subject, &Get::default());
            // Behind the item: a value that came before the lease ended is seen.
            let lease = self.loads().then(|| self.look(&subject));
            match item.await {
                Reply::Hit(item) if !self.policy.is_stale(&item) => {
                    self.leases.end_slot(id, &slot, WaitEnd::Found(self.policy.as_told(item), reading));
                }
                item => self.look_for_end((id, &slot), lease, reading, matches!(item, Reply::Hit(_))).await,
            }
        }
    }
}

impl RefreshNode {
    /// Where leash regenerates itself, a lease that ends without a value has nothing more to wait for.
    async fn look_for_end(
        &self,
        (id, slot): (ItemId, &Arc<LeaseSlot>),
        lease: Option<Answer>,
        reading: ItemReading,
        is_there: bool,
    ) {
        let Some(lease) = lease else { return };
        match Look::of(&lease.await, None) {
            Look::Barren { lack: Lack::Absent, .. } if !is_there => {
                self.leases.end_slot(id, slot, WaitEnd::Nothing(reading))
            }
            Look::Barren { lack: Lack::Failed, left, .. } => {
                slot.end_failed(self.env.now() + self.policy.asks_again_after(left));
            }
            Look::Barren { .. } | Look::Gone | Look::Revoked(_) => self.leases.end_slot(id, slot, WaitEnd::Over),
            Look::Ours | Look::Others { .. } | Look::Unknown => {}
        }
    }
}

/// Waits for the end of a lease, or says how else the wait ended.
pub(super) async fn wait(
    place: &mut WaitingPlace,
    waits: &Waits,
    client: &Client,
    patience: Instant,
) -> Result<Option<Item>, ColdWait> {
    tokio::select! {
        biased;
        // Its own write is not what it waits for.
        () = waits.overtaken() => Err(ColdWait::Timeout),
        end = place.end() => if place.lack().is_some() { Err(ColdWait::Nothing) } else { Ok(end) },
        () = client.stopped() => Err(ColdWait::Gone),
        () = sleep_until(patience) => Err(ColdWait::Timeout),
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.shard.wait_ended(self.route, self.how);
    }
}
