//! Who asks for a lease, and for which item: another caller may have regenerated it by the time of the answer.

use std::time::Instant;

use super::{RefreshNode, Subject, judged};
use crate::protocol::{Command, Get, Item, Returns};
use crate::route::refresh::decide::TICK;
use crate::route::{Answer, Deadline};

/// Who asks for a lease, and for what.
pub(super) struct Asker<'a> {
    pub subject: Subject<'a>,
    pub get: &'a Get,
    /// The seconds left of the value that was found, if one was.
    pub value_left: Option<i64>,
    /// When the value ends that is to be refreshed before its stale date.
    pub early_end: Option<Instant>,
    /// When the caller is answered at the latest: it wins nothing after that.
    pub deadline: Deadline,
}

impl RefreshNode {
    /// Whether `item` still is what the lease was asked for.
    pub(super) fn is_to_do(&self, asker: &Asker<'_>, item: &Item, now: Instant) -> bool {
        let is_same = |end: Instant| self.ends(item, now) <= end + TICK;
        self.policy.is_stale(item) || asker.early_end.is_some_and(is_same)
    }

    /// The item with all that a winner, a reader and those who wait for it need to know.
    pub(super) fn read_whole(&self, subject: &Subject<'_>, get: &Get) -> Answer {
        let returns = get.returns.and(Returns::VALUE).and(Returns::CAS).and(Returns::SIZE);
        self.call(subject, Command::Get(judged(&Get { returns, ..get.clone() })))
    }
}
