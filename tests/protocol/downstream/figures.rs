//! What `stats` tells after a session whose every request is known: the same as memcached of its own.

use support::figures::stat;
use support::{Client, Leash, Memcached};

/// What one session adds up to.
const FIGURES: [(&str, u64); 21] = [
    ("cmd_get", 7),
    ("cmd_set", 6),
    ("cmd_flush", 1),
    ("cmd_touch", 3),
    ("cmd_meta", 1),
    ("get_hits", 5),
    ("get_misses", 2),
    ("delete_misses", 1),
    ("delete_hits", 1),
    ("incr_misses", 1),
    ("incr_hits", 2),
    ("decr_misses", 2),
    ("decr_hits", 1),
    ("cas_misses", 1),
    ("cas_hits", 1),
    ("cas_badval", 1),
    ("touch_hits", 2),
    ("touch_misses", 1),
    ("store_too_large", 1),
    ("store_no_memory", 0),
    ("total_items", 3),
];

fn session(client: &mut Client) {
    client.expect("set a 0 0 1\r\n5\r\nadd a 0 0 1\r\nx\r\nset b 0 0 1 noreply\r\nx\r\n", "STORED\r\nNOT_STORED\r\n");
    client.expect(
        "get a\r\nget nothing\r\nget a b nothing\r\n",
        "VALUE a 0 1\r\n5\r\nEND\r\nEND\r\nVALUE a 0 1\r\n5\r\nVALUE b 0 1\r\nx\r\nEND\r\n",
    );
    client.expect("incr a 1\r\nincr a 1\r\nincr nothing 1\r\n", "6\r\n7\r\nNOT_FOUND\r\n");
    client.expect("decr a 1\r\ndecr nothing 1\r\ndecr nothing 1\r\n", "6\r\nNOT_FOUND\r\nNOT_FOUND\r\n");
    client.expect("touch a 0\r\ntouch nothing 0\r\ngat 0 a\r\n", "TOUCHED\r\nNOT_FOUND\r\nVALUE a 0 1\r\n6\r\nEND\r\n");
    client.expect("cas nothing 0 0 1 1\r\nx\r\ncas a 0 0 1 1\r\nx\r\n", "NOT_FOUND\r\nEXISTS\r\n");
    client.send("gets a\r\n");
    let line = String::from_utf8(client.read_line().unwrap()).unwrap();
    let unique = line.trim_end().rsplit(' ').next().unwrap();
    client.expect("", "6\r\nEND\r\n");
    client.expect(format!("cas a 0 0 1 {unique}\r\nx\r\n"), "STORED\r\n");
    client.expect("delete a\r\ndelete a\r\n", "DELETED\r\nNOT_FOUND\r\n");
    client.expect("mg b v\r\n", "VA 1\r\nx\r\n");
    client.send([&b"set b 0 0 2000000\r\n"[..], &vec![b'v'; 2_000_000], b"\r\n"].concat());
    client.expect("", "SERVER_ERROR object too large for cache\r\n");
    client.expect("flush_all\r\n", "OK\r\n");
}

#[test]
fn stats_add_up_after_a_known_session() {
    let server = Memcached::start();
    let pool = format!("{{servers: [\"{}\"], request_timeout: 5s}}", server.address());
    let route = "{prefix: \"\", pool: main, allow_flush: true}";
    let leash = Leash::with_config(&format!("workers: 2\npools: {{main: {pool}}}\nroutes: [{route}]\n"));
    session(&mut leash.client());
    assert_eq!(FIGURES.map(|(name, _)| (name, stat(&leash, name))), FIGURES);
}

#[test]
fn memcached_tells_the_same_after_the_same_session() {
    let alone = Memcached::start();
    let mut client = Client::connect(&alone.address());
    session(&mut client);
    client.send("stats\r\n");
    let told = std::iter::from_fn(|| {
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        let (name, value) = line.trim_end().strip_prefix("STAT ")?.split_once(' ')?;
        Some((name.to_string(), value.to_string()))
    });
    let told: std::collections::HashMap<String, String> = told.collect();
    // 1.6.18 leaves most meta commands out of its count of them.
    for (name, figure) in FIGURES.into_iter().filter(|(name, _)| *name != "cmd_meta") {
        assert_eq!(told.get(name), Some(&figure.to_string()), "{name}");
    }
}
