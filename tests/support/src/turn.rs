//! Who may run beside whom in one test process: a test whose figures others would spoil runs alone, the rest beside
//! each other. Tests that ask for no turn are not waited for.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::new(());

/// The turn of a test that runs alone.
pub type Alone = RwLockWriteGuard<'static, ()>;

/// The turn of a test that runs beside others.
pub type BesideOthers = RwLockReadGuard<'static, ()>;

/// Waits until no test has a turn any more, and keeps all others waiting until it is dropped.
pub fn alone() -> Alone {
    // A test that failed has given its turn back all the same.
    TURN.write().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no test runs alone any more.
pub fn beside_others() -> BesideOthers {
    TURN.read().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread::scope;

    use super::*;

    #[test]
    fn whoever_is_alone_meets_nobody() {
        let inside = AtomicUsize::new(0);
        let meets = |others: usize| assert_eq!(inside.load(SeqCst), others);
        let rounds = |round: &(dyn Fn() + Sync)| (0..1000).for_each(|_| round());
        let alone = || {
            let _turn = alone();
            meets(0);
            inside.fetch_add(1, SeqCst);
            std::thread::yield_now();
            meets(1);
            inside.fetch_sub(1, SeqCst);
        };
        let beside = || {
            let _turn = beside_others();
            inside.fetch_add(1, SeqCst);
            std::thread::yield_now();
            inside.fetch_sub(1, SeqCst);
        };
        scope(|scope| {
            for round in [&alone as &(dyn Fn() + Sync), &alone, &beside, &beside] {
                scope.spawn(move || rounds(round));
            }
        });
        meets(0);
    }
}
