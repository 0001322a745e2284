//! Clients of large values: what they ask next is likely to be large as well, so it leaves the ordinary connection to
//! others, unless another one's reply would have to be waited for.

use support::Client;
use support::fake_server::{Backend, FakeServer};

use super::leash_at;

/// From 64 KiB on a value is large.
const LARGE: [u8; 100_000] = [b'v'; 100_000];

/// The client is given a large value that nothing was known of.
#[track_caller]
fn takes(client: &mut Client, first: &mut Backend, key: &str) {
    client.send(format!("get {key}\r\n"));
    let question = first.receives(&format!("mg {key} v f"));
    first.sends_value(&question, LARGE);
    assert!(client.read_get(key).unwrap().is_some_and(|value| value == LARGE));
}

#[test]
fn what_a_client_of_large_values_asks_takes_the_connection_for_bulk_unless_it_waits_for_others_there() {
    let server = FakeServer::start();
    let leash = leash_at(&server.address(), "request_timeout: 10s", "");
    let mut taker = leash.client();
    let mut first = server.meets(&mut taker);
    taker.send([format!("set large 0 0 {}\r\n", LARGE.len()).as_bytes(), &LARGE, b"\r\n"].concat());
    let mut bulk = server.greets();
    let stored = bulk.receives_any();
    bulk.sends_code(&stored, "HD");
    taker.expect("", "STORED\r\n");

    taker.send("get next\r\nget last\r\n");
    let (next, last) = (bulk.receives("mg next v f"), bulk.receives("mg last v f"));

    // Others are still heard on the first, also once they took large values. One of them may be taken for the taker.
    let mut others: Vec<Client> = (0..3).map(|_| leash.client()).collect();
    for (n, other) in others.iter_mut().enumerate() {
        takes(other, &mut first, &format!("large{n}"));
    }
    others.iter_mut().for_each(|other| other.send("get small\r\n"));
    (1..others.len()).for_each(|_| drop(first.receives("mg small v f")));

    bulk.sends_value(&next, LARGE);
    bulk.sends_value(&last, "small");
    assert!(taker.read_get("next").unwrap().is_some_and(|value| value == LARGE));
    taker.expect("", "VALUE last 0 5\r\nsmall\r\nEND\r\n");

    // Its last value was small.
    taker.send("get again\r\n");
    let is_small = |line: &String| line == "mg small v f";
    let line = std::iter::repeat_with(|| first.receives_any().line).find(|line| !is_small(line));
    assert_eq!(line.unwrap(), "mg again v f");
}
