//! Clients that read, many of them, each value checked: as many as there are (a closed loop), or as often as the clock
//! says whatever becomes of it (an open loop).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::background::Background;
use super::closed_loop::asks_in_turn;
use super::keys::Keys;
use super::open_loop::asks_by_the_clock;
use super::tally::Tally;
use crate::Random;

/// What all connections count together.
pub type Shared = Rc<RefCell<Tally>>;

/// Who waits, by connection: since when, the oldest first.
pub type Waiting = Rc<RefCell<Vec<VecDeque<Instant>>>>;

/// A new connection's place among those who wait.
pub fn place(waiting: &Waiting) -> usize {
    let mut waiting = waiting.borrow_mut();
    waiting.push(VecDeque::new());
    waiting.len() - 1
}

/// A load that goes on until it is stopped.
pub struct Load {
    per_second: Arc<AtomicU64>,
    thread: Background<Tally>,
}

impl Load {
    /// So many clients, each asking as soon as it was answered; after a miss it does something else for as long as
    /// `pause`.
    pub fn closed(address: &str, clients: usize, keys: Keys, pause: Duration) -> Load {
        let address = address.to_string();
        Load::running(0, move |_| {
            move |tally: &Shared, waiting: &Waiting| {
                for number in 0..clients {
                    let random = Random::new(number as u64 + 1);
                    let keys = (keys.clone(), random, pause);
                    tokio::task::spawn_local(asks_in_turn(address.clone(), keys, tally.clone(), waiting.clone()));
                }
            }
        })
    }

    /// So many gets a second over so many connections, whether there are answers or not.
    pub fn open(address: &str, connections: usize, keys: Keys, per_second: u64) -> Load {
        let address = address.to_string();
        Load::running(per_second, move |rate| {
            move |tally: &Shared, waiting: &Waiting| {
                let shared = (tally.clone(), waiting.clone());
                tokio::task::spawn_local(asks_by_the_clock(address, connections, keys, rate, shared));
            }
        })
    }

    fn running<B>(per_second: u64, begin: impl FnOnce(Arc<AtomicU64>) -> B + Send + 'static) -> Load
    where
        B: FnOnce(&Shared, &Waiting),
    {
        let rate = Arc::new(AtomicU64::new(per_second));
        let per_second = rate.clone();
        let thread = Background::start(move |over: oneshot::Receiver<()>| async move {
            // As if they were on another machine: what they ask, and leash, have the processors first. A kernel that
            // refuses leaves it as it is.
            let _ = rustix::process::nice(10);
            let (tally, waiting) = (Shared::default(), Waiting::default());
            begin(rate)(&tally, &waiting);
            let _ = over.await;
            let mut tally = std::mem::take(&mut *tally.borrow_mut());
            tally.unanswered = waiting.borrow().iter().flatten().map(Instant::elapsed).collect();
            tally
        });
        Load { per_second, thread }
    }

    /// From now on so many a second; of an open loop.
    pub fn goes_on_at(&self, per_second: u64) {
        self.per_second.store(per_second, Ordering::Relaxed);
    }

    pub fn stop(self) -> Tally {
        self.thread.stop()
    }
}
