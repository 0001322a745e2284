//! The messages that one client has of queues whose holders are elsewhere.
//!
//! ```text
//!   open is sent ──────▶ the holder reserves ─────────────────────────────▶ the holder gives back
//!     └───────── reserve ─────────────────────▶ forgotten here
//! ```
//! The time counts from before the holder was asked, so a message is forgotten here before its holder gives it to another
//! consumer; and what was reserved over a connection that has ended since is not given back by another one. So whatever
//! is given back is the client's own still. An acknowledgement names what was done, and is right at any time.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;

/// A client may have so many messages open at once.
const MOST: usize = 65_536;

/// A queue: the identity of its route, and its name.
pub type QueueOfRoute = (u64, Bytes);

/// One message that a client has. `W` is the way to its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMessage<W> {
    /// Where it is reserved.
    pub way: W,
    /// What the client knows it by, beside its receipt.
    pub told: u64,
    /// The holder's [era](crate::route::Node::era) when it was asked for.
    pub era: u64,
    /// Until when it is surely the client's.
    pub until: Instant,
}

/// All that one client has.
#[derive(Debug)]
pub struct OpenMessages<W> {
    queues: BTreeMap<QueueOfRoute, BTreeMap<u64, OpenMessage<W>>>,
    count: usize,
}

impl<W> Default for OpenMessages<W> {
    fn default() -> OpenMessages<W> {
        OpenMessages { queues: BTreeMap::new(), count: 0 }
    }
}

impl<W> OpenMessages<W> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether it may not have any more.
    pub fn is_full(&mut self, now: Instant) -> bool {
        if self.count >= MOST {
            let queues: Vec<QueueOfRoute> = self.queues.keys().cloned().collect();
            queues.iter().for_each(|queue| self.forget(queue, now));
        }
        self.count >= MOST
    }

    /// Whether it has one of this queue.
    pub fn has_of(&mut self, queue: &QueueOfRoute, now: Instant) -> bool {
        self.forget(queue, now);
        self.queues.contains_key(queue)
    }

    /// It has been given this one.
    pub fn add(&mut self, queue: QueueOfRoute, receipt: u64, message: OpenMessage<W>) {
        let of_queue = self.queues.entry(queue).or_default();
        self.count += usize::from(of_queue.insert(receipt, message).is_none());
    }

    /// Takes out the one that has this receipt or is known by this number, or the oldest of the queue; with its receipt.
    pub fn take(&mut self, queue: &QueueOfRoute, which: Option<u64>, now: Instant) -> Option<(u64, OpenMessage<W>)> {
        self.forget(queue, now);
        let of_queue = self.queues.get_mut(queue)?;
        let receipt = match which {
            None => of_queue.keys().next(),
            Some(number) if of_queue.contains_key(&number) => which.as_ref(),
            Some(number) => of_queue.iter().find(|(_, message)| message.told == number).map(|(receipt, _)| receipt),
        };
        let receipt = *receipt?;
        let message = of_queue.remove(&receipt)?;
        self.count -= 1;
        if of_queue.is_empty() {
            self.queues.remove(queue);
        }
        Some((receipt, message))
    }

    /// Takes out all, as the client is gone.
    pub fn take_all(&mut self) -> impl Iterator<Item = (QueueOfRoute, u64, OpenMessage<W>)> + use<W> {
        self.count = 0;
        let queues = std::mem::take(&mut self.queues).into_iter();
        let of_one = |(queue, messages): (QueueOfRoute, BTreeMap<u64, OpenMessage<W>>)| {
            messages.into_iter().map(move |(receipt, message)| (queue.clone(), receipt, message))
        };
        queues.flat_map(of_one)
    }

    /// Forgets those of a queue whose time is over.
    fn forget(&mut self, queue: &QueueOfRoute, now: Instant) {
        let Some(of_queue) = self.queues.get_mut(queue) else { return };
        let before = of_queue.len();
        of_queue.retain(|_, message| message.until > now);
        self.count -= before - of_queue.len();
        if of_queue.is_empty() {
            self.queues.remove(queue);
        }
    }
}

impl<W> OpenMessage<W> {
    /// Whether it may be given back: it is the client's own still, as its holder's era is `era` now.
    pub fn may_be_given_back(&self, era: u64, now: Instant) -> bool {
        self.until > now && era == self.era
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn message(way: &str, until: Instant) -> OpenMessage<&str> {
        OpenMessage { way, told: 0, era: 1, until }
    }

    #[test]
    fn the_oldest_of_a_queue_comes_first_and_queues_of_other_routes_are_others() {
        let (now, mut open) = (Instant::now(), OpenMessages::default());
        let (queue, other) = ((1, Bytes::from("q")), (2, Bytes::from("q")));
        for id in [9, 4, 7] {
            open.add(queue.clone(), id, message("here", now + SECOND));
        }
        assert!(open.has_of(&queue, now) && !open.has_of(&other, now));
        assert_eq!(open.take(&other, None, now), None);
        assert_eq!(open.take(&queue, None, now).map(|(id, _)| id), Some(4));
        assert_eq!(open.take(&queue, Some(9), now).map(|(id, _)| id), Some(9));
        assert_eq!(open.take(&queue, Some(9), now), None);
        assert_eq!((open.len(), open.take_all().count(), open.len()), (1, 1, 0));
    }

    #[test]
    fn what_is_over_is_forgotten_and_never_given_back() {
        let (now, mut open) = (Instant::now(), OpenMessages::default());
        let queue = (1, Bytes::from("q"));
        open.add(queue.clone(), 1, message("here", now));
        open.add(queue.clone(), 2, message("here", now + SECOND));
        assert_eq!(open.take(&queue, Some(1), now), None);
        assert_eq!(open.len(), 1);
        let (id, kept) = open.take(&queue, None, now).unwrap();
        assert_eq!((id, kept.may_be_given_back(1, now)), (2, true));
        assert!(!kept.may_be_given_back(1, now + SECOND), "its time is over");
        assert!(!kept.may_be_given_back(2, now), "its holder may have lost it");
        assert!(open.is_empty() && !open.has_of(&queue, now));
    }

    #[test]
    fn a_message_that_was_given_back_before_is_known_by_its_id_and_by_its_receipt() {
        let (now, mut open) = (Instant::now(), OpenMessages::default());
        let (queue, receipt) = ((1, Bytes::from("q")), 3 << 48 | 7);
        for which in [7, receipt] {
            open.add(queue.clone(), receipt, OpenMessage { told: 7, ..message("here", now + SECOND) });
            assert_eq!(open.take(&queue, Some(2 << 48 | 7), now), None, "the reservation before");
            assert_eq!(open.take(&queue, Some(which), now).map(|(receipt, _)| receipt), Some(receipt));
        }
    }

    #[test]
    fn a_client_has_no_more_than_it_may() {
        let (now, mut open) = (Instant::now(), OpenMessages::default());
        for id in 0..MOST as u64 {
            assert!(!open.is_full(now));
            open.add((1, Bytes::from(format!("q{}", id % 7))), id, message("here", now + SECOND));
        }
        assert!(open.is_full(now));
        assert!(!open.is_full(now + SECOND) && open.is_empty(), "what is over counts no more");
    }
}
