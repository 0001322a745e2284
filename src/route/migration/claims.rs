//! Claims as they are asked for, waited for and given up.

use tokio::time::{Instant, sleep_until};

use super::MigrationNode;
use crate::protocol::{Command, Delete, Get, Item, Key, Reply};
use crate::route::migration::decide::{Claim, FoundInTo, LOOK, back_off};
use crate::route::without_cas::with_cas;
use crate::route::{Answer, Deadline};

/// The answer to a write that got no claim, or no turn at asking for one, in time.
pub(super) const BUSY: &str = "SERVER_ERROR the item is being moved to another pool, try again";

/// The same to any command: a read misses.
pub(super) fn busy(command: &Command) -> Reply {
    match command {
        Command::Get(Get { touch: None, .. }) => Reply::Miss,
        _ => Reply::Error(BUSY.into()),
    }
}

/// What came of asking for a claim.
pub(super) enum ClaimAttempt {
    /// It is ours, and has this CAS unique.
    Held(u64),
    /// There is an item, with this CAS unique.
    Item(u64),
    /// Another instance holds a claim, which the caller has to wait for.
    Wait,
    /// The item has changed meanwhile: look again.
    Again,
    /// No answer.
    Trouble(Reply),
}

/// A request that waits for others, until it must be answered.
pub(super) struct Patience {
    deadline: Deadline,
    tries: u32,
}

impl Patience {
    pub(super) fn new(deadline: Deadline) -> Patience {
        Patience { deadline, tries: 0 }
    }

    /// Waits a little.
    pub(super) async fn wait(&mut self) {
        sleep_until((Instant::now() + back_off(self.tries)).min(self.deadline.end())).await;
        self.tries += 1;
    }

    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_over()
    }
}

impl MigrationNode {
    /// Looks at the key in `to`.
    pub(super) fn look(&self, key: &Key) -> Answer {
        self.ask_to(key, Command::Get(LOOK))
    }

    /// Reads the reply to a look. Notes a win of memcached's own, to be given back when the caller is done.
    pub(super) fn there(&self, key: &Key, looked: Reply) -> FoundInTo {
        self.spare_wins.note(key, &looked);
        FoundInTo::of(self.with_cas(key, looked))
    }

    /// What there is of the key in `to`.
    pub async fn found(&self, key: &Key) -> FoundInTo {
        FoundInTo::of(self.with_cas(key, self.look(key).await))
    }

    /// Takes a claim where nothing is, or one that `claim` may replace.
    pub(super) async fn take(&self, key: &Key, claim: Claim) -> ClaimAttempt {
        let added = self.put_claim(key, claim, None);
        let looked = self.look(key);
        match self.with_cas(key, added.await) {
            Reply::Hit(Item { cas, .. }) => return ClaimAttempt::Held(cas),
            Reply::NotStored => {}
            trouble => return ClaimAttempt::Trouble(trouble),
        }
        match self.there(key, looked.await) {
            FoundInTo::Nothing => ClaimAttempt::Again,
            FoundInTo::Item(cas) => ClaimAttempt::Item(cas),
            FoundInTo::Claimed { cas, by, is_overdue } if is_overdue || claim.may_replace(by) => {
                self.take_over(key, claim, cas).await
            }
            FoundInTo::Claimed { .. } => ClaimAttempt::Wait,
            FoundInTo::Trouble(reply) => ClaimAttempt::Trouble(reply),
        }
    }

    /// Takes a claim in the place of the item with this CAS unique.
    pub(super) async fn take_over(&self, key: &Key, claim: Claim, over: u64) -> ClaimAttempt {
        match self.with_cas(key, self.put_claim(key, claim, Some(over)).await) {
            Reply::Hit(Item { cas, .. }) => ClaimAttempt::Held(cas),
            Reply::Exists | Reply::NotFound | Reply::NotStored => ClaimAttempt::Again,
            trouble => ClaimAttempt::Trouble(trouble),
        }
    }

    /// Gives a claim up. [`Reply::Hit`] if it still was there.
    pub(super) fn give_up(&self, key: &Key, claim: u64) -> Answer {
        self.ask_to(key, Command::Delete(Delete { compare_cas: Some(claim), ..Delete::default() }))
    }

    /// What `to` said to a claim; a refusal where that has no CAS unique, as the claim would keep nobody out.
    pub(super) fn with_cas(&self, key: &Key, reply: Reply) -> Reply {
        with_cas(reply, &**self.to.root(), key)
    }

    pub(super) fn put_claim(&self, key: &Key, claim: Claim, over: Option<u64>) -> Answer {
        self.ask_to(key, Command::Store(claim.taking(over)))
    }
}
