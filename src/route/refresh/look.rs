//! A look at an item before something is done to it: a stale item is not there.

use super::{RefreshNode, Subject};
use crate::protocol::{Command, Get, Reply, Returns};
use crate::route::Answer;

/// How often an item may change between look and act before its server is left the last word.
pub(super) const TRIES: usize = 4;

/// What a look found.
pub(super) enum ItemLook {
    /// Nothing, or nothing that a client may see.
    Nothing,
    /// A stale item, by its CAS unique.
    Stale(u64),
    /// An item, with its CAS unique, and whether it carries the marker.
    Item(u64, bool),
    /// No answer.
    Trouble(Reply),
}

impl RefreshNode {
    /// Looks and judges.
    pub(super) async fn look_at_item(&self, subject: &Subject<'_>) -> ItemLook {
        let reply = self.look_at(subject).await;
        self.there(subject, reply)
    }

    /// Asks without leaving a trace in what the item tells of its readers, but for a win, which is given back.
    pub(super) fn look_at(&self, subject: &Subject<'_>) -> Answer {
        let returns = Returns::FLAGS.and(Returns::CAS).and(Returns::TTL_BEFORE);
        self.call(subject, Command::Get(Get { returns, no_bump: true, ..Get::default() }))
    }

    /// What the reply to a look says.
    pub(super) fn there(&self, subject: &Subject<'_>, reply: Reply) -> ItemLook {
        self.spare_wins.note(subject.key, &reply);
        match reply {
            Reply::Hit(item) if self.policy.is_stale(&item) => ItemLook::Stale(item.cas),
            Reply::Hit(item) => ItemLook::Item(item.cas, self.policy.is_marked(&item)),
            Reply::Miss => ItemLook::Nothing,
            trouble => ItemLook::Trouble(trouble),
        }
    }
}
