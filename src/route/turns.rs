//! Turns at a key: what takes several steps is not overtaken by the same client's next request about the same key.
//!
//! memcached carries out what one connection asks in the order it was asked. Requests that leash answers in one step
//! keep that order by themselves, since they share one connection to their server; the others take turns here.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A table that grew larger than this gives its memory back once it is empty.
const KEEP: usize = 64;

/// The lines of requests that want a turn, one for each busy key.
pub(super) struct KeyTurns<K: Eq + Hash + Copy> {
    lines: RefCell<HashMap<K, VecDeque<Waiting>>>,
}

struct Waiting {
    number: u64,
    waker: Option<Waker>,
}

/// A place in the line for one key. It is this one's turn when the future is ready, and until it is dropped.
pub struct KeyTurn<K: Eq + Hash + Copy> {
    turns: Rc<KeyTurns<K>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash + Copy> KeyTurns<K> {
    /// No key is busy.
    pub(super) fn new() -> Rc<KeyTurns<K>> {
        Rc::new(KeyTurns { lines: RefCell::default() })
    }

    /// Whether a request has its turn at `key`.
    pub(super) fn is_busy(&self, key: K) -> bool {
        let lines = self.lines.borrow();
        !lines.is_empty() && lines.contains_key(&key)
    }

    /// Whether no key is busy.
    pub(super) fn is_idle(&self) -> bool {
        self.lines.borrow().is_empty()
    }

    /// Takes the last place in the line for `key`.
    pub(super) fn enter(self: &Rc<Self>, key: K) -> KeyTurn<K> {
        let mut lines = self.lines.borrow_mut();
        let line = lines.entry(key).or_default();
        let number = line.back().map_or(0, |last| last.number + 1);
        line.push_back(Waiting { number, waker: None });
        KeyTurn { turns: self.clone(), key, number }
    }
}

impl<K: Eq + Hash + Copy> Future for &KeyTurn<K> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut lines = self.turns.lines.borrow_mut();
        let Some(line) = lines.get_mut(&self.key) else { return Poll::Ready(()) };
        if line.front().is_none_or(|first| first.number == self.number) {
            return Poll::Ready(());
        }
        if let Some(mine) = line.iter_mut().find(|waiting| waiting.number == self.number) {
            mine.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl<K: Eq + Hash + Copy> Drop for KeyTurn<K> {
    fn drop(&mut self) {
        let mut lines = self.turns.lines.borrow_mut();
        let Some(line) = lines.get_mut(&self.key) else { return };
        line.retain(|waiting| waiting.number != self.number);
        match line.front_mut() {
            Some(first) => first.waker.take().into_iter().for_each(Waker::wake),
            None => {
                lines.remove(&self.key);
                if lines.is_empty() && lines.capacity() > KEEP {
                    *lines = HashMap::new();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_come(turn: &KeyTurn<u8>) -> bool {
        Pin::new(&mut &*turn).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn turns_come_in_the_order_in_which_they_were_asked_for() {
        let turns = KeyTurns::new();
        let (first, second, third) = (turns.enter(1), turns.enter(1), turns.enter(1));
        assert!(has_come(&first) && !has_come(&second) && !has_come(&third));
        drop(first);
        assert!(has_come(&second) && !has_come(&third));
        drop(second);
        assert!(has_come(&third));
    }

    #[test]
    fn who_leaves_the_line_holds_nobody_up() {
        let turns = KeyTurns::new();
        let (first, second, third) = (turns.enter(1), turns.enter(1), turns.enter(1));
        drop(second);
        drop(first);
        assert!(has_come(&third));
        drop(third);
        assert!(turns.is_idle());
    }

    #[test]
    fn keys_do_not_wait_for_each_other() {
        let turns = KeyTurns::new();
        let (first, other) = (turns.enter(1), turns.enter(2));
        assert!(has_come(&first) && has_come(&other));
        assert!(turns.is_busy(1) && !turns.is_busy(3));
    }
}
