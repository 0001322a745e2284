//! A rate that many share, first come, first served: each is told when its turn is.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// What was not used in so short a time may be used later, so that a busy machine costs nothing of the rate.
const CREDIT: Duration = Duration::from_millis(5);

/// So much a second.
pub struct Rate {
    per_second: f64,
    next: Cell<Instant>,
    clock: Sender<Turn>,
}

/// When it is, and who waits for it.
type Turn = (Instant, oneshot::Sender<()>);

impl Rate {
    pub fn new(per_second: f64) -> Rate {
        let (clock, turns) = channel();
        thread::spawn(|| call(turns));
        Rate { per_second, next: Cell::new(Instant::now()), clock }
    }

    /// Waits until it is the turn of so much.
    pub async fn take(&self, amount: usize) {
        let now = Instant::now();
        let turn = self.next.get().max(now.checked_sub(CREDIT).unwrap_or(now));
        self.next.set(turn + Duration::from_secs_f64(amount as f64 / self.per_second));
        if turn > now {
            let (whom, called) = oneshot::channel();
            self.clock.send((turn, whom)).expect("the clock runs as long as the rate");
            let _ = called.await;
        }
    }
}

/// Calls each when its turn is. A thread sleeps to a tenth of a millisecond; a timer of the event loop sleeps to the
/// next whole one, which is longer than many turns are.
#[allow(clippy::disallowed_methods, reason = "no event loop runs on this thread")]
fn call(turns: Receiver<Turn>) {
    for (turn, whom) in turns {
        thread::sleep(turn.saturating_duration_since(Instant::now()));
        let _ = whom.send(());
    }
}
