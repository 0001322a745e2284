//! `mg`: reading, touching, and who is told to regenerate what.

use bytes::Bytes;

use super::clock::Expiry;
use super::counters::Count;
use super::item::StoredItem;
use super::turn::{Change, Decision, StoreTurn};
use crate::protocol::Reply;
use crate::protocol::{Get, Returns};

/// Whether reading `item` leaves it as it is, so that no lock is needed.
pub(super) fn only_reads(get: &Get, item: Option<&StoredItem>) -> bool {
    let asks_only = get.touch.is_none() && get.vivify.is_none() && get.recache.is_none();
    asks_only && !(get.knows_marks && item.is_some_and(StoredItem::awaits_winner))
}

/// What a read does to an item and answers.
pub(super) fn get(get: &Get, found: Option<&StoredItem>, turn: &StoreTurn<'_>) -> Decision {
    count(get, found.is_some(), turn);
    match (found, get.vivify) {
        (Some(item), _) => hit(get, item, turn),
        (None, Some(exptime)) => {
            let mut item = turn.item(Bytes::new(), 0, turn.expiry(exptime), get.new_cas);
            item.token_sent = true;
            let reply = answer(get, &item, Expiry::Never, [false, false, true], turn);
            (Change::Put(item), reply)
        }
        (None, None) => (Change::Keep, Reply::Miss),
    }
}

/// A touch is seen by all that stands behind it.
fn hit(get: &Get, item: &StoredItem, turn: &StoreTurn<'_>) -> Decision {
    let expiry = get.touch.map_or(item.expiry, |exptime| turn.expiry(exptime));
    let judged = if get.touch_last { item.expiry } else { expiry };
    let recaches = get.recache.is_some_and(|within| judged.is_sooner_than(turn.expiry(within)));
    // A reader that could not be told does not win.
    let wins = get.knows_marks && !item.token_sent && (item.stale || recaches);
    let marks = [item.token_sent, item.stale, wins];
    if expiry == item.expiry && !wins {
        return (Change::Keep, answer(get, item, item.expiry, marks, turn));
    }
    let mut next = turn.next_state(item);
    next.expiry = expiry;
    next.token_sent |= wins;
    let reply = answer(get, &next, item.expiry, marks, turn);
    (Change::Put(next), reply)
}

/// Describes the item as it was before this fetch, then notes the fetch.
fn answer(get: &Get, item: &StoredItem, before: Expiry, marks: [bool; 3], turn: &StoreTurn<'_>) -> Reply {
    let mut told = item.describe(get.returns, before, turn.now);
    told.marks = letters(marks);
    if !get.no_bump {
        item.bump(turn.now);
    }
    Reply::Hit(told)
}

/// The letters of those of Z, X and W that hold, without gaps, in the order memcached writes them.
fn letters(marks: [bool; 3]) -> [u8; 3] {
    let mut letters = [0; 3];
    let holding = b"ZXW".iter().zip(marks).filter(|(_, holds)| *holds);
    for (place, (letter, _)) in letters.iter_mut().zip(holding) {
        *place = *letter;
    }
    letters
}

/// A `touch` reads nothing, so it is no get; `gat` is both.
fn count(get: &Get, hit: bool, turn: &StoreTurn<'_>) {
    if get.touch.is_some() {
        turn.count(Count::CmdTouch);
        turn.count(if hit { Count::TouchHits } else { Count::TouchMisses });
    }
    if get.touch.is_none() || get.returns.has(Returns::VALUE) {
        turn.count(Count::CmdGet);
        turn.count(if hit { Count::GetHits } else { Count::GetMisses });
    }
}
