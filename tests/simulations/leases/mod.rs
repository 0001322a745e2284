//! The lease table under many orders of threads: src/route/refresh/leases/slot.rs itself, with a model checker's lock
//! in it.
//!
//! Only the table around the slots is modelled here, as a place for one slot behind a lock: it does what
//! `Leases::claim`, `end_slot` and `forget` do with moka's cache, each step of which is atomic by key.

#[path = "../../../src/route/refresh/leases/slot.rs"]
#[allow(dead_code, reason = "the model uses its own part of it")]
mod slot;

mod elsewhere;
mod sync;

use std::sync::Arc;
use std::time::{Duration, Instant};

use elsewhere::Elsewhere;
use leash::protocol::Item;
use leash::route::refresh::decide::{ClaimResult, Holding};
use shuttle::future::block_on;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use shuttle::thread;
use slot::{LeaseSlot, WaitEnd};

/// Schedules by chance, and as many where few changes of thread do the harm (PCT).
const SCHEDULES: usize = 3_000;
/// Changes of thread that a PCT schedule makes.
const DEPTH: usize = 3;

fn check(story: fn()) {
    shuttle::check_random(story, SCHEDULES);
    shuttle::check_pct(story, SCHEDULES, DEPTH);
}

/// Runs these on threads of their own and waits for them.
fn together(threads: impl IntoIterator<Item = Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = threads.into_iter().map(thread::spawn).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn same(count: usize, what: impl Fn() + Send + Sync + 'static) -> impl Iterator<Item = Box<dyn FnOnce() + Send>> {
    let what = Arc::new(what);
    (0..count).map(move |_| {
        let what = what.clone();
        Box::new(move || what()) as Box<dyn FnOnce() + Send>
    })
}

/// A lease period that does not end within a test, and a moment in it.
fn period() -> (Instant, Instant) {
    let now = Instant::now();
    (now, now + Duration::from_secs(3600))
}

fn taken(is_here: bool) -> Holding {
    Holding::Taken { until: period().1, value_ends: None, is_here }
}

fn claim(slot: &LeaseSlot) -> ClaimResult {
    slot.claim(Instant::now(), None)
}

fn is_mine(claim: ClaimResult) -> bool {
    matches!(claim, ClaimResult::Mine { .. })
}

fn item() -> Item {
    Item { cas: 7, ..Item::default() }
}

fn value() -> WaitEnd {
    WaitEnd::Value(item())
}

/// What `Leases` does for one item.
#[derive(Default)]
struct Table(Mutex<Option<Arc<LeaseSlot>>>);

impl Table {
    fn claim(&self) -> Result<Arc<LeaseSlot>, Arc<LeaseSlot>> {
        loop {
            let slot = self.0.lock().unwrap().get_or_insert_default().clone();
            match claim(&slot) {
                ClaimResult::Mine { .. } => return Ok(slot),
                ClaimResult::Taken => return Err(slot),
                ClaimResult::Over => self.forget(&slot),
            }
        }
    }

    fn end_slot(&self, slot: &Arc<LeaseSlot>, end: WaitEnd) {
        if slot.end(end) {
            self.forget(slot);
        }
    }

    fn forget(&self, slot: &Arc<LeaseSlot>) {
        let mut known = self.0.lock().unwrap();
        if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, slot)) {
            *known = None;
        }
    }
}

#[test]
fn one_of_several_claims_of_a_slot_is_granted() {
    check(|| {
        let (slot, granted) = (Arc::new(LeaseSlot::default()), Arc::new(AtomicUsize::new(0)));
        let count = granted.clone();
        together(same(3, move || {
            if is_mine(claim(&slot)) {
                count.fetch_add(1, SeqCst);
            }
        }));
        assert_eq!(granted.load(SeqCst), 1);
    });
}

#[test]
fn at_most_one_asks_for_a_lease_at_a_time_and_nobody_while_it_runs() {
    check(|| {
        let (table, asking, given) = (Table::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        together(same(3, move || {
            let Ok(slot) = table.claim() else { return };
            assert_eq!(asking.fetch_add(1, SeqCst), 0, "two ask at once");
            assert_eq!(given.load(SeqCst), 0, "one asks while the lease runs");
            // Either the server grants the lease or it does not answer.
            if shuttle::rand::Rng::r#gen(&mut shuttle::rand::thread_rng()) {
                given.fetch_add(1, SeqCst);
                asking.fetch_sub(1, SeqCst);
                slot.settle(taken(true));
            } else {
                asking.fetch_sub(1, SeqCst);
                slot.give_back();
            }
        }));
    });
}

#[test]
fn a_lease_that_ended_may_be_asked_for_by_one_caller_again() {
    check(|| {
        let (table, asked) = (Arc::new(Table::default()), Arc::new(AtomicUsize::new(0)));
        let slot = table.claim().unwrap_or_else(|_| unreachable!("nobody else is here"));
        slot.settle(taken(true));
        let (claims, count) = (table.clone(), asked.clone());
        let claimers = same(2, move || {
            if claims.claim().is_ok() {
                count.fetch_add(1, SeqCst);
            }
        });
        let ender = Box::new(move || table.end_slot(&slot, WaitEnd::Over)) as Box<dyn FnOnce() + Send>;
        together(claimers.chain([ender]));
        assert!(asked.load(SeqCst) <= 1);
    });
}

#[test]
fn a_lease_ends_once_whatever_else_is_said_of_it() {
    check(|| {
        let (slot, ended) = (Arc::new(LeaseSlot::default()), Arc::new(AtomicUsize::new(0)));
        assert!(is_mine(claim(&slot)));
        let (end, count) = (slot.clone(), ended.clone());
        let enders = same(2, move || {
            count.fetch_add(end.end(value()).into(), SeqCst);
        });
        let (settles, gives_back) = (slot.clone(), slot.clone());
        let settler = Box::new(move || settles.settle(taken(true))) as Box<dyn FnOnce() + Send>;
        let giver = Box::new(move || gives_back.give_back()) as Box<dyn FnOnce() + Send>;
        together(enders.chain([settler, giver]));
        // None of them where the claim had been given back before.
        assert!(ended.load(SeqCst) <= 1, "ended twice");
        assert_eq!(claim(&slot), ClaimResult::Over);
    });
}

#[test]
fn who_was_told_that_the_lease_is_taken_finds_the_value() {
    check(|| {
        let table = Arc::new(Table::default());
        let slot = table.claim().unwrap_or_else(|_| unreachable!("nobody else is here"));
        let (found, first) = (table.clone(), slot.clone());
        let waiters = same(2, move || match found.claim() {
            Err(slot) if Arc::ptr_eq(&slot, &first) => assert_eq!(block_on(slot.join().end()), Some(item())),
            Err(later) => assert_eq!(block_on(later.join().end()), None),
            Ok(later) => later.give_back(),
        });
        let winner = Box::new(move || {
            slot.settle(taken(true));
            table.end_slot(&slot, value());
        }) as Box<dyn FnOnce() + Send>;
        together(waiters.chain([winner]));
    });
}

#[test]
fn who_waits_for_a_claim_that_comes_to_nothing_claims_again() {
    check(|| {
        let (table, granted) = (Arc::new(Table::default()), Arc::new(AtomicUsize::new(0)));
        let slot = table.claim().unwrap_or_else(|_| unreachable!("nobody else is here"));
        let count = granted.clone();
        let waiters = same(2, move || {
            while let Err(slot) = table.claim() {
                if block_on(slot.join().end()).is_some() {
                    return;
                }
            }
            count.fetch_add(1, SeqCst);
            let own = table.0.lock().unwrap().clone().unwrap();
            own.settle(taken(true));
            table.end_slot(&own, value());
        });
        let giver = Box::new(move || slot.give_back()) as Box<dyn FnOnce() + Send>;
        together(waiters.chain([giver]));
        assert!(granted.load(SeqCst) >= 1, "nobody got in");
    });
}

#[test]
fn who_joins_after_a_reading_began_is_not_given_what_it_found() {
    check(|| {
        let (slot, is_deleted) = (Arc::new(LeaseSlot::default()), Arc::new(AtomicBool::new(false)));
        assert!(is_mine(claim(&slot)));
        let [reads, joins] = [(); 2].map(|()| slot.clone());
        let [reads_it, deletes, deleted] = [(); 3].map(|()| is_deleted.clone());
        together([
            Box::new(move || {
                let reading = reads.begin_reading();
                let is_there = !reads_it.load(SeqCst);
                reads.end(if is_there { WaitEnd::Found(item(), reading) } else { WaitEnd::Over });
            }) as Box<dyn FnOnce() + Send>,
            Box::new(move || deletes.store(true, SeqCst)),
            Box::new(move || {
                let was_deleted = deleted.load(SeqCst);
                let found = block_on(joins.join().end());
                assert!(!(was_deleted && found.is_some()), "it was deleted before this one joined");
            }),
        ]);
    });
}

#[test]
fn nobody_who_waits_for_a_winner_elsewhere_is_without_somebody_who_looks() {
    check(|| Elsewhere::story(Elsewhere::wait));
}

/// The order matters, and the model sees it.
#[test]
#[should_panic(expected = "deadlock")]
fn who_relied_on_a_look_out_before_joining_would_wait_for_ever() {
    check(|| Elsewhere::story(Elsewhere::wait_carelessly));
}
