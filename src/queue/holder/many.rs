//! All queues of a holder by their names, in parts of a few hundred: a look at all of them can take turns with orders, and
//! no table of all of them has to grow at once.

use std::collections::HashMap;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::one_queue::OneQueue;
use crate::metrics::QueueCounts;

/// How many parts there are.
const PARTS: usize = 1024;
/// So many queues are remembered though there is nothing in them, for what was counted there.
const REMEMBERED: usize = 1024;
/// So many are looked through for those to forget whenever one becomes empty.
const SWEPT: usize = 8;

/// All queues. Who waits for a message is told by a `T`.
pub(super) struct ManyQueues<T> {
    parts: Vec<HashMap<Bytes, OneQueue<T>>>,
    count: usize,
    /// How many are to be looked through for those to forget, and the part that is next.
    to_sweep: usize,
    next: usize,
}

impl<T> ManyQueues<T> {
    pub(super) fn new() -> ManyQueues<T> {
        ManyQueues { parts: (0..PARTS).map(|_| HashMap::new()).collect(), count: 0, to_sweep: 0, next: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, name: &Bytes) -> Option<&OneQueue<T>> {
        self.parts[place(name)].get(name)
    }

    pub(super) fn get_mut(&mut self, name: &Bytes) -> Option<&mut OneQueue<T>> {
        self.parts[place(name)].get_mut(name)
    }

    /// The queue of this name; if there is none, that which `new` makes.
    pub(super) fn get_or_insert_with(&mut self, name: &Bytes, new: impl FnOnce() -> OneQueue<T>) -> &mut OneQueue<T> {
        let count = &mut self.count;
        self.parts[place(name)].entry(name.clone()).or_insert_with(|| {
            *count += 1;
            new()
        })
    }

    /// The names of all.
    pub(super) fn names(&self) -> Vec<Bytes> {
        self.parts.iter().flat_map(HashMap::keys).cloned().collect()
    }

    /// Those of one part; `None` behind the last one.
    pub(super) fn part(&mut self, number: usize) -> Option<impl ExactSizeIterator<Item = (&Bytes, &mut OneQueue<T>)>> {
        self.parts.get_mut(number).map(HashMap::iter_mut)
    }

    /// One of them may have become empty.
    pub(super) fn note_empty(&mut self) {
        self.to_sweep += SWEPT;
    }

    /// Forgets queues in which nothing is, of as many as are to be looked through; what was counted there.
    pub(super) fn forget_idle(&mut self) -> QueueCounts {
        let mut counts = QueueCounts::default();
        while self.count > REMEMBERED && self.to_sweep > self.parts[self.next].len() {
            let part = &mut self.parts[self.next];
            self.to_sweep -= part.len() + 1;
            let before = part.len();
            let idle = part.extract_if(|_, queue| queue.is_idle());
            counts = idle.fold(counts, |counts, (_, queue)| counts.and(queue.counts));
            self.count -= before - part.len();
            part.shrink_to(2 * part.len());
            self.next = (self.next + 1) % PARTS;
        }
        if self.count <= REMEMBERED {
            self.to_sweep = 0;
        }
        counts
    }
}

fn place(name: &[u8]) -> usize {
    xxh3_64(name) as usize % PARTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::fifo::Fifo;

    fn filled(count: usize) -> ManyQueues<()> {
        let mut queues = ManyQueues::new();
        for number in 0..count {
            queues.get_or_insert_with(&name(number), || OneQueue::of(Fifo::new(1))).counts.put += 1;
        }
        queues
    }

    fn name(number: usize) -> Bytes {
        format!("q{number}").into()
    }

    #[test]
    fn every_queue_is_in_one_part_and_no_part_is_a_crowd() {
        let mut queues = filled(20_000);
        assert_eq!((queues.len(), queues.names().len()), (20_000, 20_000));
        let parts: Vec<usize> = (0..).map_while(|number| queues.part(number).map(|part| part.len())).collect();
        assert_eq!(parts.iter().sum::<usize>(), 20_000);
        assert!(parts.iter().all(|part| *part < 60), "{parts:?}");
        assert_eq!(queues.get(&name(7)).unwrap().counts.put, 1);
        assert!(queues.get(&name(20_000)).is_none());
    }

    #[test]
    fn those_that_are_empty_are_forgotten_some_at_a_time_and_what_was_counted_is_kept() {
        let mut queues = filled(20_000);
        let mut counted = queues.forget_idle().put;
        assert_eq!(queues.len(), 20_000, "none became empty");
        let mut most = 0;
        for _ in 0..3_000 {
            let before = queues.len();
            queues.note_empty();
            counted += queues.forget_idle().put;
            most = most.max(before - queues.len());
        }
        assert!(queues.len() <= REMEMBERED + 60 && most < 60, "{} are left, {most} went at once", queues.len());
        assert_eq!(counted as usize + queues.len(), 20_000);
    }
}
