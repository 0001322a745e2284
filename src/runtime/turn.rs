//! One turn of a worker's event loop: what was said in it leaves together.
//!
//! A connection that has something to write does not write it, it asks for its turn. The turn's task is woken by the
//! first of them, so it stands in the run queue behind every task that was ready when this turn began; when it runs,
//! all of them have added what they had to say, and each connection is written once. System calls are what a proxy
//! costs. Only what a reply that came alone makes due is written at once: there is nothing for it to travel with, and
//! waking the task is 4 to 9 % of what a request costs where one client asks 2,000 times a second.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::task::yield_now;

/// Output of this many bytes does not wait for the end of the turn: one client can fill a turn with many times that.
pub const MUCH: usize = 256 * 1024;

/// Something with output to write at the end of a turn.
pub trait Flush {
    /// Writes what has gathered.
    fn flush(&self);
}

/// The turns of one worker, and its clock.
pub struct Turn {
    now: Cell<Instant>,
    /// When something was asked, and how long that took by now.
    took: Cell<(Instant, Duration)>,
    due: RefCell<Vec<Rc<dyn Flush>>>,
    /// Whether the task is not woken before [`Turn::release`] has looked at what is due.
    is_held: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Turn {
    /// The clock is set to now.
    #[allow(clippy::new_without_default, reason = "reading the clock is no default")]
    pub fn new() -> Turn {
        let now = Instant::now();
        Turn {
            now: Cell::new(now),
            took: Cell::new((now, Duration::ZERO)),
            due: RefCell::default(),
            is_held: Cell::new(false),
            waker: RefCell::default(),
        }
    }

    /// When bytes last arrived at this worker: the time of everything that follows from them.
    pub fn now(&self) -> Instant {
        self.now.get()
    }

    /// Sets the clock; called once for each batch of bytes read.
    pub fn tick(&self) -> Instant {
        let now = Instant::now();
        self.now.set(now);
        self.took.set((now, Duration::ZERO));
        now
    }

    /// How long what was asked at `then` has taken by now. Neighbours were mostly asked at the same time, so the last
    /// answer is kept: subtracting times twice a request is 74 of its 4,200 instructions in W2.
    #[inline]
    pub(crate) fn since(&self, then: Instant) -> Duration {
        let (same, took) = self.took.get();
        if same == then { took } else { self.subtract(then) }
    }

    fn subtract(&self, then: Instant) -> Duration {
        let took = self.now.get().saturating_duration_since(then);
        self.took.set((then, took));
        took
    }

    /// Flushes `what` at the end of this turn. Asking twice writes twice: callers remember that they asked.
    pub fn flush_later(&self, what: Rc<dyn Flush>) {
        let mut due = self.due.borrow_mut();
        due.push(what);
        if due.len() == 1 && !self.is_held.get() {
            self.wake();
        }
    }

    /// Lets what becomes due wait until [`Turn::release`], which must follow before the caller gives way.
    pub fn hold(&self) {
        // The task is awake already for what was due before.
        self.is_held.set(self.due.borrow().is_empty());
    }

    /// Flushes what has become due since [`Turn::hold`] at once if it is one thing and the caller `is_alone`, as far as
    /// it knows; else at the end of this turn.
    pub fn release(&self, is_alone: bool) {
        if !self.is_held.replace(false) {
            return;
        }
        let mut due = self.due.borrow_mut();
        let alone = if is_alone && due.len() == 1 { due.pop() } else { None };
        let is_any_left = !due.is_empty();
        drop(due);
        if let Some(what) = alone {
            what.flush();
        } else if is_any_left {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// The task that ends each turn. Runs for as long as the worker.
    pub async fn run(self: Rc<Self>) {
        let mut batch = Vec::new();
        poll_fn(|cx| {
            remember(&self.waker, cx);
            std::mem::swap(&mut *self.due.borrow_mut(), &mut batch);
            for what in batch.drain(..) {
                what.flush();
            }
            Poll::<()>::Pending
        })
        .await;
    }
}

/// Keeps who is to be woken. It is nearly always who is kept already: a waker that is copied and dropped costs two atomic
/// operations.
#[inline]
pub(crate) fn remember(task: &RefCell<Option<Waker>>, cx: &Context<'_>) {
    match &mut *task.borrow_mut() {
        Some(waker) => waker.clone_from(cx.waker()),
        task => *task = Some(cx.waker().clone()),
    }
}

/// Makes the task wait until all that were ready have run and the sockets have been looked at again: waking it at once
/// would let it run before tasks whose bytes have just arrived.
pub fn give_way<T>(cx: &mut Context<'_>) -> Poll<T> {
    // Its first poll is what asks for the next one.
    let _ = pin!(yield_now()).poll(cx);
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// How often the task of the turn was woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often it was flushed.
    #[derive(Default)]
    struct Output(Cell<usize>);

    impl Flush for Output {
        fn flush(&self) {
            self.0.set(self.0.get() + 1);
        }
    }

    /// Runs `act` in a turn whose task waits: how often that wakes the task, and how often the outputs are flushed before
    /// the task runs and after it has.
    fn turn_with(act: impl FnOnce(&Turn, &Rc<Output>)) -> (usize, usize, usize) {
        let (turn, output, woken) = (Rc::new(Turn::new()), Rc::<Output>::default(), Arc::<Woken>::default());
        let waker = woken.clone().into();
        let mut task = pin!(turn.clone().run());
        let mut runs = || assert!(task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        runs();
        act(&turn, &output);
        let at_once = output.0.get();
        runs();
        (woken.0.load(Ordering::Relaxed), at_once, output.0.get())
    }

    #[test]
    fn what_is_due_is_flushed_at_the_end_of_the_turn_whose_task_is_woken_once() {
        let told = turn_with(|turn, output| {
            turn.flush_later(output.clone());
            turn.flush_later(output.clone());
        });
        assert_eq!(told, (1, 0, 2));
    }

    /// The same where so many things become due while the turn is held, and the caller `is_alone` or not.
    fn held_turn_with(due: usize, is_alone: bool) -> (usize, usize, usize) {
        turn_with(|turn, output| {
            turn.hold();
            (0..due).for_each(|_| turn.flush_later(output.clone()));
            turn.release(is_alone);
        })
    }

    #[test]
    fn what_alone_became_due_is_flushed_at_once_and_wakes_nobody() {
        assert_eq!(held_turn_with(1, true), (0, 1, 1));
        assert_eq!(held_turn_with(0, true), (0, 0, 0));
    }

    #[test]
    fn what_may_travel_with_others_waits_for_the_end_of_the_turn() {
        assert_eq!(held_turn_with(2, true), (1, 0, 2));
        assert_eq!(held_turn_with(1, false), (1, 0, 1));
        let behind_another = turn_with(|turn, output| {
            turn.flush_later(output.clone());
            turn.hold();
            turn.flush_later(output.clone());
            turn.release(true);
        });
        assert_eq!(behind_another, (1, 0, 2));
    }

    #[test]
    fn after_a_release_the_task_is_woken_again() {
        let told = turn_with(|turn, output| {
            turn.hold();
            turn.release(true);
            turn.flush_later(output.clone());
        });
        assert_eq!(told, (1, 0, 1));
    }
}
