//! What servers say: replies, or a connection that cannot be believed any more.

use bytes::{Bytes, BytesMut};

use super::super::Expected::{self, Arithmetic, Debug, Delete, Get, Noop, Ok as Done, Store};
use super::super::{AnswerDecoder, Item, Reply};
use super::TOKEN;

/// The reply in `bytes` to a question with the token above; `None` where it fits no such question.
fn reply(expected: Expected, bytes: &[u8]) -> Option<Reply> {
    let mut buffer = BytesMut::from(bytes);
    let reply = AnswerDecoder::default().next(&mut buffer, expected, TOKEN).ok()?;
    assert!(buffer.is_empty(), "{} is left", buffer.escape_ascii());
    Some(reply.expect("a whole reply"))
}

fn value(value: &'static str) -> Item {
    Item { value: Some(value.into()), ..Item::default() }
}

#[test]
fn answers_that_fit() {
    let all = Item { client_flags: 5, cas: 9, ttl: -1, size: 2, last_access: 3, fetched: true, ..value("hi") };
    let rows: &[(Expected, &[u8], Reply)] = &[
        (Get, b"VA 2 OFFFFFFFF\r\nhi\r\n", Reply::Hit(value("hi"))),
        (Get, b"VA 0 OFFFFFFFF\r\n\r\n", Reply::Hit(value(""))),
        (Get, b"VA 2 f5 c9 t-1 s2 l3 h1 OFFFFFFFF\r\nhi\r\n", Reply::Hit(all)),
        (Get, b"HD OFFFFFFFF W X Z\r\n", Reply::Hit(Item { marks: *b"WXZ", ..Item::default() })),
        (Get, b"HD kaGk= b OFFFFFFFF\r\n", Reply::Hit(Item { binary_key: true, ..Item::default() })),
        (Get, b"EN\r\n", Reply::Miss),
        (Store, b"HD OFFFFFFFF\r\n", Reply::Hit(Item::default())),
        (Store, b"NS OFFFFFFFF\r\n", Reply::NotStored),
        (Store, b"EX OFFFFFFFF\r\n", Reply::Exists),
        (Delete, b"NF OFFFFFFFF\r\n", Reply::NotFound),
        (Arithmetic, b"VA 2 OFFFFFFFF\r\n42\r\n", Reply::Hit(value("42"))),
        (Debug, b"ME a exp=-1 la=2\r\n", Reply::Debug("a exp=-1 la=2".into())),
        (Debug, b"EN\r\n", Reply::Miss),
        (Noop, b"MN\r\n", Reply::Done),
        (Done, b"OK\r\n", Reply::Done),
        (Store, b"SERVER_ERROR out of memory\r\n", Reply::Error("SERVER_ERROR out of memory".into())),
        (Get, b"ERROR\r\n", Reply::Error("ERROR".into())),
    ];
    for (expected, bytes, wanted) in rows {
        assert_eq!(reply(*expected, bytes).as_ref(), Some(wanted), "{}", bytes.escape_ascii());
    }
}

#[test]
fn answers_that_do_not_fit() {
    let rows: &[(Expected, &[u8])] = &[
        (Get, b"VA 2 OGGGGGGGG\r\nhi\r\n"),
        (Get, b"VA 2 OFFFFFFFF OGGGGGGGG\r\nhi\r\n"),
        (Get, b"VA 2\r\nhi\r\n"),
        (Get, b"VA 2 OFFFFFFFF\r\nhi there\r\n"),
        (Get, b"VA 1073741825 OFFFFFFFF\r\n"),
        (Get, b"VA 18446744073709551616 OFFFFFFFF\r\n"),
        (Get, b"VA -1 OFFFFFFFF\r\n"),
        (Get, b"VA  OFFFFFFFF\r\n"),
        (Get, b"HD\r\n"),
        (Get, b"EN OGGGGGGGG\r\n"),
        (Get, b"EN\n"),
        (Get, b"\r\n"),
        (Get, b"NF OFFFFFFFF\r\n"),
        (Get, b"MN\r\n"),
        (Get, b"HD OFFFFFFFF cx\r\n"),
        (Get, b"END\r\n"),
        (Get, b"VALUE a 0 2\r\nhi\r\nEND\r\n"),
        (Get, b"HTTP/1.1 400 Bad Request\r\n"),
        (Store, b"VA 2 OFFFFFFFF\r\nhi\r\n"),
        (Store, b"STORED\r\n"),
        (Store, b"CLIENT_ERROR bad data chunk\r\n"),
        (Delete, b"NS OFFFFFFFF\r\n"),
        (Noop, b"MN OFFFFFFFF\r\n"),
        (Done, b"MN\r\n"),
    ];
    for (expected, bytes) in rows {
        assert_eq!(reply(*expected, bytes), None, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_value_is_waited_for_and_says_how_much_it_wants() {
    let (mut decoder, mut buffer) = (AnswerDecoder::default(), BytesMut::from(&b"VA 5 OFFFFFFFF\r\nhe"[..]));
    assert_eq!(decoder.next(&mut buffer, Get, TOKEN), Ok(None));
    assert_eq!(decoder.wanted(&buffer), 5 + 2 - 2);
    buffer.extend_from_slice(b"llo\r\nEN\r\n");
    assert_eq!(decoder.next(&mut buffer, Get, TOKEN), Ok(Some(Reply::Hit(value("hello")))));
    assert_eq!(buffer, Bytes::from_static(b"EN\r\n"));
}

/// It was taken when it came at once, and refused when it came in two reads.
#[test]
fn a_line_too_long_is_refused_in_any_split() {
    let line = [b"HD OFFFFFFFF k".as_slice(), &[b'x'; 5000], b"\r\n"].concat();
    assert_eq!(reply(Get, &line), None);
    let mut buffer = BytesMut::from(&line[..4200]);
    assert!(AnswerDecoder::default().next(&mut buffer, Get, TOKEN).is_err());
}

/// It was passed on to the client of a classic incr as it was, as a line of its own.
#[test]
fn a_count_that_is_no_number_is_nobodys_reply() {
    for bytes in [
        b"VA 9 OFFFFFFFF\r\n1\r\nSTORED\r\n".as_slice(),
        b"VA 0 OFFFFFFFF\r\n\r\n",
        b"VA 21 OFFFFFFFF\r\n123456789012345678901\r\n",
    ] {
        assert_eq!(reply(Arithmetic, bytes), None, "{}", bytes.escape_ascii());
    }
}

/// It became a TTL of -1 and was told to clients as one.
#[test]
fn a_ttl_beyond_63_bits_does_not_wrap() {
    assert_eq!(reply(Get, b"HD OFFFFFFFF t18446744073709551615\r\n"), None);
    assert_eq!(reply(Get, b"HD OFFFFFFFF t-15\r\n"), None);
}

/// It was taken for an error line.
#[test]
fn a_word_that_begins_like_an_error_is_none() {
    assert_eq!(reply(Get, b"ERROR\0\r\n"), None);
    assert_eq!(reply(Get, b"ERRORS\r\n"), None);
}

/// The flag of no letter hid the token of another question behind it.
#[test]
fn two_spaces_in_a_row_do_not_fit() {
    assert_eq!(reply(Get, b"HD OFFFFFFFF  OGGGGGGGG\r\n"), None);
}
