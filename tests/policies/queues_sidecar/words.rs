//! What clients hear of queues through a sidecar, in both modes: what they hear from a holder.

use support::{BOUND, Client, wait_until};

use super::house::{Holder, get, put, sidecar};

#[test]
fn a_message_is_taken_acknowledged_or_given_back_through_one_sidecar_or_two() {
    let holders = [Holder::start(""), Holder::start("")];
    let addresses: Vec<String> = holders.iter().map(Holder::address).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let near = sidecar(&addresses, "");
    let far = sidecar(&[near.address()], "");
    for (number, leash) in [&near, &far].into_iter().enumerate() {
        for queue in (0..8).map(|queue| format!("q{number}{queue}")) {
            let (mut one, mut other) = (leash.client(), leash.client());
            one.expect(format!("set {queue} 5 0 1\r\na\r\nset {queue} 0 0 1\r\nb\r\n"), "STORED\r\nSTORED\r\n");
            one.expect(format!("get {queue}\r\n"), format!("VALUE {queue} 5 1\r\na\r\nEND\r\n"));
            one.expect(format!("get {queue}\r\n"), "END\r\n");
            assert_eq!(get(&mut other, &queue).as_deref(), Some("b"));
            one.expect(format!("delete {queue}\r\n"), "DELETED\r\n");
            one.expect(format!("delete {queue}\r\n"), "NOT_FOUND\r\n");
            drop(other);
            wait_until("it is given back", BOUND, || get(&mut one, &queue).as_deref() == Some("b"));
            one.expect(
                format!("get {queue}/abort\r\nget {queue}/len\r\n"),
                format!("END\r\nVALUE {queue}/len 0 1\r\n1\r\nEND\r\n"),
            );
            one.expect(
                format!("get {queue}\r\ndelete {queue}\r\nget {queue}\r\n"),
                format!("VALUE {queue} 0 1\r\nb\r\nEND\r\nDELETED\r\nEND\r\n"),
            );
        }
    }
}

#[test]
fn a_get_of_several_queues_takes_one_of_each_and_gets_of_the_first_that_has_any() {
    let holders = [Holder::start(""), Holder::start("")];
    let addresses = holders.each_ref().map(Holder::address);
    let leash = sidecar(&addresses.each_ref().map(String::as_str), "");
    let mut client = leash.client();
    for queue in ["a", "b", "c", "d"] {
        put(&mut client, queue, queue);
    }
    client.expect(
        "get a none b\r\ndelete a\r\ndelete b\r\n",
        "VALUE a 0 1\r\na\r\nVALUE b 0 1\r\nb\r\nEND\r\nDELETED\r\nDELETED\r\n",
    );
    let head = client.ask("gets none a c d\r\n");
    assert!(head.starts_with("VALUE c 0 1 "), "{head}");
    client.expect("", "c\r\nEND\r\n");
    client.expect("get c\r\ndelete c\r\nget d/len\r\n", "END\r\nDELETED\r\nVALUE d/len 0 1\r\n1\r\nEND\r\n");
}

#[test]
fn kestrels_words_mean_through_a_sidecar_what_they_mean() {
    let holder = Holder::start(", mode: kestrel");
    let leash = sidecar(&[&holder.address()], ", mode: kestrel");
    let mut client = leash.client();
    for message in ["a", "b", "c", "d"] {
        put(&mut client, "q", message);
    }
    let heard = [
        ("q/peek", Some("a")),
        ("q", Some("a")),
        ("q/open", Some("b")),
        ("q/close/open", Some("c")),
        ("q/abort", None),
        ("q/t=50/open", Some("c")),
        ("q/close", None),
        ("q/len", Some("1")),
        ("q/position:d", Some("1")),
        ("q/list:5", Some("d")),
        ("q/open/close/t=10", Some("d")),
        ("q/open/close/t=10", None),
        ("q/len", Some("0")),
    ];
    for (key, message) in heard {
        assert_eq!(get(&mut client, key).as_deref(), message, "{key}");
    }
    put(&mut client, "q", "x");
    assert_eq!(get(&mut client, "q/open").as_deref(), Some("x"));
    client.expect("get q/open\r\n", "ERROR\r\n");
    client.expect("get q\r\n", "ERROR\r\n");
    client.expect("get q/close\r\n", "END\r\n");
    client.expect("delete q\r\n", Client::connect(&holder.address()).ask("delete q\r\n") + "\r\n");
}

#[test]
fn the_protocol_of_holders_passes_through() {
    let holder = Holder::start("");
    let leash = sidecar(&[&holder.address()], "");
    let (mut one, mut other) = (leash.client(), leash.client());
    put(&mut one, "q", "a");
    put(&mut one, "q", "b");
    let opened = |client: &mut Client| {
        let head = client.ask("mg q/open v f c\r\n");
        let id: u64 = head.rsplit(" c").next().unwrap().parse().unwrap_or_else(|_| panic!("{head}"));
        (id, String::from_utf8(client.read_line().unwrap()).unwrap().trim_end().to_string())
    };
    let (first, a) = opened(&mut one);
    let (second, b) = opened(&mut one);
    assert_eq!((a.as_str(), b.as_str(), first < second), ("a", "b", true), "one connection may have several");
    one.expect(format!("md q C{second}\r\nmd q C{second}\r\n"), "HD\r\nNF\r\n");
    other.expect(format!("md q C{first} I\r\n"), "NF\r\n");
    one.expect(format!("md q C{first} I\r\n"), "HD\r\n");
    let (again, a) = opened(&mut other);
    assert_eq!(a, "a");
    one.expect(format!("md q C{first} I\r\nmd q C{again} I\r\n"), "NF\r\nNF\r\n");
    // Whose time was over may still say that it is done.
    one.expect(format!("md q C{first}\r\nmg q/open v\r\n"), "HD\r\nEN\r\n");
    other.expect(format!("md q C{again}\r\n"), "NF\r\n");
}

#[test]
fn a_message_has_one_id_however_often_it_comes_and_is_ended_by_it() {
    let holder = Holder::start("");
    let near = sidecar(&[&holder.address()], "");
    let far = sidecar(&[near.address()], "");
    for leash in [&holder.leash, &near, &far] {
        let mut client = leash.client();
        put(&mut client, "q", "a");
        let mut ids = Vec::new();
        for _ in 0..3 {
            let head = client.ask("gets q\r\n");
            ids.push(head.rsplit(' ').next().unwrap().parse::<u64>().unwrap_or_else(|_| panic!("{head}")));
            client.expect("", "a\r\nEND\r\n");
            client.expect("get q/abort\r\n", "END\r\n");
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let head = format!("VA 1 c{}\r\na\r\n", ids[0]);
        client.expect(format!("mg q v c\r\nmd q C{0} I\r\nmd q C{0} I\r\n", ids[0]), head + "HD\r\nNF\r\n");
        put(&mut client, "q", "b");
        client.expect("get q\r\n", "VALUE q 0 1\r\na\r\nEND\r\n");
        client.expect(format!("md q C{}\r\n", ids[0]), "HD\r\n");
        client.expect("get q\r\ndelete q\r\n", "VALUE q 0 1\r\nb\r\nEND\r\nDELETED\r\n");
    }
}

#[test]
fn what_a_holder_refuses_clients_hear_in_its_words() {
    let holder = Holder::start(", max_items: 1, max_message: 100");
    let leash = sidecar(&[&holder.address()], "");
    let mut client = leash.client();
    let long = "x".repeat(101);
    put(&mut client, "q", "a");
    client.expect("set q 0 0 1\r\nb\r\n", "SERVER_ERROR out of memory storing object\r\n");
    client.expect(format!("set p 0 0 101\r\n{long}\r\n"), "SERVER_ERROR object too large for cache\r\n");
    let refused = client.ask("incr q 1\r\n");
    assert!(refused.starts_with("CLIENT_ERROR "), "{refused}");
    assert_eq!(get(&mut client, "q").as_deref(), Some("a"));
    client.expect("delete q\r\nget q\r\n", "DELETED\r\nEND\r\n");
}

/// Large messages travel over another connection to the holder than small ones.
#[test]
fn one_clients_requests_keep_their_order_however_large_messages_are() {
    for (mode, done_with) in [("reserve", "delete q\r\n"), ("kestrel", "")] {
        let mode = format!(", mode: {mode}");
        let holder = Holder::start(&mode);
        let leash = sidecar(&[&holder.address()], &mode);
        let messages = ["small", &"L".repeat(900_000), "s", &"M".repeat(70_000), ""];
        let (mut asked, mut heard) = (String::new(), String::new());
        for _ in 0..5 {
            for message in messages {
                asked += &format!("set q 0 0 {}\r\n{message}\r\n", message.len());
                heard += "STORED\r\n";
            }
            for message in messages {
                asked += &format!("get q\r\n{done_with}");
                heard += &format!("VALUE q 0 {}\r\n{message}\r\nEND\r\n", message.len());
                heard += if done_with.is_empty() { "" } else { "DELETED\r\n" };
            }
            asked += "get q\r\n";
            heard += "END\r\n";
        }
        let mut client = leash.client();
        client.send(&asked);
        let answer = client.read_exactly(heard.len()).unwrap();
        assert!(answer == heard.as_bytes(), "not in the order in which it was asked{mode}");
    }
}
