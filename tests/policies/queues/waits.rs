//! Clients that wait for a message, go on meanwhile, and are served in the order they came.

use std::time::{Duration, Instant};

use support::{BOUND, Client, wait_until};

use super::Holder;

/// Lets a client wait, and returns once it does: what it asks behind that, about another queue, is done by then.
fn begin_to_wait(holder: &Holder, client: &mut Client, get: &str) {
    client.send(format!("{get}\r\nset begun 0 0 1\r\nx\r\n"));
    let mut other = holder.leash.client();
    wait_until("it waits", BOUND, || other.get("begun").unwrap().is_some());
}

#[test]
fn a_message_wakes_the_client_that_has_waited_longest() {
    let holder = Holder::start("mode: kestrel");
    let mut clients: Vec<_> = (0..3).map(|_| holder.leash.client()).collect();
    clients.iter_mut().for_each(|client| begin_to_wait(&holder, client, "get q/t=60000"));
    let mut producer = holder.leash.client();
    for (number, client) in clients.iter_mut().enumerate() {
        producer.expect(format!("set q 0 0 1\r\n{number}\r\n"), "STORED\r\n");
        client.expect("", format!("VALUE q/t=60000 0 1\r\n{number}\r\nEND\r\nSTORED\r\n"));
    }
}

#[test]
fn a_wait_ends_when_its_time_is_over_and_not_before() {
    let holder = Holder::start("mode: reserve");
    let mut client = holder.leash.client();
    for ms in [0, 1, 300, 1500] {
        let begun = Instant::now();
        client.expect(format!("get q/t={ms}\r\n"), "END\r\n");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(ms) && took < Duration::from_millis(ms + 2000), "{ms}: {took:?}");
    }
}

#[test]
fn a_client_that_waits_goes_on_asking_and_hears_all_in_order() {
    let holder = Holder::start("mode: kestrel");
    let mut client = holder.leash.client();
    client.send("get q/t=60000/open\r\nset other 0 0 1\r\nx\r\nget q/close/open\r\nget other/peek\r\nget q/len\r\n");
    let mut producer = holder.leash.client();
    // Another queue is not held up.
    wait_until("the other queue has the message", Duration::from_secs(5), || {
        producer.get("other/peek").unwrap().is_some()
    });
    producer.expect("set q 0 0 1\r\na\r\nset q 0 0 1\r\nb\r\n", "STORED\r\nSTORED\r\n");
    client.expect(
        "",
        "VALUE q/t=60000/open 0 1\r\na\r\nEND\r\nSTORED\r\nVALUE q/close/open 0 1\r\nb\r\nEND\r\n\
         VALUE other/peek 0 1\r\nx\r\nEND\r\nVALUE q/len 0 1\r\n0\r\nEND\r\n",
    );
}

#[test]
fn a_wait_may_be_longer_than_any_request_may_take() {
    let holder = Holder::start("mode: kestrel");
    let (mut client, begun) = (holder.leash.client(), Instant::now());
    client.set_bound(Duration::from_secs(30));
    client.expect("get q/t=11000\r\nset q 0 0 1\r\nx\r\n", "END\r\nSTORED\r\n");
    assert!(begun.elapsed() >= Duration::from_secs(11));
}
