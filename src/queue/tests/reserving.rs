//! What is handed out: acknowledged, given back into its place, and given back too often.

use super::*;

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
fn a_consumer_that_may_have_one_gives_it_back_by_its_id_and_no_other_does() {
    let place = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(place.path(), terms());
    let QueueAnswer::Stored(id) = desk.put("q", "a") else { panic!() };
    for _ in 0..3 {
        assert_eq!(desk.take("q", BY, Taking::ReserveOne), "a");
        assert_eq!(desk.settle("q", Some(id), Settling::GiveBack), QueueAnswer::Done);
        assert_eq!(desk.settle("q", Some(id), Settling::GiveBack), QueueAnswer::Nothing);
    }
    assert_eq!(desk.take("q", OTHER, Taking::ReserveOne), "a");
    assert_eq!(desk.settle("q", Some(id), Settling::GiveBack), QueueAnswer::Nothing, "another consumer has it");
    desk.ask(QueueOrder::Leave(OTHER));
    assert_eq!(desk.take("q", BY, Taking::Reserve), "a");
    assert_eq!(desk.settle("q", Some(id), Settling::GiveBack), QueueAnswer::Nothing, "that was an earlier reservation");
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
