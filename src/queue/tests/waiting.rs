//! Consumers that wait for a message.

use super::*;

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
