//! Clients that wait for a message of a holder elsewhere.

use std::time::{Duration, Instant};

use support::figures::metric;
use support::{BOUND, Client, Leash, wait_until};

use super::house::{Holder, get, put, sidecar};

fn waiting(leash: &Leash, key: &str) -> Client {
    let mut client = leash.client();
    client.send(format!("get {key}\r\n"));
    client
}

#[test]
fn those_who_wait_are_served_in_their_order_and_hold_nobody_up() {
    let holder = Holder::start(", mode: kestrel");
    let yaml =
        super::house::sidecar_yaml(&[&holder.address()], ", mode: kestrel", "").replace("workers: 2", "workers: 1");
    let leash = Leash::with_config(&yaml);
    let mut producer = leash.client();
    let mut waiters = Vec::new();
    for _ in 0..20 {
        let mut waiter = leash.client();
        waiter.expect("mn\r\nget q/t=20000/open\r\n", "MN\r\n");
        waiters.push(waiter);
        // Who has asked in vain stands in the line, and who comes then stands behind it at once.
        let has_asked_again = || metric(&leash, "leash_upstream_requests_total", "") >= 2.0;
        wait_until("the first one has asked again", BOUND, has_asked_again);
    }
    put(&mut producer, "other", "x");
    assert_eq!(get(&mut producer, "other").as_deref(), Some("x"), "the connection to the holder is free");
    for number in 0..20 {
        put(&mut producer, "q", &number.to_string());
    }
    for (number, waiter) in waiters.iter_mut().enumerate() {
        let message = waiter.read_get("q/t=20000/open").unwrap();
        assert_eq!(message, Some(number.to_string().into_bytes()), "waiter {number}");
    }
}

#[test]
fn a_wait_ends_when_its_time_is_over_and_not_before() {
    let holder = Holder::start("");
    let leash = sidecar(&[&holder.address()], "");
    let mut client = leash.client();
    let begun = Instant::now();
    assert_eq!(get(&mut client, "q/t=300"), None);
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    client.expect("get q/t=100\r\nset q 0 0 1\r\na\r\nget q\r\n", "END\r\nSTORED\r\nVALUE q 0 1\r\na\r\nEND\r\n");
}

#[test]
fn one_who_hangs_up_while_it_waits_takes_no_message() {
    let holder = Holder::start("");
    let leash = sidecar(&[&holder.address()], "");
    let mut client = leash.client();
    for round in 0..20 {
        drop(waiting(&leash, "q/t=60000"));
        put(&mut client, "q", &round.to_string());
        wait_until("the message is there for others", BOUND, || get(&mut client, "q") == Some(round.to_string()));
        client.expect("delete q\r\n", "DELETED\r\n");
    }
}
