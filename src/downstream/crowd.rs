//! Who is heard after others: a client that was just refused and asks again at once. A refusal costs next to nothing to ask
//! for, so a crowd that asks on without a pause would otherwise stand before everybody else at each look at the sockets.
//!
//! Of those that stand by a few are called after each look, those first who were refused longest ago. However many others
//! there are, those that stand by have half of the turns or more, so that none of them waits more than twice as long as it
//! would in one line with all.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::runtime::turn::{give_way, remember};

/// So many are called after a look at the sockets: at some 10 µs each, whoever arrives meanwhile waits a third of a
/// millisecond for them. Were there fewer, most of the time would go into looking.
const FEW: usize = 32;

/// When one was refused, and its number among all that stood by: no two are alike.
type Since = (Instant, u64);

/// Those of one worker who stand by.
#[derive(Default)]
pub(super) struct Crowd {
    waiting: RefCell<BTreeMap<Since, Waker>>,
    next: Cell<u64>,
    /// How many others had their turn since the last call.
    others: Cell<usize>,
    caller: RefCell<Option<Waker>>,
}

/// A place among those who stand by: ready once it is called. Whoever drops it stands by no longer.
pub(super) struct CrowdPlace {
    crowd: Rc<Crowd>,
    since: Since,
    is_taken: bool,
}

impl Crowd {
    /// A place for one that was refused at `then`.
    pub(super) fn place(self: &Rc<Self>, then: Instant) -> CrowdPlace {
        let number = self.next.get();
        self.next.set(number + 1);
        CrowdPlace { crowd: self.clone(), since: (then, number), is_taken: false }
    }

    /// Notes that somebody has a turn who does not stand by.
    pub(super) fn pass(&self) {
        self.others.set(self.others.get() + 1);
    }

    /// Calls those who wait, for as long as the worker runs.
    pub(super) async fn run(&self) {
        poll_fn(|cx| {
            remember(&self.caller, cx);
            if self.call() { give_way(cx) } else { Poll::Pending }
        })
        .await
    }

    /// Calls the next ones. Whether more are left.
    fn call(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        for _ in 0..FEW.max(self.others.take()) {
            let Some((_, waker)) = waiting.pop_first() else { break };
            waker.wake();
        }
        !waiting.is_empty()
    }

    fn enter(&self, since: Since, waker: Waker) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.insert(since, waker);
        if waiting.len() > 1 {
            return;
        }
        self.others.set(0);
        if let Some(caller) = &*self.caller.borrow() {
            caller.wake_by_ref();
        }
    }
}

impl Future for CrowdPlace {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_taken {
            self.is_taken = true;
            self.crowd.enter(self.since, cx.waker().clone());
            return Poll::Pending;
        }
        // Woken by something else, it stands by.
        if self.crowd.waiting.borrow().contains_key(&self.since) { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for CrowdPlace {
    fn drop(&mut self) {
        self.crowd.waiting.borrow_mut().remove(&self.since);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::task::Wake;
    use std::time::Duration;

    use super::*;

    /// Who was called, in that order.
    #[derive(Clone, Default)]
    struct Called(Arc<Mutex<Vec<u64>>>);

    struct Someone(u64, Called);

    impl Wake for Someone {
        fn wake(self: Arc<Self>) {
            self.1.0.lock().unwrap().push(self.0);
        }
    }

    impl Called {
        fn waker(&self, who: u64) -> Waker {
            Arc::new(Someone(who, self.clone())).into()
        }

        fn take(&self) -> Vec<u64> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    struct Scene {
        crowd: Rc<Crowd>,
        called: Called,
        begun: Instant,
    }

    impl Scene {
        fn new() -> Scene {
            Scene { crowd: Rc::default(), called: Called::default(), begun: Instant::now() }
        }

        /// One that was refused so many seconds after the beginning asks again.
        fn stands_by(&self, second: u64) -> CrowdPlace {
            let mut place = self.crowd.place(self.begun + Duration::from_secs(second));
            assert!(self.is_waiting(&mut place, second));
            place
        }

        fn is_waiting(&self, place: &mut CrowdPlace, who: u64) -> bool {
            Pin::new(place).poll(&mut Context::from_waker(&self.called.waker(who))).is_pending()
        }

        fn call(&self) -> (Vec<u64>, bool) {
            let is_more_left = self.crowd.call();
            (self.called.take(), is_more_left)
        }
    }

    #[test]
    fn who_was_refused_longest_ago_is_called_first_and_each_once() {
        let scene = Scene::new();
        let mut places: Vec<_> = [5, 1, 3].map(|second| (second, scene.stands_by(second))).into();
        // Something else may wake one meanwhile.
        assert!(scene.is_waiting(&mut places[0].1, 5));
        assert_eq!(scene.call(), (vec![1, 3, 5], false));
        for (who, place) in &mut places {
            assert!(!scene.is_waiting(place, *who));
        }
        assert_eq!(scene.call(), (vec![], false));
    }

    #[test]
    fn a_few_are_called_after_each_look_and_as_many_as_others_were_heard() {
        let scene = Scene::new();
        // What was before anybody stood by says nothing of how many there are now.
        (0..1000).for_each(|_| scene.crowd.pass());
        let few = FEW as u64;
        let _places: Vec<_> = (0..10 * few).map(|second| scene.stands_by(second)).collect();
        assert_eq!(scene.call(), ((0..few).collect(), true));
        assert_eq!(scene.call(), ((few..2 * few).collect(), true));
        (0..3 * FEW).for_each(|_| scene.crowd.pass());
        assert_eq!(scene.call(), ((2 * few..5 * few).collect(), true));
        assert_eq!(scene.call(), ((5 * few..6 * few).collect(), true));
    }

    #[test]
    fn who_is_gone_is_not_called() {
        let scene = Scene::new();
        let (_first, second, _third) = (scene.stands_by(1), scene.stands_by(2), scene.stands_by(3));
        drop(second);
        assert_eq!(scene.call(), (vec![1, 3], false));
        drop(scene.stands_by(4));
        assert_eq!(scene.call(), (vec![], false));
    }

    #[test]
    fn the_caller_is_woken_by_the_first_who_stands_by() {
        let scene = Scene::new();
        let mut caller = std::pin::pin!(scene.crowd.run());
        let waker = scene.called.waker(99);
        assert!(caller.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let _places = [1, 2].map(|second| scene.stands_by(second));
        assert_eq!(scene.called.take(), [99]);
        assert!(caller.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(scene.called.take(), [1, 2]);
        let _place = scene.stands_by(3);
        assert_eq!(scene.called.take(), [99]);
    }
}
