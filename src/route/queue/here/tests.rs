//! The queues of this process behind a node, with a keeper of their own.

use std::time::Duration;

use tempfile::TempDir;
use tokio::task::{LocalSet, yield_now};

use super::*;
use crate::config::QueueMode;
use crate::protocol::{Cause, Command, Delete, Get, Key, Request, Returns, Store};
use crate::queue::{Consumer, HolderTerms};
use crate::route::queue::decide::QueueRules;
use crate::route::queue::{QueueHolding, QueueNode};
use crate::route::{Entry, PendingReplies};
use crate::runtime::memory::{Holder, Memory};

/// A worker that has queues, and the way to them.
struct Worker {
    keeper: Arc<Keeper>,
    here: Rc<QueuesHere>,
    entry: Entry,
    _place: TempDir,
}

impl Worker {
    fn start() -> Worker {
        Worker::of(QueueMode::Reserve)
    }

    fn of(mode: QueueMode) -> Worker {
        let place = tempfile::tempdir().unwrap();
        let terms = HolderTerms { sync: false, reserve: Duration::from_secs(600), ..HolderTerms::default() };
        let keeper = Arc::new(Keeper::open(place.path(), terms).unwrap());
        let turn = Rc::new(Turn::new());
        tokio::task::spawn_local(turn.clone().run());
        let here = QueuesHere::new(keeper.clone(), turn.clone());
        let rules = QueueRules { mode, allow_flush: false, plain: 0 };
        let node = Rc::new(QueueNode::new(QueueHolding::Here(here.clone()), rules, 7));
        let entry = Entry::new(node, Rc::new(PendingReplies::uncounted(turn)), Duration::ZERO);
        Worker { keeper, here, entry, _place: place }
    }
}

fn asked(key: &'static str, command: Command) -> Request {
    Request { key: Key::text(key.into()).unwrap(), command }
}

fn put(body: &'static str) -> Request {
    asked("q", Command::Store(Store { value: body.into(), ..Store::default() }))
}

fn get(key: &'static str) -> Request {
    asked(key, Command::Get(Get { returns: Returns::VALUE, ..Get::default() }))
}

/// The value that was told.
fn value(reply: Reply) -> Option<Bytes> {
    if let Reply::Hit(item) = reply { item.value } else { None }
}

/// Runs a test as a worker does, within a bound.
async fn bounded(test: impl Future<Output = ()>) {
    let worker = LocalSet::new();
    tokio::time::timeout(Duration::from_secs(20), worker.run_until(test)).await.expect("it ends");
}

#[tokio::test]
async fn what_is_asked_in_a_turn_leaves_together_and_is_answered_in_its_order() {
    bounded(async {
        let (worker, client) = (Worker::start(), Client::new());
        let done = asked("q", Command::Delete(Delete::default()));
        let mut answers = Vec::new();
        for body in ["a", "b", "c"] {
            answers.push(worker.entry.call(&put(body), &client));
        }
        for _ in 0..3 {
            answers.push(worker.entry.call(&get("q"), &client));
            answers.push(worker.entry.call(&done, &client));
        }
        assert_eq!((worker.here.batch.borrow().len(), worker.here.owed.borrow().len()), (9, 9));
        yield_now().await;
        assert!(worker.here.batch.borrow().is_empty(), "all of it left at the end of the turn");
        let mut told = Vec::new();
        for answer in answers {
            told.extend(value(answer.await));
        }
        assert_eq!(told, ["a", "b", "c"]);
        assert!(worker.here.owed.borrow().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_worker_whose_answers_come_together_tells_256_a_turn() {
    bounded(async {
        let (worker, client) = (Worker::start(), Client::new());
        let answers: Vec<_> = (0..700).map(|_| worker.entry.call(&get("q/len"), &client)).collect();
        let owed = || worker.here.owed.borrow().len();
        let mut told = Vec::new();
        while owed() > 0 {
            let before = owed();
            yield_now().await;
            told.extend(Some(before - owed()).filter(|some| *some > 0));
        }
        assert_eq!(told, [256, 256, 188]);
        for answer in answers {
            assert_eq!(value(answer.await).as_deref(), Some(&b"0"[..]));
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_that_comes_too_late_is_there_for_others_at_once() {
    bounded(async {
        let (worker, client, other) = (Worker::start(), Client::new(), Client::new());
        worker.entry.call(&put("a"), &client).await;
        let late = worker.entry.call(&get("q"), &client);
        assert!(worker.here.expire(Instant::now()).is_some(), "it has time still");
        assert_eq!(worker.here.expire(Instant::now() + 2 * DISK), None);
        assert!(matches!(late.await, Reply::Failed(failure) if failure.cause == Cause::Timeout));
        while value(worker.entry.call(&get("q"), &other).await).is_none() {}
        assert_eq!(worker.keeper.figures().all.counts.redelivered, 1);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_removed_for_a_client_without_memory_for_it_stays_in_its_queue() {
    bounded(async {
        let worker = Worker::of(QueueMode::Kestrel);
        let (poor, rich) = (Client::of(Holder::new(&Memory::new(512 * 1024))), Client::new());
        let large = Bytes::from(vec![b'm'; 1_000_000]);
        let put = asked("q", Command::Store(Store { value: large.clone(), ..Store::default() }));
        worker.entry.call(&put, &rich).await;
        let refused = worker.entry.call(&get("q"), &poor).await;
        assert!(matches!(refused, Reply::Error(line) if line.starts_with(b"SERVER_ERROR out of memory")));
        assert_eq!(value(worker.entry.call(&get("q"), &rich).await), Some(large));
    })
    .await;
}

/// A worker whose queue has a message that is too long for the first client, and a short one behind it; the second client has
/// memory for both.
async fn with_long_and_short() -> (Worker, Rc<Client>, Rc<Client>, Bytes) {
    let worker = Worker::start();
    let (poor, rich) = (Client::of(Holder::new(&Memory::new(512 * 1024))), Client::new());
    let long = Bytes::from(vec![b'm'; 1_000_000]);
    for value in [long.clone(), "short".into()] {
        worker.entry.call(&asked("q", Command::Store(Store { value, ..Store::default() })), &rich).await;
    }
    (worker, poor, rich, long)
}

#[tokio::test]
async fn a_message_for_which_a_client_has_no_memory_takes_none_back_that_it_got_after_that() {
    bounded(async {
        let (worker, poor, rich, _) = with_long_and_short().await;
        let done = asked("q", Command::Delete(Delete::default()));
        let (first, done, second) =
            (worker.entry.call(&get("q"), &poor), worker.entry.call(&done, &poor), worker.entry.call(&get("q"), &poor));
        assert!(matches!(first.await, Reply::Error(line) if line.starts_with(b"SERVER_ERROR out of memory")));
        done.await;
        assert_eq!(value(second.await).as_deref(), Some(&b"short"[..]));
        assert_eq!(value(worker.entry.call(&get("q"), &rich).await), None, "the other client has it");
        assert_eq!(worker.keeper.figures().all.counts.redelivered, 0);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_came_back_before_goes_back_at_once_where_there_is_no_memory_for_it() {
    bounded(async {
        let (worker, poor, rich, long) = with_long_and_short().await;
        let (queue, by) = (Bytes::from("q"), Consumer(u64::MAX));
        for _ in 0..3 {
            let (how, wait) = (Taking::Reserve, Duration::ZERO);
            worker.keeper.order(QueueOrder::Take { queue: queue.clone(), by, how, wait }).await;
            worker.keeper.order(QueueOrder::Leave(by)).await;
        }
        let refused = worker.entry.call(&get("q"), &poor).await;
        assert!(matches!(refused, Reply::Error(line) if line.starts_with(b"SERVER_ERROR out of memory")));
        assert_eq!(value(worker.entry.call(&get("q"), &rich).await), Some(long));
        assert_eq!(worker.keeper.figures().all.counts.redelivered, 4);
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_long_does_not_keep_others_from_hearing_that_there_is_no_answer() {
    bounded(async {
        let (worker, client) = (Worker::start(), Client::new());
        let _waits = worker.entry.call(&get("q/t=600000"), &client);
        let now = Instant::now();
        assert!(worker.here.expire(now).is_some_and(|next| next <= now + DISK));
    })
    .await;
}

#[tokio::test]
async fn words_that_end_a_reservation_are_no_success_where_there_is_no_answer() {
    bounded(async {
        let (worker, client) = (Worker::start(), Client::new());
        let late = worker.entry.call(&get("q/close"), &client);
        worker.here.expire(Instant::now() + 2 * DISK);
        assert!(matches!(late.await, Reply::Error(line) if line.starts_with(b"SERVER_ERROR ")));
    })
    .await;
}

#[tokio::test]
async fn what_is_owed_comes_though_its_tree_is_gone_and_then_nothing_is_left() {
    bounded(async {
        let (Worker { keeper, here, entry, _place }, client) = (Worker::start(), Client::new());
        let waits = entry.call(&get("q/t=60000"), &client);
        yield_now().await;
        let left = Rc::downgrade(&here);
        drop((here, entry));
        let order = QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body: "a".into() };
        keeper.order(order).await;
        assert_eq!(value(waits.await).as_deref(), Some(&b"a"[..]));
        while left.upgrade().is_some() {
            yield_now().await;
        }
        client.leave();
        while keeper.figures().all.reserved > 0 {}
    })
    .await;
}
