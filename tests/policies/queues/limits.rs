//! What a queue may hold, how long a message lasts, and what may be said of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::wait_until;

use super::Holder;

const FULL: &str = "SERVER_ERROR out of memory storing object\r\n";
const TOO_LONG: &str = "SERVER_ERROR object too large for cache\r\n";

fn set(queue: &str, ttl: i64, body: &str) -> String {
    format!("set {queue} 0 {ttl} {}\r\n{body}\r\n", body.len())
}

#[test]
fn a_queue_that_is_full_refuses_messages_until_one_is_gone() {
    let holder = Holder::start("max_items: 2, mode: reserve");
    let mut client = holder.leash.client();
    client.expect(set("q", 0, "a") + &set("q", 0, "b") + &set("q", 0, "c"), format!("STORED\r\nSTORED\r\n{FULL}"));
    client.expect(set("other", 0, "c"), "STORED\r\n");
    client.expect("get q\r\n", "VALUE q 0 1\r\na\r\nEND\r\n");
    client.expect(set("q", 0, "c"), FULL);
    client.expect("delete q\r\n", "DELETED\r\n");
    client.expect(set("q", 0, "c"), "STORED\r\n");
    client.expect("get q/len\r\n", "VALUE q/len 0 1\r\n2\r\nEND\r\n");
    let holder = Holder::start("max_bytes: 4KiB, mode: kestrel");
    let mut client = holder.leash.client();
    let kilobyte = "x".repeat(1000);
    let mut stored = 0;
    while client.ask(set("q", 0, &kilobyte)) == "STORED" {
        stored += 1;
    }
    assert!((3..=4).contains(&stored), "{stored}");
    assert_eq!(client.get("q").unwrap().unwrap().len(), 1000);
    client.expect(set("q", 0, &kilobyte), "STORED\r\n");
}

#[test]
fn a_message_that_is_too_long_is_refused_and_acknowledges_nothing() {
    let holder = Holder::start("max_message: 1KiB, mode: reserve");
    let mut client = holder.leash.client();
    client.expect(set("q", 0, &"x".repeat(1024)), "STORED\r\n");
    client.expect(set("q", 0, "next"), "STORED\r\n");
    assert_eq!(client.get("q").unwrap().unwrap().len(), 1024);
    client.expect(set("q", 0, &"x".repeat(1025)), TOO_LONG);
    // Longer than any item: swallowed as it arrives. memcached would drop the old item.
    client.expect(set("q", 0, &"x".repeat((1 << 20) + 1)), TOO_LONG);
    client.expect("get q\r\n", "END\r\n");
    client.expect("get q/abort\r\n", "END\r\n");
    assert_eq!(client.get("q").unwrap().unwrap().len(), 1024, "it was still there");
}

#[test]
fn a_message_of_a_mebibyte_and_one_of_nothing_come_as_they_went() {
    let holder = Holder::start("mode: kestrel");
    let mut client = holder.leash.client();
    let large: String = (0..1 << 20).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
    client.expect(set("q", 0, &large), "STORED\r\n");
    client.expect(set("q", 0, ""), "STORED\r\n");
    client.expect(set("q", 0, "\r\nEND\r\n"), "STORED\r\n");
    assert_eq!(client.get("q/open").unwrap().unwrap(), large.as_bytes());
    client.expect("get q/close/open\r\n", "VALUE q/close/open 0 0\r\n\r\nEND\r\n");
    client.expect("get q/close/open\r\n", "VALUE q/close/open 0 7\r\n\r\nEND\r\n\r\nEND\r\n");
}

#[test]
fn an_expiry_time_means_what_it_means_to_memcached() {
    let holder = Holder::start("mode: kestrel");
    let mut client = holder.leash.client();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let month = 60 * 60 * 24 * 30;
    let lasting = [(0, -1..=-1), (60, 55..=60), (month, month - 5..=month), (now + 60, 50..=60)];
    for (ttl, left) in lasting {
        client.expect(set("q", ttl, "x"), "STORED\r\n");
        let facts = client.facts("q", "t s").expect("a message");
        assert!(left.contains(&facts[&'t']) && facts[&'s'] == 1, "{ttl}: {facts:?}");
        client.expect("get q\r\n", "VALUE q 0 1\r\nx\r\nEND\r\n");
    }
    for ttl in [-1, 1 - now, month + 1, now - 1, now] {
        client.expect(set("q", ttl, "x"), "STORED\r\n");
        client.expect("get q/peek\r\nget q\r\n", "END\r\nEND\r\n");
    }
    client.expect(set("q", 1, "brief") + &set("q", 0, "lasting"), "STORED\r\nSTORED\r\n");
    let mut peek = || client.get("q/peek").unwrap().unwrap();
    wait_until("the brief one is passed over", Duration::from_secs(5), || peek() == b"lasting");
    assert_eq!(holder.leash.client().get("q").unwrap().unwrap(), b"lasting");
}

#[test]
fn a_message_that_is_given_back_too_often_goes_to_a_queue_of_its_own() {
    let holder = Holder::start("mode: reserve, max_redeliveries: 2");
    let mut client = holder.leash.client();
    client.expect(set("q", 0, "bad") + &set("q", 0, "good"), "STORED\r\nSTORED\r\n");
    for _ in 0..3 {
        client.expect("get q\r\nget q/abort\r\n", "VALUE q 0 3\r\nbad\r\nEND\r\nEND\r\n");
    }
    client.expect("get q\r\n", "VALUE q 0 4\r\ngood\r\nEND\r\n");
    client.expect("get q+dead\r\ndelete q+dead\r\n", "VALUE q+dead 0 3\r\nbad\r\nEND\r\nDELETED\r\n");
}

#[test]
fn keys_are_names_as_long_as_memcached_takes_them_and_of_the_same_bytes() {
    let holder = Holder::start("mode: reserve");
    let mut client = holder.leash.client();
    let longest = "n".repeat(250);
    client.expect(set(&longest, 0, "x"), "STORED\r\n");
    client.expect(format!("get {longest}\r\n"), format!("VALUE {longest} 0 1\r\nx\r\nEND\r\n"));
    client.expect(set(&(longest.clone() + "n"), 0, ""), "CLIENT_ERROR bad command line format\r\n");
    assert_eq!(client.read_line().unwrap(), b"ERROR\r\n", "as memcached, which reads on behind such a line");
    client.expect(set("\u{e9}\u{20ac}+~.", 0, "x"), "STORED\r\n");
    client.expect("get \u{e9}\u{20ac}+~.\r\n", "VALUE \u{e9}\u{20ac}+~. 0 1\r\nx\r\nEND\r\n");
}
