//! The binary protocol: every opcode and every status, in packets that come whole and in pieces.

use bytes::BytesMut;

use super::super::{Call, Cause, Decoder, Dialect, Failure, Item, Reply, encode_general, encode_reply, encode_stats};
use super::{LIMITS, show, written};

/// A request: its opcode and what it is made of. The opaque is `wxyz`.
fn packet(opcode: u8, extras: &[u8], key: &str, value: &[u8], cas: u64) -> Vec<u8> {
    header(opcode, (extras.len() as u8, key.len() as u16, (extras.len() + key.len() + value.len()) as u32), cas)
        .into_iter()
        .chain([extras, key.as_bytes(), value].concat())
        .collect()
}

/// The header of a request with extras, key and body of these lengths.
fn header(opcode: u8, (extras, key, body): (u8, u16, u32), cas: u64) -> Vec<u8> {
    let [k0, k1] = key.to_be_bytes();
    let (lengths, cas) = (body.to_be_bytes(), cas.to_be_bytes());
    [&[0x80, opcode, k0, k1, extras, 0, 0, 0][..], &lengths, b"wxyz", &cas].concat()
}

/// A request about the key `a` alone.
fn about_a(opcode: u8) -> Vec<u8> {
    packet(opcode, b"", "a", b"", 0)
}

/// Client flags 7, TTL 60.
const FLAGS_AND_TTL: &[u8] = &[0, 0, 0, 7, 0, 0, 0, 60];
const TTL: &[u8] = &[0, 0, 0, 60];

/// Delta 3, initial value 5 and an expiry time.
fn count(exptime: u32) -> Vec<u8> {
    [&3u64.to_be_bytes()[..], &5u64.to_be_bytes(), &exptime.to_be_bytes()].concat()
}

/// The calls in `pieces`; `…` where the last one is not whole.
fn calls<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Vec<Call> {
    let (mut decoder, mut buffer, mut calls) = (Decoder::new(LIMITS), BytesMut::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(call) = decoder.next(&mut buffer) {
            let is_last = matches!(&call, Call::Refused(refusal) if refusal.kind.is_fatal());
            calls.push(call);
            if is_last {
                return calls;
            }
        }
    }
    calls
}

/// Holds a table of packets and the calls they are, split at every byte, and at all of them.
fn table(rows: &[(Vec<u8>, &[&str])]) {
    for (bytes, wanted) in rows {
        let whole = calls([&bytes[..]]);
        assert_eq!(whole.iter().map(show).collect::<Vec<_>>(), *wanted, "{}", bytes.escape_ascii());
        for at in 0..bytes.len() {
            assert_eq!(calls([&bytes[..at], &bytes[at..]]), whole, "split at {at}: {}", bytes.escape_ascii());
        }
        assert_eq!(calls(bytes.chunks(1)), whole, "byte for byte: {}", bytes.escape_ascii());
    }
}

#[test]
fn every_read_is_a_get() {
    table(&[
        (about_a(0x00), &["mg a v f c"]),
        (about_a(0x09), &["mg a v f c (quiet)"]),
        (about_a(0x0c), &["mg a v f c"]),
        (about_a(0x0d), &["mg a v f c (quiet)"]),
        (packet(0x1c, TTL, "a", b"", 0), &["mg a f c T60"]),
        (packet(0x1d, TTL, "a", b"", 0), &["mg a v f c T60"]),
        (packet(0x1e, TTL, "a", b"", 0), &["mg a v f c T60 (quiet)"]),
        (packet(0x23, TTL, "a", b"", 0), &["mg a v f c T60"]),
        (packet(0x24, TTL, "a", b"", 0), &["mg a v f c T60 (quiet)"]),
    ]);
}

#[test]
fn every_store_is_a_store() {
    let with_cas = |opcode| packet(opcode, FLAGS_AND_TTL, "a", b"hi", 9);
    let plain = |opcode| packet(opcode, FLAGS_AND_TTL, "a", b"hi", 0);
    let piece = |opcode, cas| packet(opcode, b"", "a", b"hi", cas);
    table(&[
        (plain(0x01), &["ms a 2 c F7 T60\\r\\nhi"]),
        (plain(0x02), &["ms a 2 c F7 T60 ME\\r\\nhi"]),
        (plain(0x03), &["ms a 2 c F7 T60 MR\\r\\nhi"]),
        (piece(0x0e, 0), &["ms a 2 c MA\\r\\nhi"]),
        (piece(0x0f, 0), &["ms a 2 c MP\\r\\nhi"]),
        (plain(0x11), &["ms a 2 F7 T60\\r\\nhi (quiet)"]),
        (plain(0x12), &["ms a 2 F7 T60 ME\\r\\nhi (quiet)"]),
        (plain(0x13), &["ms a 2 F7 T60 MR\\r\\nhi (quiet)"]),
        (piece(0x19, 0), &["ms a 2 MA\\r\\nhi (quiet)"]),
        (piece(0x1a, 0), &["ms a 2 MP\\r\\nhi (quiet)"]),
        // With a CAS unique they all store over that one item.
        (with_cas(0x01), &["ms a 2 c F7 T60 C9\\r\\nhi"]),
        (with_cas(0x02), &["ms a 2 c F7 T60 C9\\r\\nhi"]),
        (with_cas(0x03), &["ms a 2 c F7 T60 C9\\r\\nhi"]),
        (piece(0x0e, 9), &["ms a 2 c C9 MA\\r\\nhi"]),
        (packet(0x01, FLAGS_AND_TTL, "a", b"", 0), &["ms a 0 c F7 T60\\r\\n"]),
    ]);
}

#[test]
fn deletes_counts_and_what_is_about_no_item() {
    table(&[
        (about_a(0x04), &["md a"]),
        (about_a(0x14), &["md a (quiet)"]),
        (packet(0x04, b"", "a", b"", 9), &["md a C9"]),
        (packet(0x05, &count(60), "a", b"", 0), &["ma a v c D3 J5 N60"]),
        (packet(0x05, &count(u32::MAX), "a", b"", 9), &["ma a v c D3 C9"]),
        (packet(0x06, &count(0), "a", b"", 0), &["ma a v c D3 MD J5 N0"]),
        (packet(0x15, &count(0), "a", b"", 0), &["ma a v c D3 J5 N0 (quiet)"]),
        (packet(0x16, &count(0), "a", b"", 0), &["ma a v c D3 MD J5 N0 (quiet)"]),
        (packet(0x07, b"", "", b"", 0), &["Quit"]),
        (packet(0x17, b"", "", b"", 0), &["Quit (quiet)"]),
        (packet(0x08, b"", "", b"", 0), &["flush_all 0"]),
        (packet(0x08, TTL, "", b"", 0), &["flush_all 60"]),
        (packet(0x08, &[0xff; 4], "", b"", 0), &["flush_all 2147483647"]),
        (packet(0x18, b"", "", b"", 0), &["flush_all 0 (quiet)"]),
        (packet(0x0a, b"", "", b"", 0), &["Noop"]),
        (packet(0x0b, b"", "", b"", 0), &["Version"]),
        (packet(0x10, b"", "", b"", 0), &["Stats(b\"\")"]),
        (packet(0x10, b"", "items", b"", 0), &["Stats(b\"items\")"]),
    ]);
}

/// Signed they would be long past; memcached reads them as dates until 2106.
#[test]
fn the_largest_expiry_times_never_come() {
    let exptime = |last: [u8; 4]| packet(0x01, &[[0; 4], last].concat(), "a", b"", 0);
    table(&[
        (exptime([0xff; 4]), &["ms a 0 c\\r\\n"]),
        (exptime([0x80, 0, 0, 0]), &["ms a 0 c\\r\\n"]),
        (exptime([0x7f, 0xff, 0xff, 0xff]), &["ms a 0 c T2147483647\\r\\n"]),
        (packet(0x1c, &[0xff; 4], "a", b"", 0), &["mg a f c T0"]),
    ]);
}

#[test]
fn a_key_of_any_bytes_goes_to_the_server_in_base64() {
    let long = |len: usize| format!("\n{}", "k".repeat(len - 1));
    let refused = "CLIENT_ERROR a key with spaces or control characters has at most 186 bytes";
    table(&[
        (packet(0x00, b"", "a b\r\n", b"", 0), &["mg YSBiDQo= b v f c"]),
        (packet(0x01, FLAGS_AND_TTL, &long(187), b"md a\r\n", 0), &[refused]),
        ([packet(0x0d, b"", &long(187), b"", 0), about_a(0x00)].concat(), &[refused, "mg a v f c"]),
        (packet(0x00, b"", &"k".repeat(250), b"", 0), &[&format!("mg {} v f c", "k".repeat(250))]),
    ]);
}

#[test]
fn an_opcode_that_is_none_is_refused_with_all_of_its_packet() {
    let and_a_get = |bytes: Vec<u8>| [bytes, about_a(0x00)].concat();
    let refused: &[&str] = &["ERROR Unknown command", "mg a v f c"];
    table(&[
        (and_a_get(packet(0x1b, TTL, "", b"", 0)), refused),
        (and_a_get(packet(0x1f, b"", "agent", b"xyz", 0)), refused),
        (and_a_get(packet(0xff, b"12", "k", &about_a(0x04), 0)), refused),
        // No listener asks for authentication.
        (and_a_get(packet(0x20, b"", "", b"", 0)), refused),
        (and_a_get(packet(0x21, b"", "PLAIN", b"\0user\0secret", 0)), refused),
        (and_a_get(packet(0x22, b"", "PLAIN", b"", 0)), refused),
    ]);
}

#[test]
fn a_header_that_cannot_be_ends_the_connection() {
    const INVALID: &[&str] = &["CLIENT_ERROR Invalid arguments (fatal)"];
    let of = |opcode, lengths| header(opcode, lengths, 0);
    let mut rows = vec![
        (of(0x00, (0, 2, 1)), &["ERROR Unknown command (fatal)"] as &[&str]),
        (of(0x01, (8, 1, 8)), &["ERROR Unknown command (fatal)"]),
        ([about_a(0x00), vec![0x81; 24]].concat(), &["mg a v f c", "CLIENT_ERROR not a packet (quiet) (fatal)"]),
        // memcached takes what is behind their keys for the next packet.
        (packet(0x1c, TTL, "a", b"x", 0), &["mg a f c T60", "CLIENT_ERROR not a packet (quiet) (fatal)"]),
        (packet(0x10, b"", "", b"x", 0), &["Stats(b\"\")", "CLIENT_ERROR not a packet (quiet) (fatal)"]),
    ];
    for lengths in [(0, 0, 0), (1, 1, 2), (0, 1, 2), (0, 251, 251), (0, 1, u32::MAX)] {
        rows.extend([0x00, 0x04, 0x09, 0x0c, 0x0d, 0x14].map(|opcode| (of(opcode, lengths), INVALID)));
    }
    for lengths in [(0, 0, 0), (8, 0, 8), (4, 1, 5), (0, 1, 1), (8, 251, 259), (8, 1, (1 << 30) + 1)] {
        rows.extend([0x01, 0x02, 0x03, 0x11, 0x12, 0x13].map(|opcode| (of(opcode, lengths), INVALID)));
    }
    for lengths in [(0, 0, 0), (0, 0, 3), (8, 1, 9)] {
        rows.extend([0x0e, 0x0f, 0x19, 0x1a, 0x21, 0x22].map(|opcode| (of(opcode, lengths), INVALID)));
    }
    for lengths in [(0, 1, 1), (20, 0, 20), (20, 1, 22)] {
        rows.extend([0x05, 0x06, 0x15, 0x16].map(|opcode| (of(opcode, lengths), INVALID)));
    }
    for lengths in [(0, 1, 1), (4, 0, 4), (8, 1, 9)] {
        rows.extend([0x1c, 0x1d, 0x1e, 0x23, 0x24].map(|opcode| (of(opcode, lengths), INVALID)));
    }
    for lengths in [(1, 0, 1), (0, 1, 1), (0, 0, 1)] {
        rows.extend([0x07, 0x0a, 0x0b, 0x17, 0x20, 0x08, 0x18].map(|opcode| (of(opcode, lengths), INVALID)));
    }
    rows.push((of(0x10, (4, 0, 4)), INVALID));
    table(&rows);
}

#[test]
fn a_value_over_the_limit_is_swallowed_and_drops_what_a_set_would_have_replaced() {
    let with = |opcode, extras| [packet(opcode, extras, "a", &[b'v'; 70], 0), about_a(0x00)].concat();
    table(&[
        (with(0x01, FLAGS_AND_TTL), &["too large, md a", "mg a v f c"]),
        (with(0x11, FLAGS_AND_TTL), &["too large, md a (quiet)", "mg a v f c"]),
        (with(0x02, FLAGS_AND_TTL), &["too large, nothing", "mg a v f c"]),
        (with(0x0e, b""), &["too large, nothing", "mg a v f c"]),
    ]);
}

#[test]
fn a_value_is_cut_out_of_the_buffer_and_not_copied() {
    let mut buffer = BytesMut::from(&packet(0x01, FLAGS_AND_TTL, "a", b"abc", 0)[..]);
    let place = buffer[33..].as_ptr();
    let Some(Call::One(request, _)) = Decoder::new(LIMITS).next(&mut buffer) else { panic!("no store") };
    let super::super::Command::Store(store) = request.command else { panic!("no store") };
    assert_eq!((store.value.as_ptr(), &store.value[..]), (place, &b"abc"[..]));
}

#[test]
fn a_value_that_is_given_up_is_swallowed() {
    let (bytes, mut buffer) = (packet(0x01, FLAGS_AND_TTL, "a", b"hello", 0), BytesMut::new());
    let mut decoder = Decoder::new(LIMITS);
    buffer.extend_from_slice(&bytes[..35]);
    assert_eq!(decoder.next(&mut buffer), None);
    assert_eq!((decoder.wanted(&buffer), decoder.is_midway(&buffer)), (3, true));
    let (replaced, form) = decoder.give_up_value().expect("a value");
    buffer.extend_from_slice(&[&bytes[35..], &about_a(0x00)].concat());
    assert_eq!(show(&Call::TooLarge(replaced, form)), "too large, md a");
    assert_eq!(decoder.next(&mut buffer).as_ref().map(show), Some("mg a v f c".into()));
    assert!(!decoder.is_midway(&buffer));
}

/// The response to a request about the key `a`: opcode, status, extras, key, value, CAS unique.
fn response(opcode: u8, status: u16, [extras, key, value]: [&[u8]; 3], cas: u64) -> Vec<u8> {
    let mut bytes =
        header(opcode, (extras.len() as u8, key.len() as u16, (extras.len() + key.len() + value.len()) as u32), cas);
    bytes[0] = 0x81;
    bytes[6..8].copy_from_slice(&status.to_be_bytes());
    [&bytes[..], extras, key, value].concat()
}

fn told(opcode: u8, reply: &Reply) -> Vec<u8> {
    let extras: &[u8] = match opcode {
        0x01..=0x03 | 0x11..=0x13 => FLAGS_AND_TTL,
        0x05 | 0x06 | 0x15 | 0x16 => &count(0),
        0x1c..=0x24 => TTL,
        _ => b"",
    };
    match calls([&packet(opcode, extras, "a", b"", 0)[..]]).remove(0) {
        Call::One(request, form) => written(|out| encode_reply(&form, &request.key, reply, out)),
        other => panic!("{other:?}"),
    }
}

fn item(value: Option<&'static str>) -> Reply {
    Reply::Hit(Item { value: value.map(Into::into), client_flags: 7, cas: 9, ..Item::default() })
}

const READS: [u8; 8] = [0x00, 0x09, 0x0c, 0x0d, 0x1d, 0x1e, 0x23, 0x24];
const WRITES: [u8; 7] = [0x01, 0x02, 0x03, 0x0e, 0x0f, 0x04, 0x1c];
const QUIET_WRITES: [u8; 6] = [0x11, 0x12, 0x13, 0x19, 0x1a, 0x14];
const FLAGS: &[u8] = &[0, 0, 0, 7];

#[test]
fn what_was_found_comes_with_flags_and_cas_and_the_key_where_it_was_asked_for() {
    for opcode in READS {
        let key: &[u8] = if [0x0c, 0x0d, 0x23, 0x24].contains(&opcode) { b"a" } else { b"" };
        assert_eq!(told(opcode, &item(Some("hi"))), response(opcode, 0, [FLAGS, key, b"hi"], 9), "{opcode:#x}");
    }
    assert_eq!(told(0x1c, &item(None)), response(0x1c, 0, [FLAGS, b"", b""], 9));
}

/// A store with the CAS unique 0 is one without.
#[test]
fn where_the_cas_unique_is_not_known_one_is_told_that_no_item_has() {
    let unknown = Reply::Hit(Item { value: Some("hi".into()), ..Item::default() });
    assert_eq!(told(0x00, &unknown), response(0x00, 0, [&[0; 4], b"", b"hi"], (1 << 53) - 1));
}

#[test]
fn what_was_not_found_is_silence_to_the_quiet() {
    let failed = Reply::Failed(Failure { cause: Cause::Down, server: "m1".into(), said: None });
    for reply in [Reply::Miss, failed] {
        for quiet in [0x09, 0x0d, 0x1e, 0x24] {
            assert_eq!(told(quiet, &reply), b"", "{quiet:#x}");
        }
        for opcode in [0x00, 0x1d] {
            assert_eq!(told(opcode, &reply), response(opcode, 1, [b"", b"", b"Not found"], 0));
        }
        for opcode in [0x0c, 0x23] {
            assert_eq!(told(opcode, &reply), response(opcode, 1, [b"", b"a", b""], 0));
        }
    }
    assert_eq!(told(0x1c, &Reply::Miss), response(0x1c, 1, [b"", b"", b"Not found"], 0));
}

#[test]
fn what_was_done_is_silence_to_the_quiet() {
    for opcode in &WRITES[..5] {
        assert_eq!(told(*opcode, &item(None)), response(*opcode, 0, [b""; 3], 9), "{opcode:#x}");
    }
    assert_eq!(told(0x04, &Reply::Hit(Item::default())), response(0x04, 0, [b""; 3], 0));
    for opcode in [0x05, 0x06] {
        assert_eq!(told(opcode, &item(Some("300"))), response(opcode, 0, [b"", b"", &300u64.to_be_bytes()], 9));
    }
    for quiet in QUIET_WRITES {
        assert_eq!(told(quiet, &item(None)), b"", "{quiet:#x}");
    }
    for quiet in [0x15, 0x16] {
        assert_eq!(told(quiet, &item(Some("300"))), b"", "{quiet:#x}");
    }
}

/// Also to the quiet, as memcached does.
#[test]
fn every_refusal_is_told_with_its_status() {
    let failed = |cause| Reply::Failed(Failure { cause, server: "m1".into(), said: None });
    let error = |line: &'static str| Reply::Error(line.into());
    let table: &[(Reply, u16, &str)] = &[
        (Reply::NotFound, 0x01, "Not found"),
        (Reply::Exists, 0x02, "Data exists for key."),
        (error("SERVER_ERROR object too large for cache"), 0x03, "Too large."),
        (error("CLIENT_ERROR too long"), 0x04, "too long"),
        (
            error("CLIENT_ERROR cannot increment or decrement non-numeric value"),
            0x06,
            "Non-numeric server-side value for incr or decr",
        ),
        (error("ERROR"), 0x81, "Unknown command"),
        (error("SERVER_ERROR out of memory storing object"), 0x82, "out of memory storing object"),
        (failed(Cause::Overloaded), 0x85, "server m1: too many requests are waiting for it"),
        (failed(Cause::Down), 0x86, "server m1: is down"),
        (error("SERVER_ERROR leash has no route"), 0x86, "leash has no route"),
    ];
    for (reply, status, words) in table {
        for opcode in WRITES.into_iter().chain(QUIET_WRITES).chain([0x05, 0x06, 0x15, 0x16]) {
            assert_eq!(
                told(opcode, reply),
                response(opcode, *status, [b"", b"", words.as_bytes()], 0),
                "{opcode:#x} {reply:?}"
            );
        }
    }
    let not_stored = [
        (0x02, 0x02, "Data exists for key."),
        (0x03, 0x01, "Not found"),
        (0x0e, 0x05, "Not stored."),
        (0x05, 0x05, "Not stored."),
    ];
    for (opcode, status, words) in not_stored {
        assert_eq!(told(opcode, &Reply::NotStored), response(opcode, status, [b"", b"", words.as_bytes()], 0));
    }
    let no_room = error("SERVER_ERROR out of memory writing get response");
    assert_eq!(told(0x09, &no_room), response(0x09, 0x82, [b"", b"", b"out of memory writing get response"], 0));
}

/// The answer to a packet about no item.
fn told_in_general(opcode: u8, reply: &Reply) -> Vec<u8> {
    match calls([&packet(opcode, b"", "", b"", 0)[..]]).remove(0) {
        Call::Local(_, form) | Call::FlushAll(_, form) => written(|out| encode_general(&form, reply, out)),
        Call::Refused(refusal) => written(|out| encode_general(&refusal.form, reply, out)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_about_no_item_is_answered_as_by_memcached() {
    for opcode in [0x07, 0x08, 0x0a] {
        assert_eq!(told_in_general(opcode, &Reply::Done), response(opcode, 0, [b""; 3], 0));
    }
    for quiet in [0x17, 0x18] {
        assert_eq!(told_in_general(quiet, &Reply::Done), b"");
    }
    let version = Reply::Version("1.6.18".into());
    assert_eq!(told_in_general(0x0b, &version), response(0x0b, 0, [b"", b"", b"1.6.18"], 0));
    let forbidden = Reply::Error("CLIENT_ERROR flush_all is not allowed, allow it".into());
    assert_eq!(
        told_in_general(0x18, &forbidden),
        response(0x18, 0x20, [b"", b"", b"flush_all is not allowed, allow it"], 0)
    );
    let unknown = Reply::Error("ERROR Unknown command".into());
    assert_eq!(told_in_general(0x42, &unknown), response(0x42, 0x81, [b"", b"", b"Unknown command"], 0));
}

#[test]
fn stats_are_a_packet_a_figure_and_an_empty_one() {
    let stats = |lines: &str| match calls([&packet(0x10, b"", "", b"", 0)[..]]).remove(0) {
        Call::Local(_, form) => encode_stats(&form, lines.into()),
        other => panic!("{other:?}"),
    };
    let figure = |name: &str, value: &str| response(0x10, 0, [b"", name.as_bytes(), value.as_bytes()], 0);
    let end = response(0x10, 0, [b""; 3], 0);
    let both = [figure("pid", "7"), figure("words", "two of them"), end.clone()].concat();
    assert_eq!(stats("STAT pid 7\r\nSTAT words two of them\r\nEND\r\n"), both);
    assert_eq!(stats("STAT bare\r\nEND\r\n"), [figure("bare", ""), end.clone()].concat());
    assert_eq!((stats("END\r\n"), stats("RESET\r\n"), stats("OK\r\n")), (end.clone(), end.clone(), end));
    let unknown = response(0x10, 1, [b"", b"", b"Not found"], 0);
    assert_eq!((stats("ERROR\r\n"), stats("CLIENT_ERROR usage\r\n")), (unknown.clone(), unknown));
    assert_eq!(stats("SERVER_ERROR leash is stopping\r\n"), response(0x10, 0x86, [b"", b"", b"leash is stopping"], 0));
}

#[test]
fn the_first_byte_of_a_connection_tells_what_its_client_speaks() {
    assert_eq!(
        calls([&[b"mn\r\n", &about_a(0)[..], b"\n"].concat()[..]]).iter().map(show).collect::<Vec<_>>()[..2],
        ["Noop", "ERROR"]
    );
    assert_eq!(calls([&[about_a(0), b"mn\r\n".repeat(6)].concat()[..]]).len(), 2);
    let busy = "SERVER_ERROR too many connections";
    assert_eq!(Dialect::of(b"get a\r\n").complaint(busy), b"SERVER_ERROR too many connections\r\n");
    let mut packet = response(0x0a, 0x86, [b"", b"", b"too many connections"], 0);
    packet[12..16].fill(0);
    assert_eq!(Dialect::of(&[0x80]).complaint(busy), packet);
}
