//! Meta commands.

use super::table;

const BAD: &str = "CLIENT_ERROR bad command line format";

#[test]
fn reads() {
    table(&[
        (b"mg a\r\n", &["mg a"]),
        (b"mg a v f c t s h l k O5 q\r\n", &["mg a v f c s h l t (quiet)"]),
        (b"mg a T30 t\r\n", &["mg a T30 t"]),
        (b"mg a t T30\r\n", &["mg a t T30"]),
        (b"mg a N30 R5 E9 u v\r\n", &["mg a v u E9 R5 N30"]),
        (b"mg aGkK b v\r\n", &["mg aGkK b v"]),
        (b"me a\r\n", &["me a"]),
        (b"me aGk= b\r\n", &["me hi"]),
        (b"me aGkK b\r\n", &["CLIENT_ERROR me is answered for keys that are plain text only"]),
        (b"mn\r\n", &["Noop"]),
        (b"mg\r\n", &["ERROR"]),
        (b"mg \r\n", &["ERROR"]),
    ]);
}

#[test]
fn writes() {
    table(&[
        (b"ms a 2\r\nhi\r\n", &["ms a 2\\r\\nhi"]),
        (b"ms a 2 T30 F5 c C7 E8 I q\r\nhi\r\n", &["ms a 2 c F5 T30 C7 E8 I\\r\\nhi (quiet)"]),
        (b"ms a 2 MA N30\r\nhi\r\n", &["ms a 2 N30 MA\\r\\nhi"]),
        (b"md a q I T30 x C5 E6\r\n", &["md a C5 E6 I T30 x (quiet)"]),
        (b"ma n D5 J9 N0 t c v\r\n", &["ma n v c D5 J9 N0 t"]),
        (b"ma n N0 T9 MD t\r\n", &["ma n D1 MD J0 T9 N9 t"]),
    ]);
}

#[test]
fn a_refused_store_swallows_its_value() {
    table(&[
        (b"ms a 9 Z\r\nflush_all\r\nmn\r\n", &["CLIENT_ERROR invalid flag", "Noop"]),
        (b"ms a 9 v v\r\nflush_all\r\nmn\r\n", &["CLIENT_ERROR duplicate flag", "Noop"]),
        (b"ms a\x7f 9\r\nflush_all\r\nmn\r\n", &[BAD, "Noop"]),
        (b"ms *** 9 b\r\nflush_all\r\nmn\r\n", &["CLIENT_ERROR error decoding key", "Noop"]),
        (b"ms a 9 MX\r\nflush_all\r\nmn\r\n", &["CLIENT_ERROR invalid mode for ms M token", "Noop"]),
    ]);
}

#[test]
fn a_store_whose_length_is_unknown_swallows_nothing() {
    table(&[
        (b"ms a\r\nmn\r\n", &[BAD, "Noop"]),
        (b"ms a x\r\nmn\r\n", &[BAD, "Noop"]),
        (b"ms a -1\r\nmn\r\n", &[BAD, "Noop"]),
        (b"ms a 2147483646\r\nmn\r\n", &[BAD, "Noop"]),
    ]);
}

#[test]
fn bad_flags_are_named() {
    table(&[
        (b"mg a Z\r\n", &["CLIENT_ERROR invalid flag"]),
        (b"md a Z\r\n", &["CLIENT_ERROR invalid or duplicate flag"]),
        (b"mg a Tx\r\n", &["CLIENT_ERROR bad token in command line format"]),
        (b"mg a O1234567890123456789012345678901\r\n", &["mg a"]),
        (b"mg a O12345678901234567890123456789012\r\n", &["CLIENT_ERROR opaque token too long"]),
        (b"ma n Dx\r\n", &["CLIENT_ERROR invalid or duplicate flag"]),
        (b"mg a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\r\n", &["CLIENT_ERROR options flags are too long"]),
    ]);
}

/// With leash's own token it made 20 words, a line memcached refuses without swallowing the value: `flush_all` was then
/// a command.
#[test]
fn a_store_with_every_flag_leaves_room_for_the_token() {
    table(&[(
        b"ms aGkK 9 b v f c s h l k t F1 T1 C1 E1 N1 I ME\r\nflush_all\r\n",
        &["ms aGkK 9 b c F1 T1 C1 E1 N1 I ME\\r\\nflush_all"],
    )]);
}
