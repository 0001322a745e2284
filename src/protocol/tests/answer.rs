//! What servers say: replies, or a connection that cannot be believed any more.

use bytes::{Bytes, BytesMut};

use super::super::Expected::{self, Arithmetic, Debug, Delete, Facts, Noop, Ok as Done, Store, Value, Version};
use super::super::{AnswerDecoder, Internals, Item, Key, Reply};
use super::TOKEN;

/// The reply in `bytes` of memcached to a question with the token above; `None` where it fits no such question.
fn reply(expected: Expected, bytes: &[u8]) -> Option<Reply> {
    reply_of(AnswerDecoder::new(true), &expected, bytes)
}

fn reply_of(mut server: AnswerDecoder, expected: &Expected, bytes: &[u8]) -> Option<Reply> {
    let mut buffer = BytesMut::from(bytes);
    let reply = server.next(&mut buffer, expected, TOKEN).ok()?;
    assert!(buffer.is_empty(), "{} is left", buffer.escape_ascii());
    Some(reply.expect("a whole reply"))
}

/// What may be answered to `me aGk`.
fn debug() -> Expected {
    Debug(Box::new(Key::text("aGk".into()).expect("a text key")))
}

fn internals(binary_key: bool) -> Reply {
    Reply::Debug(Internals { binary_key, facts: "exp=-1 la=2".into() })
}

fn value(value: &'static str) -> Item {
    Item { value: Some(value.into()), ..Item::default() }
}

#[test]
fn answers_that_fit() {
    let all = Item { client_flags: 5, cas: 9, ttl: -1, size: 2, last_access: 3, fetched: true, ..value("hi") };
    let rows: &[(Expected, &[u8], Reply)] = &[
        (Value, b"VA 2 OFFFFFFFF\r\nhi\r\n", Reply::Hit(value("hi"))),
        (Value, b"VA 0 OFFFFFFFF\r\n\r\n", Reply::Hit(value(""))),
        (Value, b"VA 2 f5 c9 t-1 s2 l3 h1 OFFFFFFFF\r\nhi\r\n", Reply::Hit(all)),
        (Facts, b"HD OFFFFFFFF W X Z\r\n", Reply::Hit(Item { marks: *b"WXZ", ..Item::default() })),
        (Facts, b"EN OFFFFFFFF\r\n", Reply::Miss),
        (Value, b"EN OFFFFFFFF\r\n", Reply::Miss),
        (Value, b"EN\r\n", Reply::Miss),
        (Store, b"HD OFFFFFFFF\r\n", Reply::Hit(Item::default())),
        (Store, b"NS OFFFFFFFF\r\n", Reply::NotStored),
        (Store, b"EX OFFFFFFFF\r\n", Reply::Exists),
        (Delete, b"NF OFFFFFFFF\r\n", Reply::NotFound),
        (Arithmetic, b"VA 2 OFFFFFFFF\r\n42\r\n", Reply::Hit(value("42"))),
        (debug(), b"ME aGk exp=-1 la=2\r\n", internals(false)),
        (debug(), b"ME YUdr exp=-1 la=2\r\n", internals(true)),
        (debug(), b"EN\r\n", Reply::Miss),
        (Version, b"VERSION 1.6.18\r\n", Reply::Version("1.6.18".into())),
        (Noop, b"MN\r\n", Reply::Done),
        (Done, b"OK\r\n", Reply::Done),
        (Store, b"SERVER_ERROR out of memory\r\n", Reply::Error("SERVER_ERROR out of memory".into())),
        (Facts, b"ERROR\r\n", Reply::Error("ERROR".into())),
    ];
    for (expected, bytes, wanted) in rows {
        assert_eq!(reply(expected.clone(), bytes).as_ref(), Some(wanted), "{}", bytes.escape_ascii());
    }
}

#[test]
fn answers_that_do_not_fit() {
    let rows: &[(Expected, &[u8])] = &[
        (Value, b"VA 2 OGGGGGGGG\r\nhi\r\n"),
        (Value, b"VA 2 OFFFFFFFF OGGGGGGGG\r\nhi\r\n"),
        (Value, b"VA 2\r\nhi\r\n"),
        (Value, b"VA 2 OFFFFFFFF\r\nhi there\r\n"),
        (Value, b"VA 1073741825 OFFFFFFFF\r\n"),
        (Value, b"VA 18446744073709551616 OFFFFFFFF\r\n"),
        (Value, b"VA -1 OFFFFFFFF\r\n"),
        (Value, b"VA  OFFFFFFFF\r\n"),
        (Facts, b"HD\r\n"),
        (Value, b"EN OGGGGGGGG\r\n"),
        (Facts, b"EN\n"),
        (Facts, b"\r\n"),
        (Facts, b"NF OFFFFFFFF\r\n"),
        (Facts, b"MN\r\n"),
        (Facts, b"HD OFFFFFFFF cx\r\n"),
        (Facts, b"END\r\n"),
        (Value, b"VALUE a 0 2\r\nhi\r\nEND\r\n"),
        (Facts, b"HTTP/1.1 400 Bad Request\r\n"),
        (Store, b"VA 2 OFFFFFFFF\r\nhi\r\n"),
        (Store, b"STORED\r\n"),
        (Value, b"HD OFFFFFFFF\r\n"),
        (Facts, b"VA 2 OFFFFFFFF\r\nhi\r\n"),
        (Facts, b"HD OFFFFFFFFF\r\n"),
        (Facts, b"HD OFFFFFFF\r\n"),
        (Facts, b"HD OFFFFFFFF OGGGGGGGG\r\n"),
        (Facts, b"EN\r\n"),
        (Facts, b"EN f1\r\n"),
        (Value, b"EN f1\r\n"),
        (Store, b"CLIENT_ERROR bad data chunk\r\n"),
        (Facts, b"SERVER_ERROR a\tb\r\n"),
        (Facts, b"SERVER_ERROR a\rb\r\n"),
        (Version, b"VERSION 1\x1b[2J\r\n"),
        (debug(), b"ME\r\n"),
        (debug(), b"ME aGk\r\n"),
        (debug(), b"ME aGk \r\n"),
        (debug(), b"ME a\r\n"),
        (debug(), b"ME other exp=-1\r\n"),
        (debug(), b"ME aGk exp=-1  la=2\r\n"),
        (debug(), b"ME aGk exp=-1 la\r\n"),
        (debug(), b"ME aGk exp=-1 la=\r\n"),
        (debug(), b"ME aGk =1\r\n"),
        (debug(), b"ME aGk exp=\r1\r\n"),
        (debug(), b"EN OFFFFFFFF\r\n"),
        (debug(), b"HD OFFFFFFFF\r\n"),
        (Delete, b"NS OFFFFFFFF\r\n"),
        (Noop, b"MN OFFFFFFFF\r\n"),
        (Done, b"MN\r\n"),
    ];
    for (expected, bytes) in rows {
        assert_eq!(reply(expected.clone(), bytes), None, "{}", bytes.escape_ascii());
    }
}

/// memcached repeats the token of a miss since 1.6.18, but for a value that is gone from flash.
#[test]
fn a_miss_without_a_token_is_taken_from_whoever_cannot_repeat_it() {
    for (misses_repeat, expected, fits) in
        [(true, Facts, false), (true, Value, true), (false, Facts, true), (false, Value, true)]
    {
        let reply = reply_of(AnswerDecoder::new(misses_repeat), &expected, b"EN\r\n");
        assert_eq!(reply.is_some(), fits, "{misses_repeat}, {expected:?}");
        assert_eq!(reply_of(AnswerDecoder::new(misses_repeat), &expected, b"EN OGGGGGGGG\r\n"), None);
    }
}

/// memcached had not read the value, and took it for commands.
#[test]
fn an_error_that_leaves_the_value_of_a_store_unread_ends_the_stream() {
    for doubt in ["ERROR", "ERROR what", "CLIENT_ERROR bad command line format", "CLIENT_ERROR options flags too long"]
    {
        let line = format!("{doubt}\r\n");
        assert_eq!(reply(Store, line.as_bytes()), None, "{doubt}");
        for expected in [Value, Facts, Delete, Arithmetic, debug(), Noop, Done] {
            assert_eq!(reply(expected, line.as_bytes()), Some(Reply::Error(doubt.into())));
        }
    }
    for certain in
        ["SERVER_ERROR object too large for cache", "CLIENT_ERROR invalid flag", "SERVER_ERROR out of memory"]
    {
        assert_eq!(reply(Store, format!("{certain}\r\n").as_bytes()), Some(Reply::Error(certain.into())));
    }
}

#[test]
fn a_value_is_waited_for_and_says_how_much_it_wants() {
    let (mut decoder, mut buffer) = (AnswerDecoder::new(true), BytesMut::from(&b"VA 5 OFFFFFFFF\r\nhe"[..]));
    assert_eq!(decoder.next(&mut buffer, &Value, TOKEN), Ok(None));
    assert_eq!(decoder.wanted(&buffer), 5 + 2 - 2);
    buffer.extend_from_slice(b"llo\r\nEN\r\n");
    assert_eq!(decoder.next(&mut buffer, &Value, TOKEN), Ok(Some(Reply::Hit(value("hello")))));
    assert_eq!(buffer, Bytes::from_static(b"EN\r\n"));
}

/// It was taken when it came at once, and refused when it came in two reads.
#[test]
fn a_line_too_long_is_refused_in_any_split() {
    let line = [b"HD OFFFFFFFF k".as_slice(), &[b'x'; 5000], b"\r\n"].concat();
    assert_eq!(reply(Facts, &line), None);
    let mut buffer = BytesMut::from(&line[..4200]);
    assert!(AnswerDecoder::new(true).next(&mut buffer, &Facts, TOKEN).is_err());
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
    assert_eq!(reply(Facts, b"HD OFFFFFFFF t18446744073709551615\r\n"), None);
    assert_eq!(reply(Facts, b"HD OFFFFFFFF t-15\r\n"), None);
}

/// It was taken for an error line.
#[test]
fn a_word_that_begins_like_an_error_is_none() {
    assert_eq!(reply(Facts, b"ERROR\0\r\n"), None);
    assert_eq!(reply(Facts, b"ERRORS\r\n"), None);
}

/// The flag of no letter hid the token of another question behind it.
#[test]
fn two_spaces_in_a_row_do_not_fit() {
    assert_eq!(reply(Facts, b"HD OFFFFFFFF  OGGGGGGGG\r\n"), None);
}
