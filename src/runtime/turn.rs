//! One turn of a worker's event loop: what was said in it leaves together.
//!
//! A connection that has something to write does not write it, it asks for its turn. The turn's task is woken by the
//! first of them, so it stands in the run queue behind every task that was ready when this turn began; when it runs,
//! all of them have added what they had to say, and each connection is written once. System calls are what a proxy
//! costs.

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
    waker: RefCell<Option<Waker>>,
}

impl Turn {
    /// The clock is set to now.
    #[allow(clippy::new_without_default, reason = "reading the clock is no default")]
    pub fn new() -> Turn {
        let now = Instant::now();
        let took = Cell::new((now, Duration::ZERO));
        Turn { now: Cell::new(now), took, due: RefCell::default(), waker: RefCell::default() }
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
        if due.len() == 1
            && let Some(waker) = &*self.waker.borrow()
        {
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
