//! What queues may hold: messages, names, memory of a batch, files; and that a look at all of them takes turns.

use super::*;

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
