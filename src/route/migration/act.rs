//! Everything that depends on what is there, or changes it: one pool has the last word about each key.
//!
//! ```text
//!   in `to` is ─▶ the item: not in `from` any more, then act on it
//!                 nothing:  prepare: claim, act in `from`, give the claim up
//!                           warm:    claim, copy, look again; or store over the claim what the command makes
//!                           drain:   what the command makes, else nothing
//!                 a claim:  waited for, unless it may be replaced; in drain only by what makes an item
//! ```

use tokio::time::Instant;

use super::MigrationNode;
use super::claims::{ClaimAttempt, Patience, busy};
use super::copy::Copied;
use crate::config::{Phase, Side};
use crate::protocol::{Cause, Command, Failure, Get, Item, Key, Reply};
use crate::route::Deadline;
use crate::route::migration::decide::{
    CLAIM_IS_YOUNG, Claim, FoundInTo, as_sent_to_from, as_told_by_from, bound_to_item, changes, delete_failure,
    is_claim, is_down, may_have_changed, reply_where_nothing_is, set_reply, stored_where_nothing_is, told_of_stored,
};

/// Whether a command is done.
enum Done {
    Yes(Reply),
    /// Look again. If the command acted on the item with this CAS unique, the server's reply to that.
    Again(Option<(u64, Reply)>),
    Wait,
}

impl MigrationNode {
    /// Carries out a command where its item is.
    pub(super) async fn act(&self, key: &Key, command: &Command, deadline: Deadline) -> Reply {
        let line = self.claimants.enter(self.id(key));
        if deadline.bounds(&line).await.is_none() {
            return busy(command);
        }
        let reply = self.act_in_line(key, command, deadline).await;
        if self.spare_wins.has(key) {
            self.spare_wins.give_back(&self.to, key, &self.nobody).await;
        }
        reply
    }

    async fn act_in_line(&self, key: &Key, command: &Command, deadline: Deadline) -> Reply {
        let mut patience = Patience::new(deadline);
        let mut tried = None;
        while !patience.is_over() {
            match self.try_to(key, command, tried.take()).await {
                Done::Yes(reply) => return reply,
                Done::Again(answered) => tried = answered,
                Done::Wait => patience.wait().await,
            }
        }
        busy(command)
    }

    async fn try_to(&self, key: &Key, command: &Command, tried: Option<(u64, Reply)>) -> Done {
        let asked = Instant::now();
        let claims = (self.phase != Phase::Drain && changes(command)) || self.phase == Phase::Warm;
        let taken = match (claims, self.phase) {
            (true, Phase::Prepare) => self.take(key, Claim::Act).await,
            (true, _) => self.take(key, Claim::Copy).await,
            (false, _) => return self.try_without_claim(key, command, tried).await,
        };
        match taken {
            ClaimAttempt::Held(claim) if self.phase == Phase::Prepare => {
                self.act_in_from(key, command, claim, asked).await
            }
            ClaimAttempt::Held(claim) => self.bring_over(key, command, claim).await,
            ClaimAttempt::Item(cas) => self.act_on(key, command, cas, tried).await,
            ClaimAttempt::Wait => Done::Wait,
            ClaimAttempt::Again => Done::Again(None),
            ClaimAttempt::Trouble(reply) => self.without_to(key, command, reply).await,
        }
    }

    /// Drain leaves no claims, and reads change nothing.
    async fn try_without_claim(&self, key: &Key, command: &Command, tried: Option<(u64, Reply)>) -> Done {
        match self.there(key, self.look(key).await) {
            FoundInTo::Item(cas) => self.act_on(key, command, cas, tried).await,
            FoundInTo::Nothing | FoundInTo::Claimed { .. } if self.phase == Phase::Prepare => {
                self.look_in_from(key, command).await
            }
            FoundInTo::Nothing => self.make(key, command, None, false).await,
            // The claim's holder deletes, and would delete the item that takes the claim's place.
            FoundInTo::Claimed { by: Claim::Act, is_overdue: false, .. }
                if stored_where_nothing_is(command, None).is_some() =>
            {
                Done::Wait
            }
            FoundInTo::Claimed { cas, .. } => self.make(key, command, Some(cas), false).await,
            FoundInTo::Trouble(reply) => self.without_to(key, command, reply).await,
        }
    }

    /// Reads in `from`. An item that is not there may have been brought over between the two looks.
    async fn look_in_from(&self, key: &Key, command: &Command) -> Done {
        let reply = self.ask_from_for(key, command).await;
        let has_moved = reply == Reply::Miss && matches!(self.there(key, self.look(key).await), FoundInTo::Item(_));
        if has_moved { Done::Again(None) } else { Done::Yes(reply) }
    }

    /// Acts on the item in `to`. The copy that `from` may still have is older, or will be.
    async fn act_on(&self, key: &Key, command: &Command, cas: u64, tried: Option<(u64, Reply)>) -> Done {
        // The same item still is there, so what the server said was about it and not about a claim.
        if let Some((_, reply)) = tried.filter(|(before, _)| *before == cas) {
            return Done::Yes(reply);
        }
        let bound = match bound_to_item(command, cas) {
            Ok(bound) => bound,
            Err(reply) => return Done::Yes(reply),
        };
        if changes(command)
            && let Some(failed) = delete_failure(self.delete_from(key).await)
        {
            return Done::Yes(failed);
        }
        match self.ask_to(key, bound).await {
            Reply::Hit(item) if matches!(command, Command::Get(_)) && is_claim(&item) => {
                self.mend(key, command).await;
                Done::Again(None)
            }
            Reply::Hit(mut item) => {
                self.count_if_read(Side::To, command);
                if matches!(command, Command::Get(Get { knows_marks: true, .. })) {
                    self.spare_wins.hand_on(key, &mut item);
                }
                Done::Yes(Reply::Hit(item))
            }
            reply @ (Reply::Miss | Reply::NotFound | Reply::NotStored | Reply::Exists) => {
                Done::Again(Some((cas, reply)))
            }
            reply @ Reply::Error(_) if matches!(command, Command::Arithmetic(_)) => Done::Again(Some((cas, reply))),
            reply => Done::Yes(reply),
        }
    }

    /// The command touched a claim that came in the item's place: gives the claim its old TTL back.
    async fn mend(&self, key: &Key, command: &Command) {
        if changes(command) {
            let touch = Claim::Copy.taking(None).ttl;
            self.ask_to(key, Command::Get(Get { touch, no_bump: true, ..Get::default() })).await;
        }
    }

    /// Acts in `from` under a claim that keeps every sidecar from bringing the item over.
    async fn act_in_from(&self, key: &Key, command: &Command, claim: u64, asked: Instant) -> Done {
        if asked.elapsed() > CLAIM_IS_YOUNG {
            self.give_up(key, claim).await;
            return Done::Again(None);
        }
        let reply = self.ask_from_for(key, command).await;
        // Without an answer it may still be done: the claim stands for as long as it can.
        if let Reply::Failed(_) = reply
            && may_have_changed(&reply)
        {
            return Done::Yes(reply);
        }
        let given_up = self.give_up(key, claim).await;
        if matches!(given_up, Reply::Hit(_)) || !may_have_changed(&reply) {
            return Done::Yes(reply);
        }
        // A set came between, and an item that was brought over since may be older than the change made here.
        Done::Yes(set_reply(reply, self.delete_to(key).await))
    }

    /// Brings the item over, to be acted on there; or makes in `to` what the command makes where nothing is.
    async fn bring_over(&self, key: &Key, command: &Command, claim: u64) -> Done {
        match self.copy(key, claim).await {
            Copied::Done(_) | Copied::Broken => Done::Again(None),
            nothing @ (Copied::Nothing | Copied::Away(_)) => match stored_where_nothing_is(command, Some(claim)) {
                Some(_) => self.make(key, command, Some(claim), matches!(nothing, Copied::Nothing)).await,
                None => {
                    self.give_up(key, claim).await;
                    self.find_nothing(key, command).await
                }
            },
            Copied::Failed(_, reply) => {
                self.give_up(key, claim).await;
                Done::Yes(reply)
            }
        }
    }

    /// Makes in `to` what the command makes where nothing is: over a claim or by an `add`. Deletes an item that may be
    /// in `from`.
    async fn make(&self, key: &Key, command: &Command, over: Option<u64>, from_has_none: bool) -> Done {
        let Some(store) = stored_where_nothing_is(command, over) else { return self.find_nothing(key, command).await };
        // In warm there was nothing in `from` under this claim, unless it was down; in drain leash did not look.
        if !from_has_none && let Some(failed) = delete_failure(self.delete_from(key).await) {
            return Done::Yes(failed);
        }
        match self.ask_to(key, Command::Store(store)).await {
            Reply::Hit(item) => Done::Yes(Reply::Hit(told_of_stored(command, item, self.env.unix()))),
            Reply::Exists | Reply::NotFound | Reply::NotStored => Done::Again(None),
            refused => Done::Yes(refused),
        }
    }

    /// Passes `mg N` to the server, as only a server can make an item for its winner; else answers that there is none.
    async fn find_nothing(&self, key: &Key, command: &Command) -> Done {
        if !matches!(command, Command::Get(Get { vivify: Some(_), .. })) {
            self.count_none_if_read(command);
            return Done::Yes(reply_where_nothing_is(command));
        }
        match self.ask_to(key, bound_to_item(command, 0).unwrap_or_else(|_| command.clone())).await {
            Reply::Hit(item) if is_claim(&item) => Done::Wait,
            reply => Done::Yes(reply),
        }
    }

    /// While `to` is down nothing can be brought over, so in prepare `from` needs no claim.
    async fn without_to(&self, key: &Key, command: &Command, reply: Reply) -> Done {
        let is_away = is_down(&reply)
            || matches!(reply, Reply::Failed(Failure { cause: Cause::Connect | Cause::TurnedAway, .. }));
        if self.phase == Phase::Prepare && is_away {
            return Done::Yes(self.ask_from_for(key, command).await);
        }
        Done::Yes(reply)
    }

    async fn ask_from_for(&self, key: &Key, command: &Command) -> Reply {
        let reply = as_told_by_from(command, self.ask_from(key, as_sent_to_from(command)).await);
        match reply {
            Reply::Hit(Item { .. }) => self.count_if_read(Side::From, command),
            _ => self.count_none_if_read(command),
        }
        reply
    }

    fn count_if_read(&self, side: Side, command: &Command) {
        if matches!(command, Command::Get(Get { touch: None, .. })) {
            self.count_read(side, &Reply::Hit(Item::default()));
        }
    }

    fn count_none_if_read(&self, command: &Command) {
        if matches!(command, Command::Get(Get { touch: None, .. })) {
            self.count_read(Side::To, &Reply::Miss);
        }
    }
}
