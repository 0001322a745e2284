//! What is alive in a simulation, and polled only when it was woken: people, and what the route tree does for them.
//!
//! The tree's tasks of one request live in a `LocalSet` of their own, so that the seed says who goes first where tokio
//! would leave it to chance, and so that a sidecar can die with everything it was about to do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use support::Random;
use tokio::task::LocalSet;

type Life = Pin<Box<dyn Future<Output = ()>>>;

/// With which sidecar a process dies, and with which person at it.
#[derive(Clone, Copy)]
pub struct Whose {
    pub sidecar: usize,
    pub person: Option<usize>,
}

impl Whose {
    pub fn sidecar(sidecar: usize) -> Whose {
        Whose { sidecar, person: None }
    }

    pub fn person(person: usize, sidecar: usize) -> Whose {
        Whose { sidecar, person: Some(person) }
    }
}

impl Display for Whose {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.person.iter().try_for_each(|person| write!(f, "person {person} at "))?;
        write!(f, "sidecar {}", self.sidecar)
    }
}

struct Process {
    /// Taken out while it is polled.
    life: Option<Life>,
    waker: Waker,
    whose: Whose,
    op: usize,
}

/// All processes.
#[derive(Default)]
pub struct Processes {
    live: RefCell<BTreeMap<usize, Process>>,
    born: Cell<usize>,
    /// What the one that is polled now is done for.
    pub acting: Cell<usize>,
    woken: Arc<Woken>,
}

/// Who was woken since the last look, and whoever waits for that.
#[derive(Default)]
struct Woken {
    queue: Mutex<Vec<usize>>,
    watcher: Mutex<Option<Waker>>,
}

struct WakeOne {
    process: usize,
    woken: Arc<Woken>,
}

impl Wake for WakeOne {
    fn wake(self: Arc<Self>) {
        self.woken.queue.lock().unwrap().push(self.process);
        if let Some(watcher) = self.woken.watcher.lock().unwrap().take() {
            watcher.wake();
        }
    }
}

impl Processes {
    /// Begins a process; `op` is what it is done for.
    pub fn begin(&self, whose: Whose, op: usize, life: impl Future<Output = ()> + 'static) {
        let number = self.born.get();
        self.born.set(number + 1);
        let waker = Waker::from(Arc::new(WakeOne { process: number, woken: self.woken.clone() }));
        waker.wake_by_ref();
        self.live.borrow_mut().insert(number, Process { life: Some(Box::pin(life)), waker, whose, op });
    }

    /// Does something for this op, whose tasks become a process.
    pub fn within<T>(&self, whose: Whose, op: usize, does: impl FnOnce() -> T) -> T {
        let tasks = LocalSet::new();
        let done = {
            let _context = tasks.enter();
            let before = self.acting.replace(op);
            let done = does();
            self.acting.set(before);
            done
        };
        self.begin(whose, op, tasks);
        done
    }

    /// Polls whoever was woken, in an order that the seed says, until nobody is.
    pub fn settle(&self, chance: &RefCell<Random>) {
        loop {
            let mut woken = std::mem::take(&mut *self.woken.queue.lock().unwrap());
            if woken.is_empty() {
                return;
            }
            woken.sort_unstable();
            woken.dedup();
            while !woken.is_empty() {
                let next = if woken.len() == 1 { 0 } else { chance.borrow_mut().below(woken.len()) };
                self.poll(woken.swap_remove(next));
            }
        }
    }

    fn poll(&self, number: usize) {
        let taken = self.live.borrow_mut().get_mut(&number).and_then(|process| {
            self.acting.set(process.op);
            Some((process.life.take()?, process.waker.clone()))
        });
        let Some((mut life, waker)) = taken else { return };
        let poll = life.as_mut().poll(&mut Context::from_waker(&waker));
        let mut live = self.live.borrow_mut();
        let ended = match poll {
            Poll::Ready(()) => live.remove(&number),
            Poll::Pending => {
                if let Some(process) = live.get_mut(&number) {
                    process.life = Some(life);
                }
                return;
            }
        };
        drop(live);
        drop((ended, life));
    }

    /// Ends these at once, as a crash does. Not from within one of them.
    pub fn end(&self, ends: impl Fn(Whose) -> bool) {
        let (ended, live) =
            std::mem::take(&mut *self.live.borrow_mut()).into_iter().partition(|(_, process)| ends(process.whose));
        *self.live.borrow_mut() = live;
        drop::<BTreeMap<usize, Process>>(ended);
    }

    /// Whether any such process is alive.
    pub fn any(&self, is: impl Fn(Whose) -> bool) -> bool {
        self.live.borrow().values().any(|process| is(process.whose))
    }

    /// Ready once somebody was woken: by a timer, as everything else is done by then.
    pub async fn woken(&self) {
        poll_fn(|cx| {
            *self.woken.watcher.lock().unwrap() = Some(cx.waker().clone());
            if self.woken.queue.lock().unwrap().is_empty() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}
