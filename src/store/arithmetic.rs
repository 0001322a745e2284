//! `ma`: counting in values that are numbers.

use bytes::{BufMut, Bytes, BytesMut};

use super::clock::Expiry;
use super::counters::Count;
use super::item::StoredItem;
use super::size;
use super::turn::{Change, Decision, StoreTurn};
use crate::protocol::{Arithmetic, Exptime, Reply, Returns, number};

/// What memcached says to counting in a value that is no number.
const NOT_A_NUMBER: &[u8] = b"CLIENT_ERROR cannot increment or decrement non-numeric value";

/// What counting does to an item and answers.
pub(super) fn arithmetic(sum: &Arithmetic, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    match (found, sum.vivify) {
        (Some(item), _) => count_in(sum, item, turn),
        (None, Some(exptime)) => vivify(sum, exptime, turn),
        (None, None) => {
            turn.count(if sum.decrement { Count::DecrMisses } else { Count::IncrMisses });
            (Change::Keep, Reply::NotFound)
        }
    }
}

fn vivify(sum: &Arithmetic, exptime: Exptime, turn: &StoreTurn<'_>) -> Decision {
    let text = decimal(sum.initial);
    let item = turn.item(text.clone(), 0, turn.expiry(exptime), sum.new_cas);
    let reply = answer(sum, &item, Expiry::Never, text, turn);
    (Change::Put(item), reply)
}

/// memcached looks at the value's length before it compares the CAS unique, and at its digits after.
fn count_in(sum: &Arithmetic, item: &StoredItem, turn: &StoreTurn<'_>) -> Decision {
    let not_a_number = || (Change::Keep, Reply::Error(Bytes::from_static(NOT_A_NUMBER)));
    if item.value.is_empty() || size::is_chunked(item.total(turn.key.as_bytes().len())) {
        return not_a_number();
    }
    if sum.compare_cas.is_some_and(|cas| cas != 0 && cas != item.cas) {
        return (Change::Keep, Reply::Exists);
    }
    let Some(number) = number::u64(&item.value) else { return not_a_number() };
    turn.count(if sum.decrement { Count::DecrHits } else { Count::IncrHits });
    let text = decimal(if sum.decrement { number.saturating_sub(sum.delta) } else { number.wrapping_add(sum.delta) });
    let (next, told) =
        if text.len() <= item.value.len() { in_place(sum, item, &text, turn) } else { longer(sum, item, &text, turn) };
    let reply = answer(sum, &told, item.expiry, text, turn);
    (Change::Put(next), reply)
}

/// A number that fits is written over the old one, and spaces over what is left of that: no item gets shorter.
fn in_place(sum: &Arithmetic, item: &StoredItem, text: &[u8], turn: &StoreTurn<'_>) -> (StoredItem, StoredItem) {
    let mut next = turn.next_state(item);
    next.value = padded(text, item.value.len());
    next.cas = turn.cas(sum.new_cas);
    next.expiry = sum.ttl.map_or(item.expiry, |exptime| turn.expiry(exptime));
    next.touch(turn.now);
    (next.clone(), next)
}

/// A number that does not fit makes a new item. memcached 1.6 gives the new expiry time to the item that is thrown
/// away, and describes that one.
fn longer(sum: &Arithmetic, item: &StoredItem, text: &[u8], turn: &StoreTurn<'_>) -> (StoredItem, StoredItem) {
    let value = Bytes::copy_from_slice(text);
    let mut next = turn.item(value, item.client_flags, item.expiry, sum.new_cas);
    next.binary_key = item.binary_key;
    let mut told = next.clone();
    told.expiry = sum.ttl.map_or(item.expiry, |exptime| turn.expiry(exptime));
    (next, told)
}

/// The reply's value is the number itself, without the spaces after it.
fn answer(sum: &Arithmetic, item: &StoredItem, before: Expiry, text: Bytes, turn: &StoreTurn<'_>) -> Reply {
    let mut told = item.describe(sum.returns, before, turn.now);
    told.value = sum.returns.has(Returns::VALUE).then_some(text);
    Reply::Hit(told)
}

fn decimal(number: u64) -> Bytes {
    Bytes::copy_from_slice(itoa::Buffer::new().format(number).as_bytes())
}

fn padded(text: &[u8], length: usize) -> Bytes {
    let mut value = BytesMut::with_capacity(length);
    value.put_slice(text);
    value.put_bytes(b' ', length - text.len());
    value.freeze()
}
