//! What leash says to clients of the binary protocol where it has something of its own to say, and where their packets
//! end the connection.

use std::io::ErrorKind;

use support::figures::metric;
use support::packets::{BinaryClient, NOOP, Question, Told};
use support::{BOUND, Client, Leash, Memcached, wait_until};

use super::scenes::Scene;

fn set(key: &str, value: &str) -> Question {
    Question::store(0x01, key, value, (7, 0))
}

fn get(key: &str) -> Question {
    Question::new(0x00, key)
}

fn noop() -> Question {
    Question::new(NOOP, "")
}

fn over(servers: &str, more: &str) -> Leash {
    Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: [{servers}]}}}}\n{more}\n"))
}

fn connect(leash: &Leash) -> BinaryClient {
    BinaryClient::connect(leash.address())
}

/// All packets until the connection ends.
fn until_the_end(client: &mut BinaryClient) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        match client.read() {
            Ok(next) => told.push(next),
            Err(end) if end.kind() == ErrorKind::UnexpectedEof || end.kind() == ErrorKind::ConnectionReset => {
                return told;
            }
            Err(error) => panic!("{error} after {told:?}"),
        }
    }
}

/// A header that says so many bytes of extras, key and body, and what follows it.
fn header(opcode: u8, (extras, key, body): (u8, u16, u32), rest: &[u8]) -> Vec<u8> {
    let mut bytes = Question::new(opcode, "").bytes();
    (bytes[4], bytes[12]) = (extras, 9);
    bytes[2..4].copy_from_slice(&key.to_be_bytes());
    bytes[8..12].copy_from_slice(&body.to_be_bytes());
    [&bytes[..], rest].concat()
}

#[test]
fn a_packet_that_cannot_be_is_answered_as_by_memcached_and_ends_the_connection() {
    let reference = Scene::memcached();
    let packets = [
        header(0x00, (0, 0, 0), b""),
        header(0x00, (4, 1, 5), b"1234k"),
        header(0x00, (0, 1, 2), b"kv"),
        // memcached waits for as much of a key as was announced.
        header(0x00, (0, 2, 1), b"kk"),
        header(0x0c, (0, 251, 251), &[b'k'; 251]),
        header(0x01, (0, 1, 1), b"k"),
        header(0x11, (8, 0, 8), &[0; 8]),
        header(0x01, (8, 1, 8), &[0; 9]),
        header(0x0e, (8, 1, 9), &[b'k'; 9]),
        header(0x14, (0, 1, 3), b"kvv"),
        header(0x05, (8, 1, 9), &[0; 9]),
        header(0x15, (20, 1, 22), &[0; 22]),
        header(0x08, (8, 0, 8), &[0; 8]),
        header(0x18, (0, 1, 1), b"k"),
        header(0x0a, (0, 1, 1), b"k"),
        header(0x0b, (0, 0, 2), b"vv"),
        header(0x07, (4, 0, 4), &[0; 4]),
        header(0x10, (4, 0, 4), &[0; 4]),
        header(0x1c, (0, 1, 1), b"k"),
        header(0x24, (4, 0, 4), &[0; 4]),
        header(0x20, (0, 1, 1), b"k"),
        header(0x21, (0, 0, 0), b""),
    ];
    let scene = Scene::one();
    for packet in packets {
        let [theirs, ours] = [&reference, &scene].map(|scene| {
            let mut client = scene.client();
            client.0.send(&packet);
            until_the_end(&mut client)
        });
        assert_eq!((ours.len(), &ours), (1, &theirs), "{}", packet.escape_ascii());
    }
}

/// memcached drops what it has not yet sent, the replies to them among it.
#[test]
fn what_came_before_a_packet_that_cannot_be_is_answered() {
    let scene = Scene::one();
    let no_packet = [vec![0x81], vec![0; 40]].concat();
    let touch = Question { value: set("k", "smuggled").bytes(), ..Question::touch(0x1c, "k", 100) }.bytes();
    let stat = Question { value: b"x".into(), ..Question::new(0x10, "no such subject") }.bytes();
    for (end, answered) in [(&no_packet, 2), (&touch, 3), (&stat, 3), (&b"get k\r\n".repeat(4), 2)] {
        let mut client = scene.client();
        client.0.send([&set("k", "v").bytes()[..], &get("k").bytes(), end, &noop().bytes()].concat());
        let told = until_the_end(&mut client);
        assert_eq!((told.len(), told[1].text()), (answered, "v".into()), "{}", end.escape_ascii());
    }
}

/// memcached takes what stands behind such a packet for a part of it, as long as its extras and its key.
#[test]
fn an_opcode_that_is_none_does_not_swallow_the_next_packet() {
    let scene = Scene::one();
    let mut client = scene.client();
    for opcode in [0x1b, 0x1f, 0x25, 0x40, 0xff] {
        let strange = Question { extras: b"1234".into(), value: noop().bytes(), ..Question::new(opcode, "key") };
        let told = client.ask_all(&[strange, get("nothing")], &[30]).unwrap();
        assert_eq!(told.iter().map(|told| (told.opcode, told.status)).collect::<Vec<_>>(), [(opcode, 0x81), (0, 1)]);
        assert_eq!(told[0].text(), "Unknown command");
    }
}

#[test]
fn quit_is_answered_and_quitq_is_not() {
    let scene = Scene::one();
    for (opcode, answers) in [(0x07, 2), (0x17, 1)] {
        let mut client = scene.client();
        client.0.send([get("k").bytes(), Question::new(opcode, "").bytes()].concat());
        assert_eq!(until_the_end(&mut client).len(), answers);
    }
}

#[test]
fn a_value_over_item_size_is_refused_with_the_one_it_would_have_replaced() {
    let leash = over("embedded", "limits: {item_size: 1KiB}");
    let mut client = connect(&leash);
    let large = "v".repeat(1025);
    let piece = Question { value: large.clone().into(), ..Question::new(0x0e, "k") };
    for (question, is_gone) in [(piece, false), (set("k", &large), true)] {
        client.ask(&set("k", "v"));
        let told = client.ask_all(&[question, get("k")], &[]).unwrap();
        assert_eq!((told[0].status, told[0].text()), (0x03, "Too large.".into()));
        assert_eq!(told[1].status, u16::from(is_gone));
    }
    assert_eq!(metric(&leash, "leash_downstream_protocol_errors_total", "kind=\"too_large\""), 2.0);
}

#[test]
fn flush_is_denied_where_it_is_not_allowed() {
    let leash = over("embedded", "");
    let told = connect(&leash).ask(&Question::new(0x18, ""));
    let words = "flush_all is not allowed, set allow_flush: true on the route with prefix \"\"";
    assert_eq!((told.status, told.text()), (0x20, words.into()));
}

#[test]
fn a_key_without_a_route_is_told_so() {
    let leash = over("embedded", "routes: [{prefix: \"a:\", pool: main}]");
    let told = connect(&leash).ask(&Question::new(0x09, "b:1"));
    assert_eq!((told.status, told.text()), (0x86, "leash has no route for this key, add one with prefix \"\"".into()));
}

#[test]
fn of_a_server_that_is_down_reads_miss_and_writes_say_why() {
    let mut servers = Memcached::start_many(1);
    let server = servers[0].address();
    let leash = over(&format!("\"{server}\""), "");
    let mut client = connect(&leash);
    assert_eq!(client.ask(&set("k", "v")).status, 0);
    servers[0].kill();
    let words = format!("server {server}: is down");
    wait_until("the server is down", BOUND, || client.ask(&set("k", "v")).text() == words);
    let quiet = [Question::new(0x09, "k"), Question::new(0x0d, "k"), Question::touch(0x1e, "k", 9)];
    assert_eq!(client.ask_all(&quiet, &[]).unwrap(), []);
    let miss = client.ask(&get("k"));
    assert_eq!((miss.status, miss.text()), (0x01, "Not found".into()));
    for question in [
        set("k", "v"),
        Question::store(0x11, "k", "v", (0, 0)),
        Question::touch(0x1c, "k", 9),
        Question::count(0x15, "k", (1, 0, 0)),
    ] {
        let told = client.ask(&question);
        assert_eq!((told.status, told.text()), (0x86, words.clone()), "{question:?}");
    }
}

#[test]
fn a_packet_that_does_not_come_to_its_end_is_told_so_in_time() {
    let leash = over("embedded", "limits: {request_time: 100ms}");
    for len in [1, 23, 25, 40] {
        let mut client = connect(&leash);
        client.0.send(&set("key", &"v".repeat(100)).bytes()[..len]);
        let told = until_the_end(&mut client);
        let words = "the request was not complete within 100ms";
        assert_eq!((told.len(), told[0].status, told[0].text()), (1, 0x04, words.into()), "{len} bytes");
    }
}

#[test]
fn one_client_too_many_is_told_so_in_its_own_protocol() {
    let leash = over("embedded", "limits: {connections: 1}");
    let mut seated = None;
    wait_until("there is a seat", BOUND, || {
        let mut client = leash.client();
        let is_seated = client.ask("mn\r\n") == "MN";
        seated = is_seated.then_some(client);
        is_seated
    });
    // One of which nothing was heard when it was refused is told so in text.
    wait_until("what is refused was heard", BOUND, || {
        let mut client = connect(&leash);
        client.0.send(noop().bytes());
        let told = client.0.read_to_end().unwrap_or_default();
        let text = &b"too many connections, raise limits.connections"[..];
        match told.first() {
            Some(0x81) => {
                assert_eq!((told[1], &told[6..8]), (NOOP, &[0, 0x86][..]));
                assert_eq!(&told[24..], text);
                true
            }
            Some(_) => {
                assert_eq!(told, [b"SERVER_ERROR ", text, b"\r\n"].concat());
                false
            }
            None => false,
        }
    });
}

#[test]
fn a_connection_stays_with_the_protocol_of_its_first_byte() {
    let scene = Scene::one();
    let mut text = Client::connect(&scene.address);
    text.expect("mn\r\n", "MN\r\n");
    text.send([&get("k").bytes()[..], b"\r\n"].concat());
    assert_eq!(text.read_line().unwrap(), b"ERROR\r\n");
    text.expect("version\r\n", "VERSION 1.6.18\r\n");
}

#[test]
fn stat_tells_a_figure_a_packet_and_ends_with_an_empty_one() {
    let leash = over("embedded", "");
    let mut client = connect(&leash);
    for (subject, name) in [("", "leash_version"), ("settings", "maxconns"), ("servers", "")] {
        let told = client.ask_all(&[Question::new(0x10, subject)], &[]).unwrap();
        assert_eq!(told.last(), Some(&Told { opcode: 0x10, ..Told::default() }));
        assert!(name.is_empty() || told.iter().any(|told| told.key == name.as_bytes()), "{subject}: {told:?}");
    }
    let told = client.ask_all(&[Question::new(0x10, "reset")], &[]).unwrap();
    assert_eq!(told, [Told { opcode: 0x10, ..Told::default() }]);
}

/// As clients get many keys: quiet reads, and a `noop` that ends them.
#[test]
fn many_quiet_reads_are_answered_in_their_order_with_the_hits_alone() {
    let scene = Scene::three();
    let mut client = scene.client();
    let sets: Vec<Question> =
        (0..500).map(|n| Question::store(0x11, &format!("k{n}"), &"v".repeat(n * 20), (0, 0))).collect();
    assert_eq!(client.ask_all(&sets, &[]).unwrap(), []);
    let reads: Vec<Question> =
        (0..1000).map(|n| Question { opaque: n, ..Question::new(0x0d, &format!("k{n}")) }).collect();
    let told = client.ask_all(&reads, &[1, 30, 4000]).unwrap();
    assert_eq!(told.iter().map(|told| told.opaque).collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
    for (n, told) in told.iter().enumerate() {
        assert_eq!((&told.key[..], told.value.len()), (format!("k{n}").as_bytes(), n * 20));
    }
}
