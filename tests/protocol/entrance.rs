//! Who may come in at a listener, and what for: passwords as memcached has them, TLS, verbs, and the wall of a namespace.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use support::fake_server::is_closed;
use support::memcached::signal;
use support::secured::{PASSWORD, USER};
use support::{Authority, BOUND, Client, Leash, Memcached, Random, free_port, wait_until};

const POOL: &str =
    "workers: 1\npools: {main: {servers: [embedded]}}\nroutes: [{prefix: '', pool: main, allow_flush: true}]\n";

fn shown(path: std::path::PathBuf) -> String {
    path.display().to_string()
}

/// The line that each of these words is answered with; memcached answers only the last of several at once.
fn answers(address: &str, words: &[&[u8]], bytewise: bool) -> Vec<String> {
    let mut client = Client::connect(address);
    let answer = |word: &&[u8]| {
        if bytewise {
            word.iter().for_each(|byte| client.send([*byte]));
        } else {
            client.send(word);
        }
        String::from_utf8_lossy(&client.read_line().unwrap_or_default()).into_owned()
    };
    words.iter().map(answer).collect()
}

#[test]
fn a_client_that_is_not_let_in_is_answered_as_memcached_answers_it() {
    let files = tempfile::tempdir().unwrap();
    let users = files.path().join("users");
    fs::write(&users, "leash:open-sesame\nada:two\n").unwrap();
    fs::set_permissions(files.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let memcached = Memcached::start_with(&["-Y", users.to_str().unwrap()]);
    let leash = Leash::with_entrance(&format!(", auth_file: {}", users.display()), "", POOL);
    let stored: &[u8] = b"set b 0 0 1\r\n1\r\n";
    let cases: &[&[&[u8]]] = &[
        &[b"get a\r\n", b"version\r\n", b"stats\r\n", b"flush_all\r\n", b"mn\r\n", b"\r\n"],
        &[b"set a 0 0\r\n", b"set a 0 0 x\r\n", b"set a 0 0 -1\r\n", b"set a 0 0 1x\r\n", b"set a 0 0 \r\n"],
        &[b"SET a 0 0 3\r\n", b"add a 0 0 17\r\n", b"leash open-sesame\r\n", b"ms a 7\r\n", b"mg a v\r\n", b"quit\r\n"],
        &[b"set a 0 0 17\r\nleash open-sesame\r\n", stored, b"mn\r\n"],
        &[b"set a 0 0 17\nleash open-sesame\r\n", stored],
        &[b"set  a  5  100  17 noreply\r\nleash open-sesame\r\n", stored],
        &[b"set a 0 0 +7\r\nada two\r\n", stored],
        &[b"set a 0 0 12\r\nada two more\r\n", stored],
        &[b"set a 0 0 9\r\n ada  two\r\n", stored],
        &[b"set a 0 0 7\r\nada twx\r\n", b"set a 0 0 7\r\nada two\r\n", stored],
        &[b"set a 0 0 9\r\nleash two\r\n", b"set a 0 0 6\r\nada tw\r\n", b"set a 0 0 8\r\nada two2\r\n", b"mn\r\n"],
        &[b"set a 0 0 3\r\nada\r\n", b"set a 0 0 0\r\n\r\n", b"set a 0 0 3\r\n   \r\n", stored],
        &[b"set a 0 0 7\r\nada twoxx", b"get c\r\n"],
    ];
    for case in cases {
        let said = answers(&memcached.address(), case, false);
        for bytewise in [false, true] {
            assert_eq!(answers(leash.address(), case, bytewise), said, "{:?}", String::from_utf8_lossy(&case.concat()));
        }
    }
    // Several at once are answered one by one.
    leash.client().expect(
        "get a\r\nset a 0 0 7\r\nada twx\r\nset a 0 0 7\r\nada two\r\nset c 0 0 1\r\n1\r\nget c\r\n",
        "CLIENT_ERROR unauthenticated\r\nCLIENT_ERROR authentication failure\r\nSTORED\r\nSTORED\r\nVALUE c 0 1\r\n1\r\nEND\r\n",
    );
    // memcached waits for whatever is announced; leash does not.
    for junk in [vec![b'x'; 5000], b"set a 0 0 1000000\r\n".to_vec()] {
        let mut client = leash.client();
        client.send(junk);
        is_closed(&mut client);
    }
    assert!(!leash.log().contains(PASSWORD) && !leash.page("/config").contains(PASSWORD));
}

/// A leash is the client: it verifies, shows a certificate and says a password.
#[test]
fn a_leash_comes_in_at_another_over_tls_with_a_certificate_and_a_password() {
    let authority = Authority::new("both sides");
    let (own, client) = (authority.signs("server", &["127.0.0.1"]), authority.signs("client", &["leash"]));
    let stranger = Authority::new("a stranger");
    let unknown = stranger.signs("client", &["leash"]);
    let users = authority.path("users");
    fs::write(&users, format!("{USER}:{PASSWORD}\n")).unwrap();
    fs::write(authority.path("password"), PASSWORD).unwrap();
    let ca = shown(authority.ca());
    let tls = format!(", tls: {{cert: {}, key: {}, client_ca: {ca}}}", shown(own.cert), shown(own.key));
    let behind = Leash::with_entrance(&format!("{tls}, auth_file: {}", users.display()), "", POOL);
    let auth = format!("auth: {{user: {USER}, password_file: {}}}", shown(authority.path("password")));
    let before = |cert: &str, key: &str| {
        let tls = format!("tls: {{ca: {ca}, cert: {cert}, key: {key}}}");
        let pool = format!("servers: ['{}'], {tls}, {auth}, connect_timeout: 5s", behind.address());
        Leash::with_config(&format!("workers: 1\npools: {{main: {{{pool}}}}}\nspool: {{max_keys: 0}}\n"))
    };
    let known = before(&shown(client.cert), &shown(client.key));
    let mut asking = known.client();
    for size in [0, 1, 4096, 16_384, 100_000, 900_000] {
        let value = "v".repeat(size);
        let got = format!("STORED\r\nVALUE k{size} 0 {size}\r\n{value}\r\nEND\r\n");
        asking.expect(format!("set k{size} 0 0 {size}\r\n{value}\r\nget k{size}\r\n"), got);
    }
    // Many at once, more than a socket takes at a time.
    let gets = "get k900000\r\n".repeat(20);
    let value = format!("VALUE k900000 0 900000\r\n{}\r\nEND\r\n", "v".repeat(900_000));
    asking.expect(gets, value.repeat(20));
    let refused = before(&shown(unknown.cert), &shown(unknown.key));
    let mut asking = refused.client();
    asking.send("set a 0 0 1\r\n1\r\n");
    assert!(String::from_utf8_lossy(&asking.read_line().unwrap()).contains("no TLS with it"));
    let told = "no authority in client_ca has signed its certificate";
    wait_until("the log tells why", BOUND, || behind.log().contains(told));
}

#[test]
fn a_client_that_does_not_finish_its_handshake_is_let_go_and_the_others_are_served() {
    let authority = Authority::new("house");
    let own = authority.signs("server", &["127.0.0.1"]);
    let tls = format!(", tls: {{cert: {}, key: {}}}", shown(own.cert), shown(own.key));
    let mut leash = Leash::with_entrance(&tls, "", &format!("{POOL}limits: {{request_time: 500ms}}\n"));
    let mut silent: Vec<Client> = (0..200).map(|_| leash.client()).collect();
    let mut plain = leash.client();
    plain.send("get a\r\nget a\r\n");
    assert!(plain.read_to_end().is_ok_and(|said| said.first() == Some(&21)), "an alert of TLS");
    silent.iter_mut().for_each(is_closed);
    let told = "it does not speak TLS: let it, or give it a listener without tls";
    wait_until("the log tells why", BOUND, || leash.log().contains(told));
    let _waiting = leash.client();
    leash.terminate();
}

#[test]
fn each_verb_is_allowed_by_its_word_and_by_no_other() {
    let words = ["read", "write", "delete", "flush", "stats"];
    let cases: &[(&str, &[&str])] = &[
        ("get k", &["read"]),
        ("gets k j", &["read"]),
        ("mg k v", &["read"]),
        ("mg k", &["read"]),
        ("me k", &["read"]),
        ("gat 10 k", &["read", "write"]),
        ("gats 10 k j", &["read", "write"]),
        ("mg k v T10", &["read", "write"]),
        ("mg k v N10", &["read", "write"]),
        ("touch k 10", &["write"]),
        ("set k 0 0 1\r\n1", &["write"]),
        ("add k 0 0 1\r\n1", &["write"]),
        ("replace k 0 0 1\r\n1", &["write"]),
        ("append k 0 0 1\r\n1", &["write"]),
        ("prepend k 0 0 1\r\n1", &["write"]),
        ("cas k 0 0 1 1\r\n1", &["write"]),
        ("ms k 1\r\n1", &["write"]),
        ("ms k 1 MA\r\n1", &["write"]),
        ("set k 0 0 9000000\r\n", &["write"]),
        ("ma k", &["write"]),
        ("ma k v", &["read", "write"]),
        ("incr k 1", &["read", "write"]),
        ("decr k 1", &["read", "write"]),
        ("delete k", &["delete"]),
        ("md k", &["delete"]),
        ("md k I T5", &["delete"]),
        ("flush_all", &["flush"]),
        ("flush_all 10", &["flush"]),
        ("stats", &["stats"]),
        ("stats settings", &["stats"]),
        ("version", &[]),
        ("verbosity 1", &[]),
        ("mn", &[]),
    ];
    for set in 0..(1 << words.len()) {
        let allowed: Vec<&str> = words.iter().enumerate().filter(|(n, _)| set >> n & 1 == 1).map(|(_, w)| *w).collect();
        // An empty list is refused; of the others some are enough to tell them apart.
        if allowed.is_empty() || (allowed.len() > 2 && allowed.len() < 4) {
            continue;
        }
        let leash = Leash::with_entrance(&format!(", allow: [{}]", allowed.join(", ")), "", POOL);
        for (verb, needed) in cases {
            let missing = words.iter().find(|word| needed.contains(word) && !allowed.contains(word));
            let mut client = leash.client();
            let verb =
                if verb.contains("9000000") { format!("{verb}{}", "x".repeat(9_000_000)) } else { verb.to_string() };
            client.send(format!("{verb}\r\nversion\r\n"));
            let mut said = String::new();
            while !said.contains("VERSION ") {
                said += &String::from_utf8_lossy(&client.read_line().unwrap());
            }
            let asked = &verb[..verb.len().min(30)];
            match missing {
                Some(word) => assert!(
                    said.starts_with("CLIENT_ERROR this listener does not allow to ") && said.contains(word),
                    "{asked:?} with {allowed:?}: {said}"
                ),
                None => assert!(!said.contains("does not allow"), "{asked:?} with {allowed:?}: {said}"),
            }
        }
    }
}

/// Were a client that may not store told "miss", nobody would regenerate the value until its lease is over.
#[test]
fn a_client_that_may_only_read_is_never_told_to_regenerate_a_value() {
    let readers = free_port();
    let others = format!("  - {{tcp: '127.0.0.1:{readers}', allow: [read]}}\n");
    let refreshing = "workers: 1\npools: {main: {servers: [embedded]}}\nroutes: [{prefix: '', pool: main, \
                      refresh: {grace: 60s, lease: 30s, cold_wait: 20s}}]\n";
    let leash = Leash::with_entrance("", &others, refreshing);
    let (mut writer, mut reader) = (leash.client(), Client::connect(&format!("127.0.0.1:{readers}")));
    reader.expect("get cold\r\n", "END\r\n");
    writer.expect("get cold\r\n", "END\r\n");
    writer.expect("set hot 0 1 3\r\nold\r\n", "STORED\r\n");
    wait_until("the value is stale", BOUND, || {
        let said = reader.ask("mg hot v\r\n");
        reader.expect("", "old\r\n");
        assert!(!said.contains('W'), "{said}");
        said.contains('X')
    });
    reader.expect("get hot\r\n", "VALUE hot 0 3\r\nold\r\nEND\r\n");
    reader.expect("mg hot v R9\r\n", "CLIENT_ERROR this listener does not allow to write\r\n");
    writer.expect("get hot\r\n", "END\r\n");
    reader.expect("get hot\r\n", "VALUE hot 0 3\r\nold\r\nEND\r\n");
    writer.expect("set hot 0 9 3\r\nnew\r\n", "STORED\r\n");
    reader.expect("get hot\r\n", "VALUE hot 0 3\r\nnew\r\nEND\r\n");
}

#[test]
fn a_client_that_says_half_of_who_it_is_is_not_waited_for() {
    let files = tempfile::tempdir().unwrap();
    let users = files.path().join("users");
    fs::write(&users, "leash:open-sesame\n").unwrap();
    let limits = format!("{POOL}limits: {{request_time: 300ms}}\n");
    let leash = Leash::with_entrance(&format!(", auth_file: {}", users.display()), "", &limits);
    for half in ["set x 0 0 17\r\n", "set x 0 0 17\r\nleash", "set x"] {
        let mut client = leash.client();
        client.expect(half, "CLIENT_ERROR the request was not complete within 300ms\r\n");
        is_closed(&mut client);
    }
}

#[test]
fn the_rights_of_a_unix_socket_are_those_that_are_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("leash.sock");
    let unix = format!("  - {{unix: {}, mode: '0620', group: '7'}}\n", path.display());
    let _leash = Leash::with_entrance("", &unix, POOL);
    let file = fs::metadata(&path).unwrap();
    assert_eq!((file.mode() & 0o777, file.gid()), (0o620, 7));
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"version\r\n").unwrap();
    let mut said = [0; 7];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"VERSION");
}

/// How many requests; `LEASH_TEST_REQUESTS=100000` for the long form.
fn requests() -> usize {
    std::env::var("LEASH_TEST_REQUESTS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000)
}

/// What stands in keys of others, and must not come out.
const SECRET: &str = "SECRET";
const KEYS: [&str; 6] = ["k", "own:k", "b:k", "counter", "a", "x"];

/// One request of any protocol and verb, with any flags; keys are those of others, with and without what is before them.
fn request(random: &mut Random) -> Vec<u8> {
    let key = KEYS[random.below(KEYS.len())];
    let number = random.below(3);
    let flags = ["v", "t", "f", "c", "k", "O1", "q", "T30", "N30", "R30", "s", "h", "l", "I", "E5", "u"];
    let mut some = String::new();
    (0..random.below(5)).for_each(|_| some += &format!(" {}", flags[random.below(flags.len())]));
    let text = match random.below(22) {
        0 => format!("get {key} b:{key} {key}\r\n"),
        1 => format!("gets {key}\r\n"),
        2 => format!("gat 30 {key} own:{key}\r\n"),
        3 => format!("set {key} 0 0 3\r\nown\r\n"),
        4 => format!("{} {key} 0 0 1\r\n5\r\n", ["add", "replace", "append", "prepend"][random.below(4)]),
        5 => format!("cas {key} 0 0 1 {number}\r\n5\r\n"),
        6 => format!("incr {key} 1\r\n"),
        7 => format!("delete {key}\r\n"),
        8 => format!("touch {key} 30\r\n"),
        9 => "flush_all\r\n".to_string(),
        10 => "flush_all 0 noreply\r\n".to_string(),
        11 => format!("mg {key}{some}\r\n"),
        12 => format!("ms {key} 3 {}\r\nown\r\n", ["MS", "MA", "MP", "ME", "MR", "I", ""][random.below(7)]),
        13 => format!("md {key}{}\r\n", [" I", " x", " q", " T5 I", ""][random.below(5)]),
        14 => format!("ma {key} v N0 J5\r\n"),
        15 => format!("me {key}\r\n"),
        16 => format!("mg b3duOms= b k v\r\nmg azo= b k v{some}\r\n"),
        17 => ["stats\r\n", "stats items\r\n", "stats settings\r\n", "stats cachedump 1 0\r\n"][random.below(4)].into(),
        18 => format!("set {key} 0 0 x\r\nget {key} {}\r\n", "y".repeat(300)),
        19 => "lru_crawler metadump all\r\n".to_string(),
        20 => format!("get {}\r\n", "k".repeat(250)),
        _ => "watch mutations\r\n".to_string(),
    };
    text.into_bytes()
}

/// One packet of the binary protocol, of any opcode there is.
fn packet(random: &mut Random) -> Vec<u8> {
    let key = KEYS[random.below(KEYS.len())];
    let (opcode, extras, value): (u8, Vec<u8>, &[u8]) = match random.below(14) {
        0 => ([0x00, 0x09, 0x0c, 0x0d][random.below(4)], vec![], b""),
        1 => ([0x01, 0x02, 0x03, 0x11, 0x12, 0x13][random.below(6)], vec![0; 8], b"own"),
        2 => ([0x04, 0x14][random.below(2)], vec![], b""),
        3 => (
            [0x05, 0x06, 0x15, 0x16][random.below(4)],
            [&1u64.to_be_bytes()[..], &5u64.to_be_bytes(), &[0; 4]].concat(),
            b"",
        ),
        4 => ([0x0e, 0x0f, 0x19, 0x1a][random.below(4)], vec![], b"own"),
        5 => ([0x1c, 0x1d, 0x1e][random.below(3)], 30u32.to_be_bytes().to_vec(), b""),
        6 => return binary([0x08, 0x18][random.below(2)], &[], "", b""),
        7 => return binary(0x10, &[], ["", "items", "settings", "b:"][random.below(4)], b""),
        _ => (0x00, vec![], b""),
    };
    binary(opcode, &extras, key, value)
}

fn binary(opcode: u8, extras: &[u8], key: &str, value: &[u8]) -> Vec<u8> {
    let body = extras.len() + key.len() + value.len();
    let mut packet = vec![0x80, opcode];
    packet.extend_from_slice(&(key.len() as u16).to_be_bytes());
    packet.extend_from_slice(&[extras.len() as u8, 0, 0, 0]);
    packet.extend_from_slice(&(body as u32).to_be_bytes());
    packet.extend_from_slice(&[0; 12]);
    [&packet[..], extras, key.as_bytes(), value].concat()
}

/// All that clients of a confined listener say, in any protocol, leaves what others have as it was, and tells nothing
/// of it.
#[test]
fn nothing_of_another_namespace_is_read_written_deleted_flushed_or_listed() {
    for refresh in ["", ", refresh: {}"] {
        let server = Memcached::start();
        let confined = free_port();
        let yaml = format!(
            "workers: 1\npools: {{main: {{servers: ['{}'], request_timeout: 10s}}}}\nroutes: [{{prefix: '', pool: main, allow_flush: true{refresh}}}]\n",
            server.address()
        );
        let others = format!("  - {{tcp: '127.0.0.1:{confined}', namespace: 'own:'}}\n");
        let leash = Leash::with_entrance("", &others, &yaml);
        let mut open = leash.client();
        let theirs = ["k", "b:k", "counter", "a", "x", "own", "owl:k"];
        for key in theirs {
            open.expect(format!("set {key} 7 0 {}\r\n{SECRET}\r\n", SECRET.len()), "STORED\r\n");
        }
        let uniques = |open: &mut Client| {
            open.send(format!("gets {}\r\nversion\r\n", theirs.join(" ")));
            let mut said = String::new();
            while !said.contains("VERSION") {
                said += &String::from_utf8_lossy(&open.read_line().unwrap());
            }
            said
        };
        let before = uniques(&mut open);
        assert_eq!(before.matches(SECRET).count(), theirs.len());
        let (mut random, batch) = (Random::new(13), 100);
        for round in 0..requests() / batch {
            let is_binary = round % 3 == 0;
            let mut sent = Vec::new();
            (0..batch).for_each(|_| sent.extend(if is_binary { packet(&mut random) } else { request(&mut random) }));
            sent.extend(if is_binary { binary(0x0a, &[], "", b"").to_vec() } else { b"mn\r\n".to_vec() });
            let mut client = Client::connect(&format!("127.0.0.1:{confined}"));
            client.set_bound(Duration::from_secs(20));
            client.send(&sent);
            client.stream.shutdown(std::net::Shutdown::Write).unwrap();
            let said = client.read_to_end().unwrap();
            let text = String::from_utf8_lossy(&said);
            assert!(!text.contains(SECRET), "round {round}: {text}");
            assert!(!text.contains("own:own:"), "round {round} shows what stands before keys: {text}");
            if round % 20 == 0 {
                assert_eq!(uniques(&mut open), before, "round {round}");
            }
        }
        assert_eq!(uniques(&mut open), before);
    }
}

/// Clients that are there stay; what they may do, and what newcomers are shown, is what is written now.
#[test]
fn a_reload_changes_what_may_be_done_for_those_who_are_there_and_the_certificate_for_those_who_come() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let own = old.signs("server", &["127.0.0.1"]);
    let tls = format!(", tls: {{cert: {}, key: {}}}", shown(own.cert.clone()), shown(own.key.clone()));
    let confined = free_port();
    let others = format!("  - {{tcp: '127.0.0.1:{confined}', allow: [read]}}\n");
    let behind = Leash::with_entrance(&tls, &others, POOL);
    let before = |authority: &Authority| {
        let pool = format!("servers: ['{}'], tls: {{ca: {}}}", behind.address(), shown(authority.ca()));
        Leash::with_config(&format!("workers: 1\npools: {{main: {{{pool}, connect_timeout: 5s}}}}\n"))
    };
    let there = before(&old);
    there.client().expect("set k 0 0 1\r\n1\r\n", "STORED\r\n");
    let mut client = Client::connect(&format!("127.0.0.1:{confined}"));
    client.expect("delete k\r\n", "CLIENT_ERROR this listener does not allow to delete\r\n");
    let next = new.signs("server", &["127.0.0.1"]);
    fs::copy(next.cert, &own.cert).unwrap();
    fs::copy(next.key, &own.key).unwrap();
    let text = fs::read_to_string(behind.file()).unwrap();
    behind.configure(text.replace("allow: [read]", "allow: [read, delete], namespace: 'own:'"));
    signal(behind.pid(), "HUP");
    wait_until("the listener allows more", BOUND, || {
        client.send("delete k\r\n");
        client.read_line().unwrap() == b"NOT_FOUND\r\n"
    });
    there.client().expect("get k\r\n", "VALUE k 0 1\r\n1\r\nEND\r\n");
    before(&new).client().expect("get k\r\n", "VALUE k 0 1\r\n1\r\nEND\r\n");
}
