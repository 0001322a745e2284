//! Bringing an item over: claim it in `to`, read it in `from`, store it over the claim.
//!
//! ```text
//!   add the claim ─▶ read from ─▶ store over the claim, by its CAS unique
//!   somebody stores or deletes meanwhile: the claim is gone, and the copy is not stored
//! ```
//! Deletes reach `from` first and `to` last, so what is stored over an unbroken claim was not deleted.

use std::rc::Rc;

use tokio::task::spawn_local;
use tokio::time::Instant;

use super::{MOST_BACKFILLS, Migration};
use crate::metrics::Backfill;
use crate::migration::{Claim, copy, is_down};
use crate::protocol::{Command, Get, Item, Key, Reply, Returns};

/// What became of a copy.
pub(super) enum Copied {
    /// It is in `to`.
    Done,
    /// There is nothing to copy; the claim is still held.
    Nothing,
    /// The server in `from` is down, which is as good as nothing for now; the claim is still held.
    Away,
    /// The claim was broken.
    Broken,
    /// A server did not do its part; the claim may still be held.
    Failed(Reply),
}

impl Migration {
    /// Copies an item behind the back of whoever read it. One at a time a key, and not too many in all.
    pub(super) fn backfill(self: &Rc<Self>, key: &Key) {
        let id = self.id(key);
        let mut running = self.backfills.borrow_mut();
        if running.contains(&id) {
            return;
        }
        if running.len() >= MOST_BACKFILLS {
            self.shard.backfill(self.route, Backfill::Skipped);
            return;
        }
        running.insert(id);
        let (route, key) = (self.clone(), key.clone());
        spawn_local(async move {
            let outcome = route.fill(&key).await;
            route.backfills.borrow_mut().remove(&id);
            route.shard.backfill(route.route, outcome);
        });
    }

    async fn fill(&self, key: &Key) -> Backfill {
        let Reply::Hit(Item { cas: claim, .. }) = self.put_claim(key, Claim::Copy, None).await else {
            return Backfill::Refused;
        };
        match self.copy(key, claim).await {
            Copied::Done => Backfill::Done,
            Copied::Broken => Backfill::Undone,
            Copied::Nothing | Copied::Away | Copied::Failed(_) => {
                self.give_up(key, claim).await;
                Backfill::Undone
            }
        }
    }

    /// Copies an item over the claim.
    pub(super) async fn copy(&self, key: &Key, claim: u64) -> Copied {
        let asked = Instant::now();
        let returns = Returns::VALUE.and(Returns::FLAGS).and(Returns::TTL_BEFORE);
        let get = Get { returns, no_bump: true, knows_marks: true, ..Get::default() };
        let item = match self.ask_from(key, Command::Get(get)).await {
            Reply::Hit(item) => item,
            Reply::Miss => return Copied::Nothing,
            down if is_down(&down) => return Copied::Away,
            trouble => return Copied::Failed(trouble),
        };
        let Some(store) = copy(&item, claim, self.scene.unix(), asked.elapsed()) else { return Copied::Nothing };
        match self.ask_to(key, Command::Store(store)).await {
            Reply::Hit(_) => Copied::Done,
            Reply::Exists | Reply::NotFound | Reply::NotStored => Copied::Broken,
            trouble => Copied::Failed(trouble),
        }
    }
}
