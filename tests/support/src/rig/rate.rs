//! A rate that many share, first come, first served: each is told when its turn is.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// What was not used in so short a time may be used later, so that a timer's coarseness costs nothing.
const CREDIT: Duration = Duration::from_millis(5);

/// So much a second.
pub struct Rate {
    per_second: f64,
    next: Cell<Instant>,
}

impl Rate {
    pub fn new(per_second: f64) -> Rate {
        Rate { per_second, next: Cell::new(Instant::now()) }
    }

    /// Waits until it is the turn of so much.
    pub async fn take(&self, amount: usize) {
        let now = Instant::now();
        let turn = self.next.get().max(now.checked_sub(CREDIT).unwrap_or(now));
        self.next.set(turn + Duration::from_secs_f64(amount as f64 / self.per_second));
        if turn > now {
            tokio::time::sleep_until(turn.into()).await;
        }
    }
}
