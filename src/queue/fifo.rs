//! One queue: the order of its messages, which of them are handed out, and to whom.
//!
//! ```text
//!        handed out before                    never handed out
//!   ├─ reserved, given back, gone ─┤├─ messages in their order ─────▶ put
//!                                  cursor
//! ```
//! The head is the oldest that was given back, else the one at the cursor. So what comes back has its place in the order
//! again, and neither handing out nor giving back depends on how many messages there are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::places::{MessagePlace, MessagePlaces};

/// Who takes messages, and loses what it holds when it leaves: a connection of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Consumer(pub u64);

/// The bits of a [receipt] that are the id of its message.
///
/// [receipt]: Fifo::receipt
const OF_ID: u64 = (1 << 48) - 1;

/// The id of the message that a receipt is for.
pub fn id_of_receipt(receipt: u64) -> u64 {
    receipt & OF_ID
}

/// A message that is handed out and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reservation {
    /// Who has it.
    pub by: Consumer,
    /// When it is given back, since the start of the process.
    pub until: Duration,
    /// What its consumer knows it by.
    pub told: u64,
}

/// One queue.
#[derive(Default)]
pub(super) struct Fifo {
    places: MessagePlaces,
    next: u64,
    cursor: u64,
    back: BTreeSet<u64>,
    reserved: BTreeMap<u64, Reservation>,
    /// How often messages were given back, for those that were.
    times: BTreeMap<u64, u16>,
}

impl Fifo {
    /// An empty one whose first message will have this id or a higher one.
    pub(super) fn new(next: u64) -> Fifo {
        Fifo { next, cursor: next, ..Fifo::default() }
    }

    /// The id of the next message.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// No message of an id below `next` comes any more.
    pub(super) fn skip_to(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Where its messages stand.
    pub(super) fn places(&self) -> &MessagePlaces {
        &self.places
    }

    /// Messages that may be handed out.
    pub(super) fn waiting(&self) -> u64 {
        self.places.len() - self.reserved.len() as u64
    }

    /// Messages that are handed out.
    pub(super) fn reserved(&self) -> u64 {
        self.reserved.len() as u64
    }

    /// Whether nothing of it must be remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.places.len() == 0
    }

    /// A message came, or stands somewhere else now; tells where it stood before.
    pub(super) fn put(&mut self, id: u64, place: MessagePlace) -> Option<MessagePlace> {
        self.next = self.next.max(id + 1);
        let before = self.places.put(id, place);
        if before.is_none() && id < self.cursor {
            self.back.insert(id);
        }
        before
    }

    /// The message whose turn it is.
    pub(super) fn head(&self) -> Option<u64> {
        self.back.first().copied().or_else(|| self.places.first_from(self.cursor))
    }

    /// Hands out the head.
    pub(super) fn reserve(&mut self, id: u64, reservation: Reservation) {
        self.leave_line(id);
        self.reserved.insert(id, reservation);
    }

    /// Who has a message.
    pub(super) fn reservation(&self, id: u64) -> Option<Reservation> {
        self.reserved.get(&id).copied()
    }

    /// What tells one reservation of a message from those before and after it: its id, and above that how often it was given
    /// back so far. Who comes late with one takes the message from no other consumer.
    pub(super) fn receipt(&self, id: u64) -> u64 {
        id & OF_ID | u64::from(self.times(id)) << OF_ID.count_ones()
    }

    /// Whether a consumer that names a message so means the reservation that there is: any, if it names none.
    pub(super) fn is_meant(&self, id: u64, by: Consumer, number: Option<u64>) -> bool {
        let Some(reservation) = self.reservation(id) else { return false };
        let is_own = |number| (by, number) == (reservation.by, reservation.told);
        number.is_none_or(|number| number == self.receipt(id) || is_own(number))
    }

    /// Takes a message back into its place, and tells how often that happened to it by now.
    pub(super) fn give_back(&mut self, id: u64) -> u16 {
        if self.reserved.remove(&id).is_some() {
            self.back.insert(id);
        }
        let times = self.times.entry(id).or_default();
        *times = times.saturating_add(1);
        *times
    }

    /// How often a message was given back.
    pub(super) fn times(&self, id: u64) -> u16 {
        self.times.get(&id).copied().unwrap_or(0)
    }

    /// It was given back so often.
    pub(super) fn set_times(&mut self, id: u64, times: u16) {
        if self.places.get(id).is_some() {
            self.times.insert(id, times);
        }
    }

    /// Forgets a message, and tells where it stood.
    pub(super) fn remove(&mut self, id: u64) -> Option<MessagePlace> {
        self.leave_line(id);
        self.reserved.remove(&id);
        self.times.remove(&id);
        self.places.remove(id)
    }

    /// It is not in the line any more: the cursor goes past it, if it stood there.
    fn leave_line(&mut self, id: u64) {
        if !self.back.remove(&id) && id >= self.cursor && self.places.first_from(self.cursor) == Some(id) {
            self.cursor = id + 1;
        }
    }

    /// The messages that may be handed out, in their order.
    pub(super) fn line(&self) -> impl Iterator<Item = (u64, MessagePlace)> {
        let back = self.back.iter().filter_map(|id| Some((*id, self.places.get(*id)?)));
        back.chain(self.places.from(self.cursor))
    }

    /// How many messages that may be handed out stand before this one.
    pub(super) fn ahead(&self, id: u64) -> u64 {
        self.places.before(id) - self.reserved.range(..id).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reservation() -> Reservation {
        Reservation { by: Consumer(1), until: Duration::ZERO, told: 0 }
    }

    proptest! {
        #[test]
        fn the_head_is_always_the_oldest_that_waits(steps in prop::collection::vec((0u8..5, any::<prop::sample::Index>()), 1..200)) {
            let (mut fifo, mut waits, mut held) = (Fifo::new(7), BTreeSet::new(), BTreeSet::new());
            for (step, which) in steps {
                let nth = |of: &BTreeSet<u64>| (!of.is_empty()).then(|| *of.iter().nth(which.index(of.len())).unwrap());
                match step {
                    0 | 1 => {
                        let id = fifo.next();
                        fifo.put(id, MessagePlace { segment: 1, at: 0, length: 1 });
                        waits.insert(id);
                    }
                    2 => if let Some(id) = fifo.head() {
                        fifo.reserve(id, reservation());
                        waits.remove(&id);
                        held.insert(id);
                    },
                    3 => if let Some(id) = nth(&held) {
                        fifo.give_back(id);
                        held.remove(&id);
                        waits.insert(id);
                    },
                    // A message may also leave from the middle of the line.
                    _ => if let Some(id) = nth(&waits.union(&held).copied().collect()) {
                        fifo.remove(id).unwrap();
                        held.remove(&id);
                        waits.remove(&id);
                    },
                }
                prop_assert_eq!(fifo.head(), waits.first().copied());
                prop_assert_eq!(fifo.line().map(|(id, _)| id).collect::<Vec<_>>(), waits.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!((fifo.waiting(), fifo.reserved()), (waits.len() as u64, held.len() as u64));
                if let Some(id) = nth(&waits) {
                    prop_assert_eq!(fifo.ahead(id), waits.range(..id).count() as u64);
                }
            }
        }
    }
}
