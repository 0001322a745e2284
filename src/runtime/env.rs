//! Time and chance as policies see them: given to them, so that a simulation can give its own.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::turn::Turn;

/// When something happens, and by what chance.
pub trait Env {
    /// The time of what is being answered.
    fn now(&self) -> Instant;
    /// Says that something begins here which follows from no bytes that arrived: after a wait, say. What it asks would
    /// else be taken for as old as the last bytes.
    fn wakes(&self) {}
    /// The Unix time.
    fn unix(&self) -> i64;
    /// A number from 0 to 1.
    fn chance(&self) -> f64;
    /// A random number, which no other instance has.
    fn random(&self) -> u128;
}

impl Env for Turn {
    fn now(&self) -> Instant {
        Turn::now(self)
    }

    fn wakes(&self) {
        self.tick();
    }

    fn unix(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
    }

    fn chance(&self) -> f64 {
        rand::random()
    }

    fn random(&self) -> u128 {
        rand::random()
    }
}
