//! What readers are told: the winner that it must regenerate the value, all others the value there is.

use std::time::Duration;

use super::RefreshNode;
use crate::protocol::{Get, Item, Reply, Returns};
use crate::route::refresh::decide::Age;

impl RefreshNode {
    /// What a winner is told: to regenerate the value, in the way it understands.
    pub(super) fn told_to_winner(&self, item: Option<Item>, get: &Get) -> Reply {
        let is_stale = item.as_ref().is_some_and(|item| self.policy.is_stale(item));
        if item.is_some() && !is_stale {
            self.shard.early_refresh(self.route);
        }
        let Some(item) = item.filter(|_| self.letters && get.knows_marks) else { return Reply::Miss };
        let mut item = self.policy.as_told(as_asked(item, get));
        item.marks = if is_stale { *b"XW\0" } else { *b"W\0\0" };
        Reply::Hit(item)
    }

    /// What a reader is told who does not regenerate the value.
    pub(super) fn told_as_found(&self, item: Item, get: &Get) -> Reply {
        let item = as_asked(item, get);
        match self.policy.age(&item) {
            Age::Stale(age) | Age::Outlived(age) => self.told_stale(item, age, get),
            Age::Unjudged | Age::Fresh(_) => Reply::Hit(self.policy.as_told(item)),
        }
    }

    /// A stale value, for a reader that does not regenerate it.
    pub(super) fn told_stale(&self, item: Item, age: u32, get: &Get) -> Reply {
        self.shard.stale_served(self.route, Duration::from_secs(age.into()));
        let mut item = self.policy.as_told(item);
        // A client that memcached itself told that it won (W) is told so.
        if self.letters && get.knows_marks && !item.marks.contains(&b'W') {
            item.marks = *b"ZX\0";
        }
        Reply::Hit(item)
    }
}

/// Leaves the value out where it was not asked for: its being there is what tells `VA` from `HD`.
pub(super) fn as_asked(mut item: Item, get: &Get) -> Item {
    item.value = item.value.filter(|_| get.returns.has(Returns::VALUE));
    item
}
