//! Bringing an item over: claim it in `to`, read it in `from`, store it over the claim.
//!
//! ```text
//!   add the claim ─▶ read from ─▶ store over the claim, by its CAS unique
//!   a client stores or deletes meanwhile: the claim is gone, and the copy is not stored
//! ```
//! Deletes reach `from` first and `to` last, so what is stored over an unbroken claim was not deleted.

use std::rc::Rc;

use tokio::task::spawn_local;
use tokio::time::Instant;

use super::{MOST_BACKFILLS, MigrationNode};
use crate::config::Side;
use crate::metrics::Backfill;
use crate::protocol::{Command, Get, Item, Key, Reply, Returns};
use crate::route::migration::decide::{Claim, copy, is_down};
use crate::route::spare_wins::give_back_at;

/// What became of a copy.
#[derive(Debug, PartialEq)]
pub enum Copied {
    /// It is in `to`; its value has so many bytes.
    Done(usize),
    /// There is nothing to copy.
    Nothing,
    /// To a reader there is nothing to copy, as `from` is down. When it is back there may be an item.
    Away(Reply),
    /// The claim was broken: a client stored or deleted the item meanwhile.
    Broken,
    /// The server of this side did not answer, or refused.
    Failed(Side, Reply),
}

impl MigrationNode {
    /// Copies an item after the client that read it has its reply. One copy at a time for each key, and not too many in
    /// all.
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
            let outcome = match route.bring(&key).await {
                Ok(Copied::Done(_)) => Backfill::Done,
                Ok(_) => Backfill::Undone,
                Err(_) => Backfill::Refused,
            };
            route.backfills.borrow_mut().remove(&id);
            route.shard.backfill(route.route, outcome);
        });
    }

    /// Brings an item over under a claim of its own, and gives the claim up. `Err` with the reply of `to` if it got no
    /// claim: [`Reply::NotStored`] if something is there already.
    pub async fn bring(&self, key: &Key) -> Result<Copied, Reply> {
        let claim = match self.with_cas(key, self.put_claim(key, Claim::Copy, None).await) {
            Reply::Hit(Item { cas, .. }) => cas,
            refused => return Err(refused),
        };
        let copied = self.copy(key, claim).await;
        if !matches!(copied, Copied::Done(_) | Copied::Broken) {
            self.give_up(key, claim).await;
        }
        Ok(copied)
    }

    /// Copies an item over the claim, which is still held afterwards unless the copy was done or the claim broken.
    pub(super) async fn copy(&self, key: &Key, claim: u64) -> Copied {
        let asked = Instant::now();
        let returns = Returns::VALUE.and(Returns::FLAGS).and(Returns::TTL_BEFORE);
        let get = Get { returns, no_bump: true, ..Get::default() };
        let item = match self.ask_from(key, Command::Get(get)).await {
            Reply::Hit(item) => item,
            Reply::Miss => return Copied::Nothing,
            down if is_down(&down) => return Copied::Away(down),
            trouble => return Copied::Failed(Side::From, trouble),
        };
        if item.marks.contains(&b'W') {
            give_back_at(&self.from, key, &self.nobody).await;
        }
        let Some(store) = copy(&item, claim, self.env.unix(), asked.elapsed()) else { return Copied::Nothing };
        let size = store.value.len();
        match self.ask_to(key, Command::Store(store)).await {
            Reply::Hit(_) => Copied::Done(size),
            Reply::Exists | Reply::NotFound | Reply::NotStored => Copied::Broken,
            trouble => Copied::Failed(Side::To, trouble),
        }
    }
}
