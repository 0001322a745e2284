//! Reads on which nothing will depend: `to` first, and what it does not have from `from`.

use std::rc::Rc;

use super::MigrationNode;
use crate::config::{Phase, Side};
use crate::metrics::ReadSource;
use crate::protocol::{Command, Key, Reply};
use crate::route::migration::decide::{FoundInTo, is_claim, judged};

impl MigrationNode {
    /// A read that had to wait for its turn.
    pub(super) async fn read(self: &Rc<Self>, key: &Key, command: &Command) -> Reply {
        let Command::Get(get) = command else { return Reply::Miss };
        if self.phase == Phase::Prepare {
            let reply = self.ask_from(key, command.clone()).await;
            self.count_read(Side::From, &reply);
            return reply;
        }
        let reply = self.ask_to(key, Command::Get(judged(get))).await;
        let is_nothing = match &reply {
            Reply::Hit(item) => is_claim(item),
            other => *other == Reply::Miss,
        };
        if is_nothing && self.phase == Phase::Warm {
            return self.read_from(key, command.clone(), reply == Reply::Miss).await;
        }
        let told = if is_nothing { Reply::Miss } else { reply };
        self.count_read(Side::To, &told);
        told
    }

    /// The second look of a read that found nothing in `to`, or a claim: its owner brings the item over or keeps others
    /// from doing so. A `from` that does not answer counts as having nothing.
    pub(super) async fn read_from(self: &Rc<Self>, key: &Key, command: Command, is_free: bool) -> Reply {
        let reply = self.ask_from(key, command).await;
        if is_free && matches!(reply, Reply::Hit(_)) {
            self.backfill(key);
        }
        let reply = if let Reply::Failed(_) = reply { Reply::Miss } else { reply };
        self.count_read(Side::From, &reply);
        reply
    }

    /// Shows people the item where a read finds it. Copies nothing: it is they who ask, not the application.
    pub(super) async fn debug(&self, key: &Key) -> Reply {
        if self.phase == Phase::Prepare {
            return self.ask_from(key, Command::Debug).await;
        }
        let found = self.there(key, self.look(key).await);
        if self.spare_wins.has(key) {
            self.spare_wins.give_back(&self.to, key, &self.nobody).await;
        }
        match found {
            FoundInTo::Item(_) => self.ask_to(key, Command::Debug).await,
            FoundInTo::Nothing | FoundInTo::Claimed { .. } if self.phase == Phase::Warm => {
                self.ask_from(key, Command::Debug).await
            }
            FoundInTo::Nothing | FoundInTo::Claimed { .. } => Reply::Miss,
            FoundInTo::Trouble(reply) => reply,
        }
    }

    /// Counts by where a value came from.
    pub(super) fn count_read(&self, side: Side, reply: &Reply) {
        let source = match (reply, side) {
            (Reply::Hit(_), Side::From) => ReadSource::From,
            (Reply::Hit(_), Side::To) => ReadSource::To,
            _ => ReadSource::None,
        };
        self.shard.migration_read(self.route, source);
    }
}
