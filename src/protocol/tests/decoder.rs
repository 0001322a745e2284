//! Lines, values, limits and strangers.

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::{Call, Decoder, RequestLimits};
use super::{LIMITS, show, shown, table};

proptest! {
    /// Where lines may be shorter than the longest key, no get is read as the common one.
    #[test]
    fn a_get_means_the_same_whether_or_not_it_is_read_as_the_common_one(
        words in proptest::collection::vec(prop_oneof![
            Just("get "), Just("get"), Just("gets "), Just(" "), Just("a"), Just("longer_key"), Just("m"),
            Just("\r\n"), Just("\r"), Just("\n"), Just("\x7f"), Just("\0"),
        ], 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let (bytes, short) = (words.concat().into_bytes(), RequestLimits { line: 200, ..LIMITS });
        let calls = |limits, parts: [&[u8]; 2]| {
            let (mut decoder, mut buffer, mut calls) = (Decoder::new(limits), BytesMut::new(), Vec::new());
            for part in parts {
                buffer.extend_from_slice(part);
                calls.extend(std::iter::from_fn(|| decoder.next(&mut buffer)));
            }
            (calls, buffer)
        };
        let (first, rest) = bytes.split_at(cut.index(bytes.len() + 1));
        prop_assert_eq!(calls(LIMITS, [first, rest]), calls(short, [&bytes, b""]));
    }
}

#[test]
fn a_key_that_is_too_long_is_refused_however_its_line_is_read() {
    let get = |len: usize| format!("get {}\r\n", "k".repeat(len)).into_bytes();
    table(&[
        (&get(250), &[&format!("mg {} v f", "k".repeat(250))]),
        (&get(251), &["CLIENT_ERROR bad command line format"]),
        (&get(300), &["CLIENT_ERROR bad command line format"]),
        (b"get \r\n", &["ERROR"]),
    ]);
}

#[test]
fn what_is_not_whole_is_waited_for() {
    table(&[
        (b"", &[]),
        (b"get a", &["…"]),
        (b"get a\r", &["…"]),
        (b"get a\r\nget b", &["mg a v f", "…"]),
        (b"set a 0 0 3\r\n", &["…"]),
        (b"set a 0 0 3\r\nabc\r", &["…"]),
    ]);
}

#[test]
fn a_value_over_the_limit_is_swallowed_and_drops_what_it_would_have_replaced() {
    let with = |command: &str| [command.as_bytes(), b" 70\r\n", &[b'v'; 70], b"\r\nmn\r\n"].concat();
    table(&[
        (&with("set a 0 0"), &["too large, md a", "Noop"]),
        (&with("add a 0 0"), &["too large, nothing", "Noop"]),
        (&with("ms a"), &["too large, md a", "Noop"]),
    ]);
}

#[test]
fn a_value_of_just_the_limit_is_taken() {
    let bytes = [b"set a 0 0 64\r\n".as_slice(), &[b'v'; 64], b"\r\n"].concat();
    table(&[(&bytes, &[&format!("ms a 64\\r\\n{}", "v".repeat(64))])]);
}

#[test]
fn strangers_are_told_what_this_is() {
    let http = "CLIENT_ERROR this port speaks memcached, not HTTP (fatal)";
    table(&[(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[http]), (b"mn\r\n\x80\r\n", &["Noop", "ERROR"])]);
}

#[test]
fn a_line_over_the_limit_ends_the_connection() {
    let line = |len: usize| [vec![b'x'; len], b"\r\n".to_vec()].concat();
    table(&[
        (&line(LIMITS.line), &["ERROR"]),
        (&line(LIMITS.line + 1), &["CLIENT_ERROR line too long (fatal)"]),
        (&vec![b'x'; LIMITS.line + 2], &["CLIENT_ERROR line too long (fatal)"]),
    ]);
}

/// Such a line was refused if its CR came without its LF.
#[test]
fn a_line_of_just_the_limit_may_be_split_before_its_line_feed() {
    let (mut decoder, mut buffer) = (Decoder::new(LIMITS), BytesMut::from(&vec![b'x'; LIMITS.line][..]));
    buffer.extend_from_slice(b"\r");
    assert_eq!(decoder.next(&mut buffer), None);
    buffer.extend_from_slice(b"\n");
    assert_eq!(decoder.next(&mut buffer).as_ref().map(show), Some("ERROR".into()));
}

#[test]
fn a_value_is_cut_out_of_the_buffer_and_not_copied() {
    let mut buffer = BytesMut::from(&b"set a 0 0 3\r\nabc\r\nmn\r\n"[..]);
    let place = buffer[13..].as_ptr();
    let Some(Call::One(request, _)) = Decoder::new(LIMITS).next(&mut buffer) else { panic!("no store") };
    let super::super::Command::Store(store) = request.command else { panic!("no store") };
    assert_eq!((store.value.as_ptr(), &store.value[..]), (place, &b"abc"[..]));
}

#[test]
fn a_value_under_way_says_how_much_it_wants() {
    let (mut decoder, mut buffer) = (Decoder::new(LIMITS), BytesMut::from(&b"set a 0 0 40\r\nabc"[..]));
    assert_eq!(decoder.next(&mut buffer), None);
    assert_eq!(decoder.wanted(&buffer), 40 + 2 - 3);
    assert!(decoder.is_midway(&buffer));
}

/// What is understood of `stream` where there are queues.
fn of_queues(stream: &str) -> Vec<String> {
    let mut decoder = Decoder::new(RequestLimits { queues: true, ..LIMITS });
    let (mut buffer, mut shown) = (BytesMut::new(), Vec::new());
    // Each byte by itself.
    for byte in stream.bytes() {
        buffer.extend_from_slice(&[byte]);
        while let Some(call) = decoder.next(&mut buffer) {
            shown.push(show(&call));
        }
    }
    shown
}

#[test]
fn where_there_are_queues_commands_are_understood_in_any_case_and_with_line_feeds_alone() {
    let small = "get Q\nstats\nset Q 1 2 1\nX\r\nmg Q v\ndelete Q\ngets A B\n  get Q\nversion\nflush_all\nquit\n";
    let mixed = "GET Q\nSTATS\nSet Q 1 2 1\nX\r\nMG Q v\nDELETE Q\nGets A B\n  gEt Q\nVERSION\nFLUSH_ALL\nQUIT\n";
    assert_eq!(of_queues(mixed), of_queues(small));
    assert_eq!(of_queues(small), shown(small.as_bytes()));
    assert_eq!(of_queues("FLUSH Q\r\nflush\r\nflush a b\r\n"), ["flush: md Q x", "ERROR", "ERROR"]);
    assert_eq!(shown(b"GET Q\r\nflush Q\r\n"), ["ERROR", "ERROR"], "memcached knows neither");
}
