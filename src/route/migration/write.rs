//! Sets and deletes: both pools, one after the other, in an order that leaves no gap.

use super::MigrationNode;
use super::claims::{BUSY, ClaimAttempt, Patience};
use crate::config::Phase;
use crate::protocol::{Command, Item, Key, Reply};
use crate::route::Deadline;
use crate::route::migration::decide::{
    Claim, as_sent_to_from, as_told_by_from, delete_failure, delete_reply, may_have_changed, set_reply,
};

impl MigrationNode {
    /// Stores where the phase says and then sees to it that nothing older is left on the other side.
    pub(super) async fn set(&self, key: &Key, command: &Command) -> Reply {
        let is_in_from = self.phase == Phase::Prepare;
        let stored = match is_in_from {
            true => as_told_by_from(command, self.ask_from(key, as_sent_to_from(command)).await),
            false => self.ask_to(key, command.clone()).await,
        };
        if !may_have_changed(&stored) {
            return stored;
        }
        let deleted = if is_in_from { self.delete_to(key) } else { self.delete_from(key) };
        set_reply(stored, deleted.await)
    }

    /// A set of an item that expires at once.
    pub(super) async fn vanish(&self, key: &Key, deadline: Deadline) -> Reply {
        match self.delete(key, deadline).await {
            Reply::Hit(_) | Reply::NotFound => Reply::Hit(Item::default()),
            failed => failed,
        }
    }

    /// Deletes: `from`, then `to`.
    ///
    /// While there are claims this happens under one, which takes the place of the item in `to`. Without it the key
    /// would be free in between: a client's `add` would succeed in `to`, and then be deleted. If leash gets no
    /// claim in time, it deletes nothing.
    pub(super) async fn delete(&self, key: &Key, deadline: Deadline) -> Reply {
        let line = self.claimants.enter(self.id(key));
        if deadline.bounds(&line).await.is_none() {
            return Reply::Error(BUSY.into());
        }
        if self.phase == Phase::Drain {
            return self.delete_in_both(key).await;
        }
        let mut patience = Patience::new(deadline);
        let mut had_item = false;
        while !patience.is_over() {
            let taken = match self.take(key, Claim::Act).await {
                ClaimAttempt::Item(cas) => {
                    let taken = self.take_over(key, Claim::Act, cas).await;
                    had_item |= matches!(taken, ClaimAttempt::Held(_));
                    taken
                }
                taken => taken,
            };
            match taken {
                ClaimAttempt::Held(claim) => return self.delete_under(key, claim, had_item).await,
                ClaimAttempt::Wait => patience.wait().await,
                ClaimAttempt::Again | ClaimAttempt::Item(_) => {}
                ClaimAttempt::Trouble(_) => return self.delete_in_both(key).await,
            }
        }
        Reply::Error(BUSY.into())
    }

    async fn delete_in_both(&self, key: &Key) -> Reply {
        let from = self.delete_from(key).await;
        delete_reply(from, self.delete_to(key).await)
    }

    async fn delete_under(&self, key: &Key, claim: u64, had_item: bool) -> Reply {
        let from = self.delete_from(key).await;
        let mut to = self.give_up(key, claim).await;
        // Something was put in the place of the claim: it may be a copy of what was deleted a moment ago.
        if !matches!(to, Reply::Hit(_)) {
            to = self.delete_to(key).await;
        }
        let to = match delete_failure(to) {
            Some(failed) => failed,
            None if had_item => Reply::Hit(Item::default()),
            None => Reply::NotFound,
        };
        delete_reply(from, to)
    }
}
