//! A get of several keys: what became of each, until all are known. Then the reply leaves, nothing else in between; a long
//! one in pieces, so that others have their turns.

use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;

use super::asked::{Witness, outcome};
use crate::metrics::{RequestOutcome, RouteId};
use crate::protocol::{
    CommandClass, Item, Key, Output, Refusal, Reply, Style, encode_end, encode_general, encode_value,
};
use crate::upstream::{Arrived, Place, ReplyRun};

/// A get of more keys than this came in a buffer that held little else.
pub(super) const MANY: usize = 200;

/// So many bytes of a reply are written at once, and so many keys looked at.
const PIECE: usize = 64 * 1024;
const PIECE_KEYS: usize = 1024;

/// How the reply to a get of several keys goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GetEnding {
    /// The items that were found, then `END`.
    Items,
    /// That its line is wrong, and nothing else.
    Spoilt,
}

/// The keys of one get and what became of each so far.
pub(super) struct Gathered {
    /// Those that are not written yet.
    parts: VecDeque<Part>,
    /// Whether some are written.
    is_under_way: bool,
    ending: GetEnding,
    class: CommandClass,
    /// What it takes but for values.
    places: usize,
    /// Bytes of the values that came and are not written.
    bytes: usize,
    /// How many replies are to come of those that were asked for.
    waiting: usize,
    /// How many keys are still to be asked for.
    unasked: usize,
    /// Whether `VALUE` lines end with the CAS unique.
    cas: bool,
    /// Whether an item was found.
    has_found: bool,
    /// Whether its keys have let go of what was read with them.
    is_detached: bool,
}

/// One key of a get. Kept small: a get may have thousands.
struct Part {
    key: Key,
    route: Option<RouteId>,
    found: Option<Found>,
}

/// What a get tells of an item. Its value is a part of a chunk, which all that came with it keep together.
struct Found {
    chunk: Rc<Bytes>,
    value: Place,
    client_flags: u32,
    cas: u64,
}

impl Gathered {
    /// Nothing asked yet, of so many keys to come, which take so much [room](Gathered::room).
    pub(super) fn new(keys: usize, room: usize, class: CommandClass, cas: bool, ending: GetEnding) -> Gathered {
        Gathered {
            parts: VecDeque::with_capacity(keys),
            is_under_way: false,
            ending,
            class,
            places: room,
            bytes: 0,
            waiting: 0,
            unasked: keys,
            cas,
            has_found: false,
            is_detached: false,
        }
    }

    /// How many keys were asked for, of which none is written.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Adds a key that was asked for.
    #[inline(always)]
    pub(super) fn push(&mut self, key: Key, route: Option<RouteId>) {
        self.parts.push_back(Part { key, route, found: None });
        self.waiting += 1;
        self.unasked = self.unasked.saturating_sub(1);
    }

    /// Puts the reply about the key that was added last in its place.
    pub(super) fn fill_last(&mut self, reply: Reply, witness: &impl Witness) {
        let last = &mut [Arrived::new(self.parts.len() as u64 - 1, reply)];
        self.fill(ReplyRun::without_chunk(last), witness);
    }

    /// Key number `part`, and how a reply about it will be written.
    pub(super) fn asker(&self, part: usize) -> Option<(&Key, Style)> {
        self.parts.get(part).map(|part| (&part.key, Style::Get { cas: self.cas }))
    }

    /// Puts replies about its keys in their places. What became of neighbours is counted at once where it is the same.
    #[inline(always)]
    pub(super) fn fill(&mut self, run: ReplyRun<'_>, witness: &impl Witness) {
        self.waiting -= run.replies.len();
        let (mut alike, mut count, mut shared) = ((None, RequestOutcome::Hit), 0, None);
        for Arrived { token, reply, place } in run.replies {
            let Some(part) = self.parts.get_mut(*token as u32 as usize) else { continue };
            let became = (part.route, outcome(self.class, reply));
            if alike != became {
                witness.outcomes(alike.0, self.class, alike.1, count);
                (alike, count) = (became, 0);
            }
            count += 1;
            let Reply::Hit(Item { value: own, client_flags, cas, .. }) = reply else { continue };
            let (chunk, value) = match (*place, own.take()) {
                (Some(place), _) => (shared.get_or_insert_with(|| Rc::new(run.chunk.clone())).clone(), place),
                (None, Some(own)) => {
                    let whole = Place::of(0..own.len());
                    (Rc::new(own), whole)
                }
                (None, None) => continue,
            };
            self.bytes += value.size();
            part.found = Some(Found { chunk, value, client_flags: *client_flags, cas: *cas });
            self.has_found = true;
        }
        witness.outcomes(alike.0, self.class, alike.1, count);
    }

    /// Writes the next piece of the reply, unless enough waits to be sent. True if that was the last.
    pub(super) fn write(&mut self, output: &mut Output) -> bool {
        if self.is_under_way() && output.len() >= PIECE {
            return false;
        }
        if self.ending == GetEnding::Spoilt {
            let (form, bad) = (Refusal::BAD_FORMAT.form, Refusal::BAD_FORMAT.line);
            encode_general(&form, &Reply::Error(bad.into_owned().into()), output);
            return true;
        }
        self.is_under_way = true;
        let most = output.len() + PIECE;
        let mut written = 0;
        for part in self.parts.iter().take(PIECE_KEYS) {
            if output.len() >= most {
                break;
            }
            if let Some(found) = &part.found {
                let cas = self.cas.then_some(found.cas);
                encode_value(&part.key, found.client_flags, cas, &found.chunk, found.value.range(), output);
                self.bytes -= found.value.size();
            }
            written += 1;
        }
        // What is written goes at once: 100,000 keys that went together would take milliseconds.
        self.parts.drain(..written);
        let is_last = self.parts.is_empty();
        if is_last {
            encode_end(output);
        }
        is_last
    }

    /// Whether a part of the reply is written, and more of it is to come.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// Bytes of the values that came and are not written.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many replies are to come of those that were asked for.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether an item was found.
    pub(super) fn has_found(&self) -> bool {
        self.has_found
    }

    /// Whether all keys were asked for, and all answered.
    pub(super) fn is_whole(&self) -> bool {
        self.waiting + self.unasked == 0
    }

    /// Bytes that a get of these keys takes until it is answered: their places in the reply and in the line, and those of
    /// [`MANY`] keys themselves.
    pub(super) fn room(keys: &[Key]) -> usize {
        let bytes = if keys.len() > MANY { keys.iter().map(|key| key.as_bytes().len()).sum() } else { 0 };
        keys.len() * (size_of::<Part>() + size_of::<Key>()) + bytes
    }

    /// The same of this one.
    pub(super) fn places(&self) -> usize {
        self.places
    }

    /// The route of each key.
    pub(super) fn routes(&mut self) -> impl Iterator<Item = &mut Option<RouteId>> {
        self.parts.iter_mut().map(|part| &mut part.route)
    }

    /// Lets its keys go of what was read with them.
    pub(super) fn detach(&mut self) {
        if !std::mem::replace(&mut self.is_detached, true) && self.parts.len() <= MANY {
            self.parts.iter_mut().for_each(|part| part.key = part.key.detached());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downstream::asked::Asked;
    use crate::metrics::StatsCount;

    struct Nobody;

    impl Witness for Nobody {
        fn answered(&self, _: &Asked) {}
        fn outcomes(&self, _: Option<RouteId>, _: CommandClass, _: RequestOutcome, _: u64) {}
        fn tally(&self, _: StatsCount) {}
    }

    fn hit(value: Option<Bytes>) -> Item {
        Item { value, client_flags: 5, ..Item::default() }
    }

    #[test]
    fn values_stay_where_they_were_read_until_all_of_them_are_written() {
        let keys = ["a", "b", "c", "d"];
        let mut get = Gathered::new(keys.len(), 0, CommandClass::Get, false, GetEnding::Items);
        keys.iter().for_each(|key| get.push(Key::text(Bytes::from(*key)).unwrap(), None));
        let (chunk, own) = (Bytes::copy_from_slice(b"-cccc-aa-"), Bytes::copy_from_slice(b"d"));
        let in_chunk = |token, range| Arrived::hit(token, hit(None), Place::of(range));
        get.fill(ReplyRun { replies: &mut [in_chunk(2, 1..5), in_chunk(0, 6..8)], chunk: &chunk }, &Nobody);
        assert!(!get.is_whole() && get.bytes() == "ccccaa".len());
        let rest = &mut [Arrived::new(1, Reply::Miss), Arrived::new(3, Reply::Hit(hit(Some(own))))];
        get.fill(ReplyRun::without_chunk(rest), &Nobody);
        assert!(get.is_whole() && get.bytes() == "ccccaad".len() && !chunk.is_unique());
        let mut output = Output::default();
        assert!(get.write(&mut output));
        assert_eq!(output.text(), b"VALUE a 5 2\r\naa\r\nVALUE c 5 4\r\ncccc\r\nVALUE d 5 1\r\nd\r\nEND\r\n");
        assert!(get.bytes() == 0 && chunk.is_unique());
    }
}
