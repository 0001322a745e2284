//! Who is heard after others: a client that was just refused and asks again at once. A refusal costs next to nothing to ask
//! for, so a crowd that asks on without a pause would otherwise stand before everybody else at each look at the sockets.
//!
//! A few of them may go on after each look, so that where there is no crowd nobody waits. The others stand by, and those are
//! called first who were refused longest ago. However many there are who were not refused, those that stand by have half of
//! the turns or more.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::runtime::turn::{give_way, remember};

/// So many go on after a look at the sockets: at some 10 µs each, whoever arrives meanwhile waits a third of a
/// millisecond for them. Were there fewer, most of the time would go into looking.
const FEW: usize = 32;

/// When one was refused, and its number among all that stood by: no two are alike.
type Since = (Instant, u64);

/// Those of one worker who stand by.
#[derive(Default)]
pub(super) struct Crowd {
    waiting: RefCell<BTreeMap<Since, Waker>>,
    next: Cell<u64>,
    /// How many of those who were refused have gone on since the last call, those included who were called then.
    gone_on: Cell<usize>,
    /// How many others had their turn since the last call.
    others: Cell<usize>,
    caller: RefCell<Option<Waker>>,
}

/// A place among those who were refused: ready at once where they are few, else when it is called. Whoever drops it stands by
/// no longer.
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

    /// Calls the next ones. Whether there were any.
    fn call(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let most = FEW.max(self.others.take()).min(waiting.len());
        for (_, waker) in std::iter::from_fn(|| waiting.pop_first()).take(most) {
            waker.wake();
        }
        self.gone_on.set(most);
        most > 0
    }

    /// Whether one more may go on without standing by.
    fn lets_go_on(&self) -> bool {
        let gone_on = self.gone_on.get();
        if gone_on >= FEW || !self.waiting.borrow().is_empty() {
            return false;
        }
        self.gone_on.set(gone_on + 1);
        if gone_on == 0 {
            self.wake_caller();
        }
        true
    }

    fn wake_caller(&self) {
        if let Some(caller) = &*self.caller.borrow() {
            caller.wake_by_ref();
        }
    }

    fn enter(&self, since: Since, waker: Waker) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.insert(since, waker);
        if waiting.len() == 1 {
            self.others.set(0);
            self.wake_caller();
        }
    }
}

impl Future for CrowdPlace {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_taken {
            if self.crowd.lets_go_on() {
                return Poll::Ready(());
            }
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
        /// A few that were refused have gone on already.
        fn of_many() -> Scene {
            let scene = Scene { crowd: Rc::default(), called: Called::default(), begun: Instant::now() };
            (0..FEW as u64).for_each(|second| assert!(scene.comes(second).is_none()));
            scene
        }

        /// One that was refused so many seconds after the beginning asks again: its place, if it stands by.
        fn comes(&self, second: u64) -> Option<CrowdPlace> {
            let mut place = self.crowd.place(self.begun + Duration::from_secs(second));
            self.is_waiting(&mut place, second).then_some(place)
        }

        fn stands_by(&self, second: u64) -> CrowdPlace {
            self.comes(second).expect("it stands by")
        }

        fn is_waiting(&self, place: &mut CrowdPlace, who: u64) -> bool {
            Pin::new(place).poll(&mut Context::from_waker(&self.called.waker(who))).is_pending()
        }

        fn call(&self) -> Vec<u64> {
            let was_any = self.crowd.call();
            let called = self.called.take();
            assert_eq!(was_any, !called.is_empty());
            called
        }
    }

    #[test]
    fn who_was_refused_longest_ago_is_called_first_and_each_once() {
        let scene = Scene::of_many();
        let mut places = [5, 1, 3].map(|second| (second, scene.stands_by(second)));
        // Something else may wake one meanwhile.
        assert!(scene.is_waiting(&mut places[0].1, 5));
        assert_eq!(scene.call(), [1, 3, 5]);
        for (who, place) in &mut places {
            assert!(!scene.is_waiting(place, *who));
        }
        assert!(scene.call().is_empty());
    }

    #[test]
    fn a_few_go_on_after_each_look_and_as_many_as_others_were_heard() {
        let scene = Scene::of_many();
        // What was before anybody stood by says nothing of how many there are now.
        (0..1000).for_each(|_| scene.crowd.pass());
        let few = FEW as u64;
        let _places: Vec<_> = (0..10 * few).map(|second| scene.stands_by(second)).collect();
        assert!(scene.call().into_iter().eq(0..few));
        assert!(scene.call().into_iter().eq(few..2 * few));
        (0..3 * FEW).for_each(|_| scene.crowd.pass());
        assert!(scene.call().into_iter().eq(2 * few..5 * few));
        assert!(scene.call().into_iter().eq(5 * few..6 * few));
    }

    #[test]
    fn nobody_overtakes_those_who_stand_by_and_without_any_a_few_go_on_at_once() {
        let scene = Scene::of_many();
        let place = scene.stands_by(7);
        let later = scene.stands_by(8);
        assert_eq!(scene.call(), [7, 8]);
        drop((place, later));
        // Two were called, so two less go on before the next call.
        (2..FEW as u64).for_each(|second| assert!(scene.comes(second).is_none()));
        drop(scene.stands_by(9));
        assert!(scene.call().is_empty());
        assert!(scene.comes(10).is_none());
    }

    #[test]
    fn who_is_gone_is_not_called() {
        let scene = Scene::of_many();
        let (_first, second, _third) = (scene.stands_by(1), scene.stands_by(2), scene.stands_by(3));
        drop(second);
        assert_eq!(scene.call(), [1, 3]);
        assert!(scene.call().is_empty());
    }

    #[test]
    fn the_caller_is_woken_by_the_first_who_goes_on_and_the_first_who_stands_by() {
        let scene = Scene { crowd: Rc::default(), called: Called::default(), begun: Instant::now() };
        let mut caller = std::pin::pin!(scene.crowd.run());
        let waker = scene.called.waker(99);
        let mut runs = || assert!(caller.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        runs();
        (0..FEW as u64).for_each(|second| assert!(scene.comes(second).is_none()));
        assert_eq!(scene.called.take(), [99]);
        let _places = [1, 2].map(|second| scene.stands_by(second));
        assert_eq!(scene.called.take(), [99]);
        runs();
        // It called them, and comes back after the next look.
        assert_eq!(scene.called.take(), [1, 2, 99]);
        runs();
        assert!(scene.comes(3).is_none());
        assert_eq!(scene.called.take(), [99]);
    }
}
