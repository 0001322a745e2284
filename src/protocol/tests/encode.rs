//! What is said to clients.

use bytes::Bytes;

use super::super::{Call, Cause, Decoder, Failure, Internals, Item, Reply, encode_reply};
use super::{LIMITS, written};

/// What a client that said `command` is told; what follows a store's line must be there.
fn told(command: &str, reply: &Reply) -> String {
    let call = Decoder::new(LIMITS).next(&mut command.into());
    let Some(Call::One(request, form)) = call else { panic!("{call:?}") };
    String::from_utf8(written(|out| encode_reply(&form, &request.key, reply, out))).expect("text")
}

fn item() -> Item {
    Item { client_flags: 5, cas: 9, ttl: 30, size: 2, last_access: 3, fetched: true, ..Item::default() }
}

fn hit() -> Reply {
    Reply::Hit(item())
}

fn value() -> Reply {
    Reply::Hit(Item { value: Some("hi".into()), ..item() })
}

fn internals(binary_key: bool) -> Reply {
    Reply::Debug(Internals { binary_key, facts: "exp=-1".into() })
}

fn failed() -> Reply {
    Reply::Failed(Failure { cause: Cause::Timeout, server: "m1 (10.0.0.7:11211)".into(), said: None })
}

const FAILED: &str = "SERVER_ERROR server m1 (10.0.0.7:11211): no reply in time\r\n";

fn table(rows: &[(&str, Reply, &str)]) {
    for (command, reply, wanted) in rows {
        assert_eq!(&told(command, reply), wanted, "{command:?} and {reply:?}");
    }
}

#[test]
fn classic_replies() {
    let count = Reply::Hit(Item { value: Some("42".into()), ..Item::default() });
    table(&[
        ("get a\r\n", value(), "VALUE a 5 2\r\nhi\r\nEND\r\n"),
        ("gets a\r\n", value(), "VALUE a 5 2 9\r\nhi\r\nEND\r\n"),
        ("get a\r\n", Reply::Miss, "END\r\n"),
        ("get a\r\n", failed(), "END\r\n"),
        ("get a\r\n", Reply::Error("SERVER_ERROR x".into()), "SERVER_ERROR x\r\n"),
        ("set a 0 0 1\r\nx\r\n", hit(), "STORED\r\n"),
        ("add a 0 0 1\r\nx\r\n", Reply::NotStored, "NOT_STORED\r\n"),
        ("cas a 0 0 1 5\r\nx\r\n", Reply::Exists, "EXISTS\r\n"),
        ("cas a 0 0 1 5\r\nx\r\n", Reply::NotFound, "NOT_FOUND\r\n"),
        ("set a 0 0 1\r\nx\r\n", failed(), FAILED),
        ("set a 0 0 1 noreply\r\nx\r\n", failed(), ""),
        ("delete a\r\n", hit(), "DELETED\r\n"),
        ("delete a\r\n", Reply::NotFound, "NOT_FOUND\r\n"),
        ("touch a 5\r\n", hit(), "TOUCHED\r\n"),
        ("touch a 5\r\n", Reply::Miss, "NOT_FOUND\r\n"),
        ("incr n 1\r\n", count, "42\r\n"),
        ("incr n 1\r\n", Reply::NotFound, "NOT_FOUND\r\n"),
    ]);
}

#[test]
fn meta_replies_repeat_the_flags_in_the_clients_order() {
    table(&[
        ("mg a\r\n", hit(), "HD\r\n"),
        ("mg a t O12 c v k f s h l q\r\n", value(), "VA 2 t30 O12 c9 ka f5 s2 h1 l3\r\nhi\r\n"),
        ("mg a v\r\n", Reply::Hit(Item { marks: *b"WZ\0", ..item() }), "HD W Z\r\n"),
        ("ms a 1 c O1\r\nx\r\n", hit(), "HD c9 O1\r\n"),
        ("ms a 1 O1\r\nx\r\n", Reply::NotStored, "NS O1\r\n"),
        ("md a O1 k\r\n", Reply::NotFound, "NF O1 ka\r\n"),
        ("ma n t c\r\n", hit(), "HD t30 c9\r\n"),
        ("me a\r\n", internals(false), "ME a exp=-1\r\n"),
        ("me a\r\n", internals(true), "ME YQ== exp=-1\r\n"),
        ("me YQ== b\r\n", internals(false), "ME a exp=-1\r\n"),
        ("me a\r\n", failed(), "EN\r\n"),
        ("ms a 1\r\nx\r\n", failed(), FAILED),
    ]);
}

#[test]
fn quiet_mode_hides_only_the_nominal_outcome() {
    table(&[
        ("mg a q\r\n", Reply::Miss, ""),
        ("mg a q\r\n", hit(), "HD\r\n"),
        ("ms a 1 q\r\nx\r\n", hit(), ""),
        ("ms a 1 q\r\nx\r\n", Reply::NotStored, "NS\r\n"),
        ("md a q\r\n", hit(), ""),
        ("md a q\r\n", failed(), FAILED),
    ]);
}

/// Servers were asked for it, and some of memcached's items have forgotten that their key is binary: it came as two
/// lines.
#[test]
fn a_key_is_repeated_as_the_client_wrote_it() {
    table(&[("mg YQ0KYg== b k\r\n", hit(), "HD kYQ0KYg== b\r\n"), ("mg YQ== b k\r\n", hit(), "HD kYQ== b\r\n")]);
}

/// An assertion failed where a server answered what memcached never would.
#[test]
fn a_reply_that_answers_no_such_command_is_an_error_for_the_client() {
    table(&[
        ("delete a\r\n", Reply::Exists, "SERVER_ERROR unexpected reply\r\n"),
        ("incr n 1\r\n", hit(), "SERVER_ERROR unexpected reply\r\n"),
    ]);
}

#[test]
fn a_large_value_is_not_copied() {
    let value = Bytes::from(vec![b'v'; 10_000]);
    let reply = Reply::Hit(Item { value: Some(value.clone()), ..Item::default() });
    let Some(Call::One(request, form)) = Decoder::new(LIMITS).next(&mut "get a\r\n".into()) else { panic!("no get") };
    let mut out = super::super::Output::default();
    encode_reply(&form, &request.key, &reply, &mut out);
    let mut slices = [std::io::IoSlice::new(&[]); 4];
    assert_eq!(out.slices(&mut slices), 3);
    assert_eq!(slices[1].as_ptr(), value.as_ptr());
}
