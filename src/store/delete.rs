//! `md`: removing an item, or keeping it marked as stale, without its value, or both.

use bytes::Bytes;

use super::counters::Count;
use super::item::StoredItem;
use super::turn::{Change, Decision, StoreTurn};
use crate::protocol::Delete;
use crate::protocol::{Item, Reply};

/// What a delete does to an item and answers.
pub(super) fn delete(delete: &Delete, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    let Some(item) = found else {
        turn.count(Count::DeleteMisses);
        return (Change::Keep, Reply::NotFound);
    };
    if delete.compare_cas.is_some_and(|cas| cas != item.cas) {
        turn.count(Count::DeleteMisses);
        return (Change::Keep, Reply::Exists);
    }
    if delete.invalidate || delete.drop_value {
        return keep(delete, item, turn);
    }
    turn.count(Count::DeleteHits);
    (Change::Remove, Reply::Hit(Item::default()))
}

/// Takes the token back from the winner that has it: the next reader of a stale item wins. Either way the CAS unique
/// changes, so that no client that read the old value can write over this.
fn keep(delete: &Delete, item: &StoredItem, turn: &StoreTurn<'_>) -> Decision {
    let mut next = turn.next_state(item);
    next.cas = turn.cas(delete.new_cas);
    next.expiry = delete.ttl.map_or(item.expiry, |exptime| turn.expiry(exptime));
    if delete.drop_value {
        next.value = Bytes::new();
        next.client_flags = 0;
    }
    if delete.invalidate {
        next.stale = true;
        next.token_sent = false;
    }
    (Change::Put(next), Reply::Hit(Item::default()))
}
