//! Who is next: a bounded queue in which parties take turns, so that one that wants a thousand things at once holds up
//! nobody who wants one.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// What waits, by the party it waits for.
#[derive(Debug)]
pub(super) struct FairQueue<P, T> {
    lines: HashMap<P, VecDeque<T>>,
    /// The parties whose line is not empty, the next one first.
    turns: VecDeque<P>,
    len: usize,
}

impl<P: Copy + Eq + Hash, T> FairQueue<P, T> {
    /// Nothing waits.
    pub(super) fn new() -> FairQueue<P, T> {
        FairQueue { lines: HashMap::new(), turns: VecDeque::new(), len: 0 }
    }

    /// How much waits.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts one more at the end of its party's line; gives it back if `most` wait already.
    pub(super) fn push(&mut self, party: P, wanted: T, most: usize) -> Result<(), T> {
        if self.len >= most {
            return Err(wanted);
        }
        let line = self.lines.entry(party).or_default();
        if line.is_empty() {
            self.turns.push_back(party);
        }
        line.push_back(wanted);
        self.len += 1;
        Ok(())
    }

    /// Takes the first of the party whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        let party = self.turns.pop_front()?;
        let line = self.lines.get_mut(&party)?;
        let next = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&party);
        } else {
            self.turns.push_back(party);
        }
        self.len -= usize::from(next.is_some());
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(pushed: &[(char, u32)]) -> Vec<u32> {
        let mut queue = FairQueue::new();
        pushed.iter().for_each(|(party, wanted)| queue.push(*party, *wanted, 100).unwrap());
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn parties_take_turns_and_each_keeps_its_order() {
        let pushed = [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('c', 5), ('b', 6)];
        assert_eq!(order(&pushed), [1, 4, 5, 2, 6, 3]);
    }

    #[test]
    fn what_does_not_fit_is_given_back() {
        let mut queue = FairQueue::new();
        assert_eq!((queue.push('a', 1, 1), queue.push('b', 2, 1)), (Ok(()), Err(2)));
        assert_eq!((queue.pop(), queue.pop(), queue.len()), (Some(1), None, 0));
        assert_eq!(queue.push('b', 2, 1), Ok(()));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nobody_waits_for_more_than_one_turn_of_each_other(
            parties in prop::collection::vec(0_u8..5, 0..60)
        ) {
            let mut queue = FairQueue::new();
            parties.iter().enumerate().for_each(|(n, party)| queue.push(*party, (*party, n), 100).unwrap());
            let popped: Vec<(u8, usize)> = std::iter::from_fn(|| queue.pop()).collect();
            prop_assert_eq!(popped.len(), parties.len());
            for party in 0..5 {
                let places: Vec<usize> = (0..popped.len()).filter(|at| popped[*at].0 == party).collect();
                let numbers: Vec<usize> = places.iter().map(|at| popped[*at].1).collect();
                prop_assert!(numbers.is_sorted());
                prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] <= 5));
            }
            prop_assert!(queue.lines.is_empty() && queue.turns.is_empty());
        }
    }
}
