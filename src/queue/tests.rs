//! Queues on real files.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::*;

const BY: Consumer = Consumer(1);
const OTHER: Consumer = Consumer(2);

fn terms() -> HolderTerms {
    HolderTerms { reserve: Duration::from_secs(30), ..HolderTerms::default() }
}

/// A holder to which one order is given at a time.
struct Desk {
    holder: QueueHolder<SegmentFiles, ()>,
    now: Moment,
}

impl Desk {
    fn open(directory: &Path, terms: HolderTerms) -> Desk {
        let now = Moment { up: Duration::ZERO, unix: Duration::from_secs(1_700_000_000) };
        Desk { holder: QueueHolder::open(SegmentFiles::open(directory).unwrap(), terms).unwrap(), now }
    }

    fn all(&mut self, order: QueueOrder) -> Vec<QueueAnswer> {
        self.holder.work([(order, ())], self.now).into_iter().map(|((), answer)| answer).collect()
    }

    fn ask(&mut self, order: QueueOrder) -> QueueAnswer {
        let mut answers = self.all(order);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0)
    }

    fn put(&mut self, queue: &'static str, body: &'static str) -> QueueAnswer {
        self.ask(put(queue, body, 0))
    }

    /// What a consumer takes, as text; nothing is an empty one.
    fn take(&mut self, queue: &'static str, by: Consumer, how: Taking) -> String {
        text(self.ask(take(queue, by, how, Duration::ZERO)))
    }

    fn settle(&mut self, queue: &'static str, id: Option<u64>, how: Settling) -> QueueAnswer {
        self.ask(QueueOrder::Settle { queue: queue.into(), by: BY, id, how })
    }

    fn pass(&mut self, time: Duration) -> Vec<QueueAnswer> {
        self.now.up += time;
        self.now.unix += time;
        self.holder.work([], self.now).into_iter().map(|((), answer)| answer).collect()
    }
}

fn put(queue: &'static str, body: &'static str, expires: u64) -> QueueOrder {
    QueueOrder::Put { queue: queue.into(), client_flags: 7, expires, body: body.into() }
}

fn take(queue: &'static str, by: Consumer, how: Taking, wait: Duration) -> QueueOrder {
    QueueOrder::Take { queue: queue.into(), by, how, wait }
}

fn text(answer: QueueAnswer) -> String {
    match answer {
        QueueAnswer::Message(_, message) => String::from_utf8(message.body.to_vec()).unwrap(),
        QueueAnswer::Nothing => String::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reserved_message_is_acknowledged_or_comes_again_in_its_place() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    for body in ["a", "b", "c"] {
        assert!(matches!(desk.put("q", body), QueueAnswer::Stored(_)));
    }
    assert_eq!(desk.take("q", BY, Taking::ReserveOne), "a");
    for how in [Taking::ReserveOne, Taking::Remove] {
        let second = desk.ask(take("q", BY, how, Duration::ZERO));
        assert_eq!(second, QueueAnswer::Refused(QueueRefusal::HasOne), "one of each queue");
    }
    assert_eq!(desk.take("q", OTHER, Taking::ReserveOne), "b");
    assert_eq!(desk.settle("q", None, Settling::GiveBack), QueueAnswer::Done);
    assert_eq!(desk.settle("q", None, Settling::Acknowledge), QueueAnswer::Nothing);
    assert_eq!(desk.take("q", Consumer(3), Taking::ReserveOne), "a");
    assert_eq!(desk.ask(QueueOrder::Leave(Consumer(3))), QueueAnswer::Done);
    desk.pass(Duration::from_secs(30));
    let rest: Vec<String> = (0..4).map(|_| desk.take("q", BY, Taking::Remove)).collect();
    assert_eq!(rest, ["a", "b", "c", ""], "what was not acknowledged in time comes again");
}

#[test]
fn a_consumer_may_wait_for_a_message() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let wait = Duration::from_secs(2);
    assert!(desk.all(take("q", BY, Taking::Remove, wait)).is_empty());
    assert!(desk.all(take("q", OTHER, Taking::Remove, wait)).is_empty());
    let answers = desk.all(put("q", "a", 0));
    assert!(
        matches!(&answers[..], [QueueAnswer::Stored(_), QueueAnswer::Message(_, a)] if a.body == "a"),
        "{answers:?}"
    );
    assert_eq!(desk.pass(wait), [QueueAnswer::Nothing], "the other one has waited long enough");
    assert!(desk.all(take("q", BY, Taking::Remove, wait)).is_empty());
    assert_eq!(desk.all(QueueOrder::Leave(BY)), [QueueAnswer::Nothing, QueueAnswer::Done]);
    assert!(matches!(desk.put("q", "b"), QueueAnswer::Stored(_)), "no one is there to take it");
    assert_eq!(desk.take("q", OTHER, Taking::Remove), "b");
}

#[test]
fn what_is_over_is_passed_over() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let soon = desk.now.unix.as_secs() + 10;
    for (body, expires) in [("a", soon), ("b", 0), ("c", soon), ("d", soon + 100)] {
        desk.ask(put("q", body, expires));
    }
    assert_eq!(text(desk.ask(QueueOrder::Peek { queue: "q".into() })), "a");
    desk.pass(Duration::from_secs(10));
    assert_eq!(text(desk.ask(QueueOrder::Peek { queue: "q".into() })), "b");
    let rest: Vec<String> = (0..3).map(|_| desk.take("q", BY, Taking::Remove)).collect();
    assert_eq!(rest, ["b", "d", ""]);
    let QueueAnswer::Figures(figures) = desk.ask(QueueOrder::Figures) else { panic!() };
    assert_eq!(figures.queues[0].1.counts.expired, 2);
}

#[test]
fn more_than_fits_into_one_batch_may_be_over() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { sync: false, ..terms() });
    let soon = desk.now.unix.as_secs() + 10;
    for _ in 0..2_500 {
        desk.ask(put("q", "old", soon));
    }
    desk.put("q", "new");
    desk.pass(Duration::from_secs(10));
    let mut answers = desk.all(take("q", BY, Taking::Remove, Duration::ZERO));
    while answers.is_empty() {
        assert_eq!(desk.holder.wake_at(desk.now), Some(desk.now.up), "it goes on at once");
        answers = desk.pass(Duration::ZERO);
    }
    assert_eq!(text(answers.remove(0)), "new");
}

#[test]
fn nothing_overtakes_an_order_that_goes_on_with_the_next_batch() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { sync: false, ..terms() });
    let soon = desk.now.unix.as_secs() + 10;
    for _ in 0..2_500 {
        desk.ask(put("q", "old", soon));
    }
    desk.pass(Duration::from_secs(10));
    let hour = Duration::from_secs(3600);
    let orders = [take("q", BY, Taking::Remove, hour), QueueOrder::Leave(BY), put("q", "new", 0)];
    let mut answers = desk.holder.work(orders.map(|order| (order, ())), desk.now);
    for _ in 0..9 {
        answers.extend(desk.holder.work([], desk.now));
    }
    let answers: Vec<QueueAnswer> = answers.into_iter().map(|((), answer)| answer).collect();
    assert!(
        matches!(answers[..], [QueueAnswer::Nothing, QueueAnswer::Done, QueueAnswer::Stored(_)]),
        "who is gone takes nothing: {answers:?}"
    );
    assert_eq!(desk.take("q", OTHER, Taking::Remove), "new");
}

#[test]
fn a_batch_hands_out_no_more_than_memory_is_for() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { sync: false, ..terms() });
    for n in 0..20u8 {
        let body = Bytes::from(vec![n; 1 << 20]);
        desk.ask(QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body });
    }
    let takes = (0..20).map(|n| (take("q", Consumer(n), Taking::Reserve, Duration::ZERO), ()));
    let first = desk.holder.work(takes, desk.now);
    assert_eq!(first.len(), 16);
    assert_eq!(desk.holder.wake_at(desk.now), Some(desk.now.up), "it goes on at once");
    let rest = desk.pass(Duration::ZERO);
    let all = first.into_iter().map(|((), answer)| answer).chain(rest);
    let came: Vec<u8> = all
        .map(|answer| match answer {
            QueueAnswer::Message(_, message) => message.body[0],
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(came, (0..20).collect::<Vec<u8>>());
}

#[test]
fn a_wait_that_is_over_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let day = Duration::from_secs(86_400);
    assert!(desk.all(take("q", BY, Taking::Remove, day)).is_empty());
    assert!(desk.all(take("q", OTHER, Taking::Remove, day)).is_empty());
    assert_eq!(desk.holder.wake_at(desk.now), Some(desk.now.up + day));
    assert_eq!(desk.all(put("q", "a", 0)).len(), 2);
    assert_eq!(desk.holder.wake_at(desk.now), Some(desk.now.up + day), "the other one waits still");
    assert_eq!(desk.all(QueueOrder::Leave(OTHER)).len(), 2);
    assert_eq!(desk.holder.wake_at(desk.now), None, "no timer stays for a day");
}

#[test]
fn a_message_that_comes_back_too_often_goes_to_another_queue_and_stays_there() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { max_redeliveries: Some(2), ..terms() });
    desk.put("q", "bad");
    desk.put("q", "good");
    for _ in 0..3 {
        assert_eq!(desk.take("q", BY, Taking::Reserve), "bad");
        assert_eq!(desk.settle("q", None, Settling::GiveBack), QueueAnswer::Done);
    }
    assert_eq!(desk.take("q", BY, Taking::Remove), "good");
    drop(desk);
    let mut desk = Desk::open(place.path(), terms());
    assert_eq!(desk.take("q", BY, Taking::Remove), "");
    assert_eq!(desk.take("q+dead", BY, Taking::Remove), "bad");
}

#[test]
fn a_queue_is_bounded() {
    let place = tempfile::tempdir().unwrap();
    let bounded = HolderTerms { max_items: 2, max_message: 5, ..terms() };
    let mut desk = Desk::open(place.path(), bounded);
    assert_eq!(desk.put("q", "sixsix"), QueueAnswer::Refused(QueueRefusal::TooLong));
    desk.put("q", "a");
    desk.put("q", "b");
    assert_eq!(desk.put("q", "c"), QueueAnswer::Refused(QueueRefusal::Full));
    assert!(matches!(desk.put("other", "c"), QueueAnswer::Stored(_)));
    desk.holder.set_terms(HolderTerms { max_bytes: 60, ..terms() });
    assert_eq!(desk.put("q", "c"), QueueAnswer::Refused(QueueRefusal::Full));
    assert_eq!(desk.ask(QueueOrder::Empty { queue: "q".into() }), QueueAnswer::Done);
    assert!(matches!(desk.put("q", "c"), QueueAnswer::Stored(_)));
    drop(desk);
    let mut desk = Desk::open(place.path(), terms());
    assert_eq!((desk.take("q", BY, Taking::Remove), desk.take("q", BY, Taking::Remove)), ("c".into(), String::new()));
}

#[test]
fn people_in_a_line_know_their_place() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let find = |body: &'static str| QueueOrder::Find { queue: "line".into(), body: body.into() };
    for body in ["ann", "bob", "cleo", "bob"] {
        desk.put("line", body);
    }
    assert_eq!(desk.ask(find("cleo")), QueueAnswer::Number(3));
    assert_eq!(desk.ask(find("bob")), QueueAnswer::Number(2), "the one in front");
    assert_eq!(desk.ask(find("nobody")), QueueAnswer::Nothing);
    assert_eq!(desk.ask(QueueOrder::Withdraw { queue: "line".into(), body: "bob".into() }), QueueAnswer::Done);
    assert_eq!(desk.ask(find("cleo")), QueueAnswer::Number(2));
    assert_eq!(desk.take("line", BY, Taking::Reserve), "ann");
    assert_eq!(desk.ask(find("cleo")), QueueAnswer::Number(1), "who is served stands in the line no more");
    desk.put("line", "dan");
    assert_eq!(desk.ask(find("dan")), QueueAnswer::Number(3));
    assert_eq!(desk.ask(QueueOrder::Count { queue: "line".into() }), QueueAnswer::Number(3));
    let listed = QueueAnswer::Listed(["cleo", "bob"].map(Bytes::from).into());
    assert_eq!(desk.ask(QueueOrder::List { queue: "line".into(), most: 2 }), listed);
}

#[test]
fn a_deep_line_is_looked_through_while_all_queues_go_on() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { sync: false, ..terms() });
    for n in 0..5_500 {
        let body = format!("m{n}").into();
        desk.ask(QueueOrder::Put { queue: "line".into(), client_flags: 0, expires: 0, body });
    }
    let find = |body: &'static str| QueueOrder::Find { queue: "line".into(), body: body.into() };
    assert!(desk.all(find("m5499")).is_empty() && desk.all(find("new")).is_empty());
    assert!(matches!(desk.put("line", "new"), QueueAnswer::Stored(_)), "the queue goes on");
    assert_eq!(desk.take("line", BY, Taking::Remove), "m0");
    assert_eq!(desk.holder.wake_at(desk.now), Some(desk.now.up), "it goes on at once");
    let told: Vec<QueueAnswer> = (0..4).flat_map(|_| desk.pass(Duration::ZERO)).collect();
    assert_eq!(told, [QueueAnswer::Number(5_499), QueueAnswer::Number(5_500)]);
    assert_eq!(desk.ask(find("m1")), QueueAnswer::Number(1));
    assert_eq!(desk.ask(find("m0")), QueueAnswer::Nothing);
}

#[test]
fn queues_are_so_many_at_most_and_forgotten_when_they_are_empty() {
    const MANY: usize = 5_000;
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { sync: false, max_queues: MANY, ..terms() });
    let put_into =
        |n: usize| QueueOrder::Put { queue: format!("q{n}").into(), client_flags: 0, expires: 0, body: "m".into() };
    for n in 0..MANY {
        assert!(matches!(desk.ask(put_into(n)), QueueAnswer::Stored(_)));
    }
    assert_eq!(desk.ask(put_into(MANY)), QueueAnswer::Refused(QueueRefusal::Full));
    assert!(matches!(desk.ask(put_into(0)), QueueAnswer::Stored(_)), "those that are there go on");
    for n in 0..2_048 {
        desk.ask(QueueOrder::Empty { queue: format!("q{n}").into() });
    }
    assert!(matches!(desk.ask(put_into(MANY)), QueueAnswer::Stored(_)));
    let mut answers = desk.all(QueueOrder::Figures);
    while answers.is_empty() {
        assert_eq!(desk.holder.wake_at(desk.now), Some(desk.now.up), "it goes on at once");
        answers = desk.pass(Duration::ZERO);
    }
    let QueueAnswer::Figures(figures) = answers.remove(0) else { panic!() };
    let known = figures.queues.len() + figures.others as usize;
    assert!(known <= MANY - 1_024, "{known} queues are remembered");
    assert_eq!(figures.all.counts.put, MANY as u64 + 2, "what was counted is kept");
}

#[test]
fn people_whose_time_is_over_stand_in_the_line_no_more() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let find = |body: &'static str| QueueOrder::Find { queue: "line".into(), body: body.into() };
    let soon = desk.now.unix.as_secs() + 10;
    for (body, expires) in [("ann", soon), ("bob", 0), ("cleo", soon), ("dan", soon + 10)] {
        desk.ask(put("line", body, expires));
    }
    assert_eq!(desk.ask(find("dan")), QueueAnswer::Number(4));
    desk.ask(put("line", "eve", soon));
    desk.ask(put("line", "fay", 0));
    assert_eq!(desk.take("line", BY, Taking::Reserve), "ann");
    desk.pass(Duration::from_secs(10));
    assert_eq!(desk.ask(find("cleo")), QueueAnswer::Nothing);
    assert_eq!(desk.ask(find("dan")), QueueAnswer::Number(2));
    assert_eq!(desk.ask(find("fay")), QueueAnswer::Number(3));
    assert_eq!(desk.ask(QueueOrder::Count { queue: "line".into() }), QueueAnswer::Number(3));
    assert_eq!(desk.settle("line", None, Settling::Acknowledge), QueueAnswer::Done, "who is served is served");
}

#[test]
fn a_list_shows_the_next_message_however_long_it_is() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { max_message: 8 << 20, ..terms() });
    let long = Bytes::from(vec![b'x'; 3 << 20]);
    for body in [long.clone(), "short".into()] {
        desk.ask(QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body });
    }
    let listed = desk.ask(QueueOrder::List { queue: "q".into(), most: 2 });
    assert_eq!(listed, QueueAnswer::Listed(vec![long]));
}

#[test]
fn a_message_that_is_damaged_costs_no_other() {
    for (at, title) in [(14 + 4 + 12, "in the first record"), (600, "in the middle")] {
        let place = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(place.path(), terms());
        for n in 0..50 {
            let body = format!("{n:02}").into();
            desk.ask(QueueOrder::Put { queue: "q".into(), client_flags: 0, expires: 0, body });
        }
        drop(desk);
        let file = place.path().join("0000000001.queue");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[at] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let mut desk = Desk::open(place.path(), terms());
        let mut came: Vec<String> = (0..50).map(|_| desk.take("q", BY, Taking::Remove)).collect();
        came.retain(|body| !body.is_empty());
        assert!(came.len() >= 49 && came.is_sorted(), "{title}: {came:?}");
        assert!(place.path().join("0000000001.damaged").exists(), "{title}: it is kept for people");
    }
}

#[test]
fn old_files_go_though_one_message_of_them_stays() {
    let place = tempfile::tempdir().unwrap();
    let small = HolderTerms { segment: 2_000, sync: false, ..terms() };
    let mut desk = Desk::open(place.path(), small);
    desk.put("slow", "stays");
    for _ in 0..2_000 {
        desk.put("q", "goes");
        assert_eq!(desk.take("q", BY, Taking::Remove), "goes");
    }
    assert!(desk.holder.bytes() < 20_000, "{} bytes for one message", desk.holder.bytes());
    drop(desk);
    let mut desk = Desk::open(place.path(), small);
    assert_eq!(desk.take("slow", BY, Taking::Remove), "stays");
    assert_eq!(desk.take("q", BY, Taking::Remove), "");
}

#[tokio::test]
async fn many_who_order_at_once_share_a_keeper_and_its_end_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    for sync in [true, false] {
        let keeper = Keeper::open(place.path(), HolderTerms { sync, ..terms() }).unwrap();
        let orders: Vec<_> = (0..500).map(|_| keeper.order(put("q", "m", 0))).collect();
        for order in orders {
            assert!(matches!(order.await, QueueAnswer::Stored(_)));
        }
    }
    let keeper = Keeper::open(place.path(), terms()).unwrap();
    assert_eq!(keeper.order(QueueOrder::Count { queue: "q".into() }).await, QueueAnswer::Number(1_000));
    assert!(matches!(keeper.order(take("q", BY, Taking::Reserve, Duration::ZERO)).await, QueueAnswer::Message(..)));
    keeper.leave(BY);
    assert_eq!(keeper.order(QueueOrder::Count { queue: "q".into() }).await, QueueAnswer::Number(1_000));
}

#[tokio::test]
async fn a_keeper_that_is_closed_refuses_what_comes_later() {
    let place = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(place.path(), terms()).unwrap();
    let before = keeper.order(put("q", "m", 0));
    keeper.close();
    assert!(matches!(before.await, QueueAnswer::Stored(_)));
    assert_eq!(keeper.order(put("q", "m", 0)).await, QueueAnswer::Refused(QueueRefusal::Busy));
    assert_eq!(keeper.figures().refused.busy, 1);
}

#[test]
fn a_look_at_many_queues_takes_turns_with_orders_and_counts_each_once() {
    const MANY: u64 = 20_000;
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), HolderTerms { sync: false, ..terms() });
    let into = |n: u64, body: &'static str| {
        let queue = format!("q{n}").into();
        (QueueOrder::Put { queue, client_flags: 0, expires: 0, body: body.into() }, ())
    };
    desk.holder.work((0..MANY).map(|n| into(n, "m")), desk.now);
    desk.holder.work((0..1_500).flat_map(|n| (0..=n % 3).map(move |_| into(n, "m"))), desk.now);
    desk.pass(Duration::from_secs(7));
    let (mut batches, mut figures) = (0, desk.all(QueueOrder::Figures));
    while figures.is_empty() {
        batches += 1;
        let queue = format!("q{}", batches * 7).into();
        let take = QueueOrder::Take { queue, by: BY, how: Taking::Remove, wait: Duration::ZERO };
        let mut answers = desk.all(take);
        assert!(matches!(answers.remove(0), QueueAnswer::Message(..)), "nobody waits for it");
        figures = answers;
    }
    let QueueAnswer::Figures(figures) = figures.remove(0) else { panic!() };
    assert!((5..30).contains(&batches), "in {batches} batches");
    assert_eq!((figures.queues.len() as u64 + figures.others, figures.all.counts.put), (MANY, MANY + 3_000));
    assert_eq!(figures.all.age, Duration::from_secs(7));
    let lengths: Vec<u64> = figures.queues.iter().map(|(_, figures)| figures.waiting).collect();
    assert!(
        lengths.is_sorted_by(|a, b| a >= b) && lengths[0] == 4 && lengths[999] >= 2,
        "the longest are told: {lengths:?}"
    );
}

#[test]
fn a_clock_that_is_set_changes_no_reservation_and_no_wait_and_only_what_is_over_by_it_is_over() {
    const HOURS: Duration = Duration::from_secs(5 * 3600);
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let expires = desk.now.unix.as_secs() + 3600;
    for (body, expires) in [("a", 0), ("b", expires), ("c", 0)] {
        desk.ask(put("q", body, expires));
    }
    assert_eq!(desk.take("q", BY, Taking::ReserveOne), "a");
    assert!(desk.all(take("other", OTHER, Taking::Remove, Duration::from_secs(9))).is_empty());
    desk.now.unix -= HOURS;
    assert!(desk.pass(Duration::from_secs(8)).is_empty(), "nothing is over");
    assert_eq!(desk.holder.figures(desk.now).all.age, Duration::ZERO, "what came later than now has no age");
    assert_eq!(text(desk.ask(QueueOrder::Peek { queue: "q".into() })), "b");
    desk.now.unix += 2 * HOURS;
    assert_eq!(text(desk.ask(QueueOrder::Peek { queue: "q".into() })), "c", "it is over by this clock");
    assert_eq!(desk.pass(Duration::from_secs(1)), [QueueAnswer::Nothing], "who waits does so for as long as was said");
    assert_eq!(desk.settle("q", None, Settling::Acknowledge), QueueAnswer::Done, "it was reserved all the time");
    desk.now.unix -= HOURS;
    assert_eq!(desk.take("q", BY, Taking::Remove), "b", "nobody passed over it meanwhile");
}
