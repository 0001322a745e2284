//! What the thread of the queues has not looked at yet, in the order in which it was told. What comes while the thread is
//! busy wakes nobody.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{Thread, current, park_timeout};
use std::time::{Duration, Instant};

use super::mailbox::AnswerTo;
use super::order::{HolderTerms, QueueOrder};
use super::syncing::SyncEnd;

/// Orders that the thread has not looked at yet; more are refused.
const MOST: usize = 65_536;
/// Orders that are carried out together at most.
const TOGETHER: usize = 4096;

/// An order, and who hears its answer.
pub(super) type Ordered = (QueueOrder, AnswerTo);

/// What the thread is told beside orders.
pub(super) enum KeeperNews {
    /// It goes on with these terms.
    Terms(HolderTerms),
    /// The process ends: nobody waits for a message any more.
    EndWaits,
    /// The disk has what was answered some time ago.
    Synced(SyncEnd),
    /// Nothing follows.
    End,
}

/// The orders and news of one thread.
#[derive(Default)]
pub(super) struct KeeperInbox {
    unseen: Mutex<Unseen>,
    thread: OnceLock<Thread>,
}

#[derive(Default)]
struct Unseen {
    orders: VecDeque<Ordered>,
    news: Vec<KeeperNews>,
    /// Whether the thread takes nothing any more.
    is_closed: bool,
}

/// What the thread has taken out, to be carried out together.
#[derive(Default)]
pub(super) struct Seen {
    pub orders: Vec<Ordered>,
    pub news: Vec<KeeperNews>,
    /// Whether nothing is left.
    pub is_all: bool,
}

impl KeeperInbox {
    /// Adds orders. Those for which there is no room come back; that a consumer is gone always finds some.
    pub(super) fn order(&self, orders: impl IntoIterator<Item = Ordered>) -> Vec<Ordered> {
        let mut turned_away = Vec::new();
        let mut unseen = self.unseen();
        for ordered in orders {
            let has_room =
                unseen.orders.len() < MOST || matches!(ordered.0, QueueOrder::StopWaiting(_) | QueueOrder::Leave(_));
            if has_room && !unseen.is_closed { unseen.orders.push_back(ordered) } else { turned_away.push(ordered) }
        }
        drop(unseen);
        self.wake();
        turned_away
    }

    /// Tells something beside orders.
    pub(super) fn tell(&self, news: KeeperNews) {
        self.unseen().news.push(news);
        self.wake();
    }

    fn wake(&self) {
        // A thread that is not there yet looks before it waits.
        self.thread.get().into_iter().for_each(Thread::unpark);
    }

    /// Takes out what is there, for the thread that calls: waits for it, but not longer than `patience`.
    pub(super) fn take(&self, patience: Duration, seen: &mut Seen) {
        self.thread.get_or_init(current);
        let begun = Instant::now();
        while !self.take_some(seen) {
            let Some(left) = patience.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else { return };
            park_timeout(left);
        }
    }

    /// Takes no more orders. Those that came at the last moment come back.
    pub(super) fn close(&self) -> Vec<Ordered> {
        let mut unseen = self.unseen();
        unseen.is_closed = true;
        unseen.orders.drain(..).collect()
    }

    fn take_some(&self, seen: &mut Seen) -> bool {
        let mut unseen = self.unseen();
        seen.news.append(&mut unseen.news);
        let together = unseen.orders.len().min(TOGETHER);
        seen.orders.extend(unseen.orders.drain(..together));
        seen.is_all = unseen.orders.is_empty();
        if seen.is_all && unseen.orders.capacity() > TOGETHER {
            unseen.orders = VecDeque::new();
        }
        !(seen.orders.is_empty() && seen.news.is_empty())
    }

    fn unseen(&self) -> MutexGuard<'_, Unseen> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread::spawn;

    use super::*;
    use crate::queue::fifo::Consumer;

    fn count() -> Ordered {
        (QueueOrder::Count { queue: "q".into() }, AnswerTo::Nobody)
    }

    fn leave() -> Ordered {
        (QueueOrder::Leave(Consumer(1)), AnswerTo::Nobody)
    }

    #[test]
    fn what_finds_no_room_comes_back_but_that_a_consumer_is_gone_always_finds_some() {
        let inbox = KeeperInbox::default();
        assert_eq!(inbox.order((0..MOST + 2).map(|_| count())).len(), 2);
        assert!(inbox.order([leave()]).is_empty());
        assert_eq!(inbox.order([count()]).len(), 1);
        let (mut seen, mut orders) = (Seen::default(), Vec::new());
        while !std::mem::take(&mut seen.is_all) {
            inbox.take(Duration::ZERO, &mut seen);
            assert!(seen.orders.len() <= TOGETHER);
            orders.append(&mut seen.orders);
        }
        assert_eq!(orders.len(), MOST + 1);
        assert!(matches!(orders.last(), Some((QueueOrder::Leave(_), _))), "behind what was ordered before");
    }

    #[test]
    fn an_inbox_that_is_closed_gives_all_back() {
        let inbox = KeeperInbox::default();
        assert!(inbox.order([count(), count()]).is_empty());
        assert_eq!((inbox.close().len(), inbox.order([count(), leave()]).len()), (2, 2));
    }

    #[test]
    fn a_thread_that_waits_is_woken_for_each_that_comes() {
        let (inbox, mut seen) = (Arc::new(KeeperInbox::default()), Seen::default());
        let other = inbox.clone();
        let orders = spawn(move || (0..1000).for_each(|_| assert!(other.order([count()]).is_empty())));
        let mut came = 0;
        while came < 1000 {
            inbox.take(Duration::from_secs(10), &mut seen);
            assert!(!seen.orders.is_empty(), "{came} of 1000 came, and none within ten seconds");
            came += seen.orders.drain(..).count();
        }
        orders.join().unwrap();
        inbox.take(Duration::from_millis(1), &mut seen);
        assert!(seen.orders.is_empty() && seen.is_all);
    }
}
