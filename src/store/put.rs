//! `ms`: set, add, replace, append, prepend, and cas, which is a set or replace that names a CAS unique.

use bytes::{BufMut, Bytes, BytesMut};

use super::counters::Count;
use super::item::StoredItem;
use super::turn::{Change, Decision, StoreTurn};
use crate::protocol::{Exptime, Reply, Store, StoreMode};

/// What memcached says to an item over its limit.
const TOO_LARGE: &[u8] = b"SERVER_ERROR object too large for cache";

/// What a store does to an item and answers.
pub(super) fn store(store: &Store, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    if turn.is_too_large(store.value.len(), store.client_flags) {
        return refuse_size(store, turn);
    }
    turn.count(Count::CmdSet);
    match (store.mode, store.compare_cas) {
        (StoreMode::Set | StoreMode::Replace, Some(cas)) => compare(store, cas, found, turn),
        (StoreMode::Set, None) => put(store, turn),
        (StoreMode::Add, _) => add(store, found, turn),
        (StoreMode::Replace, None) if found.is_some() => put(store, turn),
        (StoreMode::Replace, None) => (Change::Keep, Reply::NotStored),
        (StoreMode::Append | StoreMode::Prepend, _) => extend(store, found, turn),
    }
}

/// A value that could not be set must not leave the one it was to replace.
fn refuse_size(store: &Store, turn: &StoreTurn<'_>) -> Decision {
    turn.count(Count::StoreTooLarge);
    let is_set = store.mode == StoreMode::Set && store.compare_cas.is_none();
    let change = if is_set { Change::Remove } else { Change::Keep };
    (change, Reply::Error(Bytes::from_static(TOO_LARGE)))
}

fn put(store: &Store, turn: &StoreTurn<'_>) -> Decision {
    stored(store, fresh(store, turn), turn)
}

fn add(store: &Store, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    let Some(item) = found else { return put(store, turn) };
    item.touch(turn.now);
    (Change::Keep, Reply::NotStored)
}

/// `I` lets an older writer through, but its value is stale from the start and outlives nothing it would not have.
fn compare(store: &Store, cas: u64, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    let Some(item) = found else {
        turn.count(Count::CasMisses);
        return (Change::Keep, Reply::NotFound);
    };
    if cas != 0 && cas == item.cas {
        turn.count(Count::CasHits);
        return put(store, turn);
    }
    if cas != 0 && store.invalidate && cas < item.cas {
        turn.count(Count::CasHits);
        let stale = StoredItem { expiry: item.expiry, stale: true, token_sent: item.token_sent, ..fresh(store, turn) };
        return stored(store, stale, turn);
    }
    turn.count(Count::CasBadval);
    (Change::Keep, Reply::Exists)
}

/// The item keeps its client flags and expiry time; a CAS unique of 0 compares with nothing.
fn extend(store: &Store, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    let Some(item) = found else {
        let Some(exptime) = store.vivify else { return (Change::Keep, Reply::NotStored) };
        return put(&Store { ttl: Some(exptime), ..store.clone() }, turn);
    };
    if store.compare_cas.is_some_and(|cas| cas != 0 && cas != item.cas) {
        return (Change::Keep, Reply::Exists);
    }
    if turn.is_too_large(item.value.len() + store.value.len(), item.client_flags) {
        return (Change::Keep, Reply::NotStored);
    }
    let value = match store.mode {
        StoreMode::Prepend => joined(&store.value, &item.value),
        _ => joined(&item.value, &store.value),
    };
    let mut longer = turn.item(value, item.client_flags, item.expiry, store.new_cas);
    longer.binary_key = item.binary_key;
    stored(store, longer, turn)
}

fn joined(front: &[u8], back: &[u8]) -> Bytes {
    let mut whole = BytesMut::with_capacity(front.len() + back.len());
    whole.put_slice(front);
    whole.put_slice(back);
    whole.freeze()
}

/// The value is copied: a slice would keep the whole buffer alive that the request was read into.
fn fresh(store: &Store, turn: &StoreTurn<'_>) -> StoredItem {
    let value = Bytes::copy_from_slice(&store.value);
    turn.item(value, store.client_flags, turn.expiry(store.ttl.unwrap_or(Exptime::NEVER)), store.new_cas)
}

fn stored(store: &Store, item: StoredItem, turn: &StoreTurn<'_>) -> Decision {
    let told = item.describe(store.returns, item.expiry, turn.now);
    (Change::Put(item), Reply::Hit(told))
}
