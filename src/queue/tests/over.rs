//! Messages whose time is over, however many these are.

use super::*;

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
