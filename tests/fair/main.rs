//! What one client costs the others: floods of every kind beside a client that measures how long its own gets take, peers
//! that vanish, places and descriptors that run out.

#[path = "../support/figures.rs"]
mod figures;
#[path = "../support/mod.rs"]
mod support;

mod descriptors;
mod floods;
mod latency;
mod probes;
mod vanished;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Those who measure would measure each other.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
