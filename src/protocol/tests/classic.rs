//! Classic commands.

use super::table;

const BAD: &str = "CLIENT_ERROR bad command line format";
const USAGE: &str = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";

#[test]
fn reads() {
    table(&[
        (b"get a\r\n", &["mg a v f"]),
        (b"gets a\r\n", &["mg a v f c"]),
        (b"bget a\r\n", &["mg a v f"]),
        (b"get a b\r\n", &["mg a v f + mg b v f"]),
        (b"get   a  b   c \r\n", &["mg a v f + mg b v f + mg c v f"]),
        (b"gat 10 a\r\n", &["mg a v f T10"]),
        (b"gats -1 a b\r\n", &["mg a v f c T-1 + mg b v f c T-1"]),
        (b"gat 10\r\n", &[""]),
        (b"gat x a\r\n", &["CLIENT_ERROR invalid exptime argument"]),
        (b"get a b c d e\r\n", &["CLIENT_ERROR too many keys in one get, at most 4"]),
        (b"get \r\nget\r\ngat\r\n", &["ERROR", "ERROR", "ERROR"]),
        (b"get a\x01\r\n", &[BAD]),
        (b"GET a\r\n", &["ERROR"]),
    ]);
}

#[test]
fn stores() {
    table(&[
        (b"set a 1 2 3\r\nabc\r\n", &["ms a 3 F1 T2\\r\\nabc"]),
        (b"set a 0 0 0\r\n\r\n", &["ms a 0\\r\\n"]),
        (b"add a 0 -1 1\r\nx\r\n", &["ms a 1 T-1 ME\\r\\nx"]),
        (b"replace a 0 0 1 noreply\r\nx\r\n", &["ms a 1 MR\\r\\nx (quiet)"]),
        (b"append a 0 0 2\r\n\r\n\r\n", &["ms a 2 MA\\r\\n\\r\\n"]),
        (b"prepend a 0 0 1\r\nx\r\n", &["ms a 1 MP\\r\\nx"]),
        (b"cas a 0 0 1 7\r\nx\r\n", &["ms a 1 C7\\r\\nx"]),
        (b"cas a 0 0 1\r\nmn\r\n", &["ERROR", "Noop"]),
        (b"set a 0 0\r\n", &["ERROR"]),
        (b"set a b c 1 noreply\r\n", &["CLIENT_ERROR bad command line format (quiet)"]),
    ]);
}

#[test]
fn a_value_ends_where_it_was_said_to_or_is_refused() {
    table(&[
        (b"set a 0 0 3\r\nab\r\n\r\nmn\r\n", &["CLIENT_ERROR bad data chunk", "ERROR", "Noop"]),
        (b"set a 0 0 1\r\nabc\r\nmn\r\n", &["CLIENT_ERROR bad data chunk", "ERROR", "Noop"]),
    ]);
}

#[test]
fn other_commands() {
    table(&[
        (b"delete a\r\n", &["md a"]),
        (b"delete a 0\r\n", &["md a"]),
        (b"delete a noreply\r\n", &["md a (quiet)"]),
        (b"delete a 0 noreply\r\n", &["md a (quiet)"]),
        (b"delete a 5\r\n", &[USAGE]),
        (b"incr n 5\r\n", &["ma n v D5"]),
        (b"decr n 5 noreply\r\n", &["ma n v D5 MD (quiet)"]),
        (b"incr n x\r\n", &["CLIENT_ERROR invalid numeric delta argument"]),
        (b"touch a 30\r\n", &["mg a T30"]),
        (b"touch a x noreply\r\n", &["CLIENT_ERROR invalid exptime argument (quiet)"]),
        (b"flush_all\r\n", &["flush_all 0"]),
        (b"flush_all 5 noreply\r\n", &["flush_all 5 (quiet)"]),
        (b"verbosity 1 noreply\r\n", &["Verbosity (quiet)"]),
        (b"version\r\n", &["Version"]),
        (b"stats items\r\n", &["Stats(b\" items\")"]),
        (b"quit\r\n", &["Quit (quiet)"]),
    ]);
}

/// Tools that list keys read on until `END`.
#[test]
fn a_list_of_keys_has_an_end() {
    let refused = "CLIENT_ERROR lru_crawler is not passed on to shared servers";
    table(&[
        (b"lru_crawler metadump all\r\n", &["Metadump"]),
        (b"lru_crawler metadump 3,4\r\n", &["Metadump"]),
        (b"lru_crawler metadump\r\nlru_crawler enable\r\n", &[refused, refused]),
    ]);
}

#[test]
fn what_could_hurt_a_shared_server_is_refused() {
    for command in
        ["shutdown", "watch", "slabs", "lru", "lru_crawler", "cache_memlimit", "misbehave", "mgdump", "debug"]
    {
        let refusal = format!("CLIENT_ERROR {command} is not passed on to shared servers");
        table(&[(format!("{command} a b\r\n").as_bytes(), &[&refusal])]);
    }
}

/// twemproxy crashed on the first, memcached overflowed on the second (CVE-2023-46852).
#[test]
fn a_get_of_nothing_but_spaces_is_an_error() {
    let spaces = [b"get ".as_slice(), &[b' '; 900], b"\r\nmn\r\n"].concat();
    table(&[(b"get \r\nmn\r\n", &["ERROR", "Noop"]), (&spaces, &["ERROR", "Noop"])]);
}

/// memcached counted a CR that was not there (CVE-2023-46853).
#[test]
fn a_bare_line_feed_ends_a_line() {
    table(&[
        (b"get a\nmn\n", &["mg a v f", "Noop"]),
        (b"set a 0 0 1\nx\r\n", &["ms a 1\\r\\nx"]),
        (b"\n\r\n  \r\nmn\n", &["ERROR", "ERROR", "ERROR", "Noop"]),
    ]);
}

/// Lengths that wrap when two is added to them in 32 bits (CVE-2019-11923).
#[test]
fn no_length_wraps() {
    table(&[
        (b"set a 0 0 2147483646\r\nmn\r\n", &[BAD, "Noop"]),
        (b"set a 0 0 2147483647\r\nmn\r\n", &[BAD, "Noop"]),
        (b"set a 0 0 2147483648\r\nmn\r\n", &[BAD, "Noop"]),
        (b"set a 0 0 4294967295\r\nmn\r\n", &[BAD, "Noop"]),
        (b"set a 0 0 -1\r\nmn\r\n", &[BAD, "Noop"]),
        (b"set a 0 0 2147483645\r\nmn\r\n", &["too large, md a", "…"]),
    ]);
}
