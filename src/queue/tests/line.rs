//! The waiting room: places in a line, and lists.

use super::*;

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
