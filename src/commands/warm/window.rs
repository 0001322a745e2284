//! How far a list is done without a gap, while many of its items are under way and end in any order. Pure.

use std::collections::VecDeque;

/// The items under way and those behind them.
#[derive(Debug)]
pub(super) struct Window {
    /// Everything before this place is done.
    reached: u64,
    /// From there on, whether each item that was begun is done.
    begun: VecDeque<bool>,
}

impl Window {
    /// Everything before the place `reached` is done, and nothing else begun.
    pub(super) fn new(reached: u64) -> Window {
        Window { reached, begun: VecDeque::new() }
    }

    /// Begins the next item, and tells its place.
    pub(super) fn begin(&mut self) -> u64 {
        self.begun.push_back(false);
        self.reached + self.begun.len() as u64 - 1
    }

    /// The item at `place` is done.
    pub(super) fn finish(&mut self, place: u64) {
        let at = place.checked_sub(self.reached).and_then(|at| self.begun.get_mut(usize::try_from(at).ok()?));
        if let Some(done) = at {
            *done = true;
        }
        while self.begun.front() == Some(&true) {
            self.begun.pop_front();
            self.reached += 1;
        }
    }

    /// The place before which everything is done.
    pub(super) fn reached(&self) -> u64 {
        self.reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_reached_is_the_first_gap(done in proptest::collection::vec(any::<prop::sample::Index>(), 0..60)) {
            let mut window = Window::new(7);
            let places: Vec<u64> = (0..40).map(|_| window.begin()).collect();
            prop_assert_eq!(&places, &(7..47).collect::<Vec<_>>());
            let mut finished = std::collections::BTreeSet::new();
            for index in done {
                let place = places[index.index(40)];
                finished.insert(place);
                window.finish(place);
                let gap = (7..).find(|place| !finished.contains(place));
                prop_assert_eq!(Some(window.reached()), gap);
            }
        }
    }
}
