//! A client that is gone has nothing: what it had goes to the next one, and it waits for nothing.

use std::net::Shutdown;
use std::time::Duration;

use support::figures::reaches;
use support::reload::reload;
use support::{BOUND, Client, Leash, wait_until};

use super::Holder;

fn take(client: &mut Client, queue: &str) -> Option<Vec<u8>> {
    client.get(queue).unwrap()
}

/// Another client gets the message before long.
#[track_caller]
fn comes(leash: &Leash, key: &str, body: &[u8]) -> Client {
    let mut other = leash.client();
    wait_until("the message comes again", BOUND, || match take(&mut other, key) {
        Some(got) if got == body => true,
        // The next one, while the first is not given back yet.
        Some(_) => {
            other.expect(format!("get {}/abort\r\n", key.split('/').next().unwrap()), "END\r\n");
            false
        }
        None => false,
    });
    other
}

#[test]
fn what_a_client_has_that_hangs_up_goes_to_the_next_one() {
    for (mode, get) in [("reserve", "q"), ("kestrel", "q/open"), ("kestrel", "q/t=100/open"), ("reserve", "q/open")] {
        let holder = Holder::start(&format!("mode: {mode}, reserve: 10m"));
        let mut client = holder.leash.client();
        client.expect("set q 0 0 1\r\na\r\nset q 0 0 1\r\nb\r\n", "STORED\r\nSTORED\r\n");
        for end in ["quit\r\n", "", "get q/len\r\n"] {
            let mut gone = comes(&holder.leash, get, b"a");
            gone.send(end);
            drop(gone);
            drop(comes(&holder.leash, get, b"a"));
        }
        let mut other = comes(&holder.leash, get, b"a");
        other.expect(
            format!("{}\r\n", if mode == "reserve" { "delete q" } else { "get q/close" }),
            if mode == "reserve" { "DELETED\r\n" } else { "END\r\n" },
        );
        assert_eq!(take(&mut other, get).unwrap(), b"b", "in its order");
    }
}

#[test]
fn a_client_that_only_sends_no_more_hears_its_replies_and_gives_back_what_it_has() {
    let holder = Holder::start("mode: reserve, reserve: 10m");
    let mut client = holder.leash.client();
    client.expect("set q 0 0 1\r\na\r\n", "STORED\r\n");
    let mut half = holder.leash.client();
    half.send("get q\r\nset q 0 0 1\r\nb\r\nget q/len\r\n");
    half.stream.shutdown(Shutdown::Write).unwrap();
    let heard = String::from_utf8(half.read_to_end().unwrap()).unwrap();
    assert_eq!(heard, "VALUE q 0 1\r\na\r\nEND\r\nSTORED\r\nVALUE q/len 0 1\r\n1\r\nEND\r\n");
    comes(&holder.leash, "q", b"a");
}

#[test]
fn a_client_that_hangs_up_while_it_waits_takes_nothing() {
    for get in [
        "get q/t=600000\r\n",
        "get q/t=600000/open\r\n",
        "get x/t=600000 q/t=600000\r\n",
        "get q/t=600000\r\nget q/t=600000\r\nset x 0 0 1\r\nx\r\n",
    ] {
        let holder = Holder::start("mode: kestrel, reserve: 10m");
        let mut gone = holder.leash.client();
        gone.send(format!("{get}set begun 0 0 1\r\nx\r\n"));
        let mut client = holder.leash.client();
        wait_until("it waits", BOUND, || take(&mut client, "begun").is_some());
        gone.stream.shutdown(Shutdown::Write).unwrap();
        let heard = String::from_utf8(gone.read_to_end().unwrap()).unwrap();
        assert!(heard.starts_with("END\r\n"), "{get}: {heard}");
        client.expect("set q 0 0 1\r\na\r\n", "STORED\r\n");
        client.expect("get q\r\n", "VALUE q 0 1\r\na\r\nEND\r\n");
    }
}

/// Of a client that has so much under way leash reads no more until it is answered, so it does not see the end of what the
/// client sent.
#[test]
fn a_client_that_is_not_read_and_hangs_up_while_it_waits_takes_nothing() {
    for behind in ["get q\r\n", "get q/t=600000\r\n"] {
        let holder = Holder::start("mode: kestrel, reserve: 10m");
        let mut client = holder.leash.client();
        let mut gone = holder.leash.client();
        gone.send(format!("get q/t=600000\r\n{}", behind.repeat(3_000)));
        reaches(&holder.leash, "leash_queue_waiters", "", 1.0);
        drop(gone);
        reaches(&holder.leash, "leash_queue_waiters", "", 0.0);
        reaches(&holder.leash, "leash_downstream_connections", "", 1.0);
        client.expect("set q 0 0 1\r\na\r\n", "STORED\r\n");
        client.expect("get q\r\n", "VALUE q 0 1\r\na\r\nEND\r\n");
    }
}

#[test]
fn a_client_that_hangs_up_before_it_is_answered_has_nothing() {
    for sync in ["always", "100ms"] {
        let holder = Holder::start(&format!("mode: reserve, reserve: 10m, sync: {sync}"));
        holder.leash.client().expect("set q 0 0 1\r\na\r\n", "STORED\r\n");
        for _ in 0..50 {
            let mut hasty = holder.leash.client();
            hasty.send("set other 0 0 1\r\nx\r\nget q\r\n");
            drop(hasty);
        }
        comes(&holder.leash, "q", b"a").expect("delete q\r\nget q\r\n", "DELETED\r\nEND\r\n");
    }
}

#[test]
fn what_a_client_has_is_given_back_and_what_it_waits_for_comes_over_reloads() {
    let place = tempfile::tempdir().unwrap();
    let yaml = |reserve: &str| Holder::config(&place, &format!("mode: kestrel, reserve: {reserve}"));
    let leash = Leash::with_config(&yaml("10m"));
    let (mut producer, mut waits) = (leash.client(), leash.client());
    waits.send("get q/t=600000/open\r\n");
    reaches(&leash, "leash_queue_waiters", "", 1.0);
    reload(&leash, yaml("11m"));
    producer.expect("set q 0 0 1\r\na\r\n", "STORED\r\n");
    waits.expect("", "VALUE q/t=600000/open 0 1\r\na\r\nEND\r\n");
    for minutes in 12..15 {
        reload(&leash, yaml(&format!("{minutes}m")));
        waits.expect("get q/abort\r\nget q/open\r\n", "END\r\nVALUE q/open 0 1\r\na\r\nEND\r\n");
    }
    reload(&leash, yaml("15m"));
    drop(waits);
    comes(&leash, "q/open", b"a").expect("get q/close\r\nget q\r\n", "END\r\nEND\r\n");
}

#[test]
fn what_is_not_acknowledged_in_time_comes_again_and_is_not_the_consumers_any_more() {
    let holder = Holder::start("mode: reserve, reserve: 1s");
    let mut slow = holder.leash.client();
    slow.expect("set q 0 0 1\r\na\r\n", "STORED\r\n");
    assert_eq!(take(&mut slow, "q").unwrap(), b"a");
    let mut other = comes(&holder.leash, "q", b"a");
    slow.expect("delete q\r\n", "NOT_FOUND\r\n");
    other.expect("delete q\r\n", "DELETED\r\n");
    slow.expect("get q/len\r\n", "VALUE q/len 0 1\r\n0\r\nEND\r\n");
}

#[test]
fn sigterm_gives_back_what_is_reserved_ends_waits_and_the_next_process_has_all() {
    let mut holder = Holder::start("mode: kestrel, reserve: 10m");
    let (mut has, mut waits) = (holder.leash.client(), holder.leash.client());
    has.expect("set q 0 0 1\r\na\r\nset q 9 0 1\r\nb\r\nset q 0 0 1\r\nc\r\n", "STORED\r\nSTORED\r\nSTORED\r\n");
    assert_eq!(take(&mut has, "q/open").unwrap(), b"a");
    has.expect("get q/close/open\r\n", "VALUE q/close/open 9 1\r\nb\r\nEND\r\n");
    waits.send("get empty/t=600000\r\n");
    has.expect("get q/len\r\n", "VALUE q/len 0 1\r\n1\r\nEND\r\n");
    holder.leash.terminate();
    assert_eq!(waits.read_to_end().unwrap(), b"END\r\n");
    holder.leash.restart();
    let mut client = holder.leash.client();
    client.expect("get q/open\r\n", "VALUE q/open 9 1\r\nb\r\nEND\r\n");
    client.expect("get q/close/open\r\n", "VALUE q/close/open 0 1\r\nc\r\nEND\r\n");
    client.expect("get q/close/open\r\n", "END\r\n");
    client.set_bound(Duration::from_secs(5));
}
