//! `me`: an item's internals, in the words memcached has for them.

use super::clock::Expiry;
use super::item::StoredItem;
use super::size;
use super::turn::{Change, Decision, StoreTurn};
use crate::protocol::{Internals, Reply};

/// What is answered about an item; it is not counted as a fetch.
pub(super) fn debug(found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    (Change::Keep, found.map_or(Reply::Miss, |item| Reply::Debug(internals(item, turn))))
}

/// `exp` counts up to the expiry: memcached tells how long ago it was, so it is negative until then.
fn internals(item: &StoredItem, turn: &StoreTurn<'_>) -> Internals {
    let total = item.total(turn.key.as_bytes().len());
    let facts = format!(
        "exp={} la={} cas={} fetch={} cls={} size={}",
        match item.expiry {
            Expiry::Never => -1,
            Expiry::At(_) => -item.expiry.remaining(turn.now),
        },
        turn.now.saturating_sub(item.accessed()),
        item.cas,
        if item.fetched() { "yes" } else { "no" },
        size::class(total),
        total,
    );
    Internals { binary_key: item.binary_key, facts: facts.into() }
}
