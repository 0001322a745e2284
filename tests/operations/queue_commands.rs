//! `leash queue`: against real holders, by the file of one and by that of a sidecar.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use support::command::errors;
use support::fake_server::FakeServer;
use support::leash::binary;
use support::{BOUND, Client, Leash, Terminal, wait_until};
use tempfile::TempDir;

/// A holder of queues, and a file for `leash queue`.
struct Holder {
    leash: Leash,
    directory: TempDir,
}

impl Holder {
    fn start(more: &str) -> Holder {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().join("queues");
        let queue = format!("{{dir: '{}'{more}}}", dir.display());
        let leash = Leash::with_config(&format!("workers: 1\nroutes: [{{prefix: '', queue: {queue}}}]\n"));
        let file = format!("listen: [{{tcp: '{}'}}]\nroutes: [{{prefix: '', queue: {queue}}}]\n", leash.address());
        fs::write(directory.path().join("leash.yaml"), file).unwrap();
        Holder { leash, directory }
    }

    fn queue(&self, arguments: &[&str]) -> Output {
        queue(&self.directory, arguments)
    }

    fn client(&self) -> Client {
        self.leash.client()
    }
}

/// `leash queue` with the file leash.yaml of a directory, and no terminal.
fn queue(directory: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.arg("queue").args(arguments).args(["--config", "leash.yaml"]).current_dir(directory.path());
    command.stdin(Stdio::null()).output().unwrap()
}

/// A directory with the file of a sidecar.
fn sidecar(yaml: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("leash.yaml"), yaml).unwrap();
    directory
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", errors(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it refused, with which exit code.
#[track_caller]
fn refused(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", errors(output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn put(client: &mut Client, queue: &str, messages: impl IntoIterator<Item = impl AsRef<str>>) {
    for message in messages {
        let message = message.as_ref();
        client.expect(format!("set {queue} 7 0 {}\r\n{message}\r\n", message.len()), "STORED\r\n");
    }
}

/// Takes a message, and is done with it.
fn take(client: &mut Client, queue: &str) -> Option<String> {
    let message = client.get(queue).unwrap()?;
    client.expect(format!("delete {queue}\r\n"), "DELETED\r\n");
    Some(String::from_utf8(message).unwrap())
}

fn numbered(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("message {number}"))
}

#[test]
fn messages_move_in_their_order_with_flags_and_ttl() {
    let holder = Holder::start("");
    let mut client = holder.client();
    put(&mut client, "mail+dead", numbered(200));
    let (far, now) = (4_000_000, SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let date = now + far;
    client
        .expect(format!("set mail+dead 9 5000 4\r\nlast\r\nset mail+dead 0 {date} 0\r\n\r\n"), "STORED\r\nSTORED\r\n");
    put(&mut client, "mail", ["waits already"]);
    let told = said(&holder.queue(&["move", "mail+dead", "mail"]));
    assert_eq!(told, "moved 202 messages from \"mail+dead\" to \"mail\"\n");
    assert_eq!(take(&mut client, "mail+dead"), None);
    assert_eq!(take(&mut client, "mail").as_deref(), Some("waits already"));
    for message in numbered(200) {
        assert_eq!(take(&mut client, "mail"), Some(message));
    }
    let facts = client.facts("mail", "f t s").expect("the last but one");
    assert_eq!((facts[&'f'], facts[&'s']), (9, 4));
    assert!((4900..=5000).contains(&facts[&'t']), "{facts:?}");
    assert_eq!(take(&mut client, "mail").as_deref(), Some("last"));
    let facts = client.facts("mail", "t s").expect("the last one");
    assert_eq!(facts[&'s'], 0);
    assert!((3_999_000..=4_000_000).contains(&facts[&'t']), "more than 30 days: {facts:?}");
}

#[test]
fn so_many_at_most_and_not_those_that_consumers_have() {
    let holder = Holder::start("");
    let mut client = holder.client();
    put(&mut client, "a", numbered(10));
    let reserved = client.get("a").unwrap();
    assert_eq!(reserved.as_deref(), Some(&b"message 0"[..]));
    let told = said(&holder.queue(&["move", "a", "b", "--count", "3", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["moved"], 3);
    assert_eq!(said(&holder.queue(&["drop", "a", "--yes"])), "dropped 6 messages of \"a\"\n");
    client.expect("delete a\r\nget a\r\n", "DELETED\r\nEND\r\n");
    for message in numbered(4).skip(1) {
        assert_eq!(take(&mut client, "b"), Some(message));
    }
}

#[test]
fn large_messages_and_bytes_of_any_kind_move_whole() {
    let holder = Holder::start("");
    let mut client = holder.client();
    let large: Vec<u8> = (0..1_000_000u32).map(|n| (n * 7) as u8).collect();
    for _ in 0..9 {
        let request = [format!("set a 0 0 {}\r\n", large.len()).as_bytes(), &large, b"\r\n"].concat();
        client.expect(request, "STORED\r\n");
    }
    said(&holder.queue(&["move", "a", "b"]));
    for _ in 0..9 {
        assert!(client.get("b").unwrap() == Some(large.clone()));
        client.expect("delete b\r\n", "DELETED\r\n");
    }
}

#[test]
fn a_queue_that_is_full_takes_what_it_can_and_the_rest_stays_in_its_place() {
    let holder = Holder::start(", max_items: 5");
    let mut client = holder.client();
    put(&mut client, "a", numbered(5));
    put(&mut client, "b", ["x", "y"]);
    let output = holder.queue(&["move", "a", "b"]);
    let why = refused(&output, 1);
    assert!(
        why.contains("leash.yaml: listen[0]: ") && why.contains("SERVER_ERROR out of memory storing object"),
        "{why}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "moved 3 messages from \"a\" to \"b\"\n");
    let left: Vec<String> = std::iter::from_fn(|| take(&mut client, "a")).collect();
    let moved: Vec<String> = std::iter::from_fn(|| take(&mut client, "b")).collect();
    assert_eq!((left, moved[2..].to_vec()), (numbered(5).skip(3).collect(), numbered(3).collect()));
}

#[test]
fn a_holder_that_dies_in_the_middle_costs_no_message() {
    let (holder, dying) = (Holder::start(""), FakeServer::start());
    let directory = sidecar(&format!(
        "pools: {{here: {{servers: ['{}']}}, there: {{servers: ['{}']}}}}\nroutes:\n- {{prefix: 'a', queue: {{pool: here}}}}\n\
         - {{prefix: 'b', queue: {{pool: there}}}}\n",
        holder.leash.address(),
        dying.address()
    ));
    let mut client = holder.client();
    put(&mut client, "a", numbered(20));
    let moving = std::thread::spawn(move || queue(&directory, &["move", "a", "b"]));
    let mut backend = dying.accepts();
    backend.receives("ms b 9 F7 T0");
    backend.sends("HD\r\n");
    let rest: Vec<String> = (1..20).map(|_| String::from_utf8(backend.receives_any().value).unwrap()).collect();
    assert_eq!(rest, numbered(20).skip(1).collect::<Vec<_>>());
    backend.sends("HD\r\nHD\r\n");
    drop(backend);
    let output = moving.join().unwrap();
    let why = refused(&output, 1);
    assert!(why.contains("leash.yaml: pools.there.servers[0]: ") && why.contains("connection lost"), "{why}");
    let left: Vec<String> = std::iter::from_fn(|| take(&mut client, "a")).collect();
    assert_eq!(left, numbered(20).skip(3).collect::<Vec<_>>(), "what was not stored there is here, in order");
}

#[test]
fn queues_of_several_holders_are_found_by_the_file_of_a_sidecar() {
    let holders = [Holder::start(""), Holder::start("")];
    let addresses: Vec<&str> = holders.iter().map(|holder| holder.leash.address()).collect();
    let yaml = format!(
        "workers: 1\npools: {{queues: {{servers: [{}]}}}}\nroutes: [{{prefix: 'q:', namespace: 'shop:', queue: {{pool: queues}}}}]\n",
        addresses.join(", ")
    );
    let (leash, directory) = (Leash::with_config(&yaml), sidecar(&yaml));
    let mut client = leash.client();
    let names: Vec<String> = (0..12).map(|number| format!("q:{number}")).collect();
    for name in &names {
        put(&mut client, name, [name]);
    }
    put(&mut holders[0].client(), "other", ["of somebody else"]);
    let told = said(&queue(&directory, &["list", "--json"]));
    let queues: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut found: Vec<&str> = queues.iter().map(|queue| queue["queue"].as_str().unwrap()).collect();
    found.sort_by_key(|name| name[2..].parse::<u32>().unwrap());
    assert_eq!(found, names);
    for address in addresses {
        assert!(queues.iter().any(|queue| queue["holder"] == address), "{told}");
    }
    assert!(queues.iter().all(|queue| queue["waiting"] == 1 && queue["put"] == 1), "{told}");
    for (name, next) in names.iter().zip(&names[1..]) {
        assert_eq!(said(&queue(&directory, &["peek", name])).lines().next(), Some(&*names[0]));
        said(&queue(&directory, &["move", name, next, "--count", "1"]));
        client.expect(
            format!("get {next}\r\ndelete {next}\r\n"),
            format!("VALUE {next} 7 {}\r\n{next}\r\nEND\r\nDELETED\r\n", next.len()),
        );
    }
    assert_eq!(take(&mut client, &names[11]).as_deref(), Some("q:0"));
}

#[test]
fn messages_follow_their_queues_to_holders_that_are_added() {
    let holders = [Holder::start(""), Holder::start(""), Holder::start("")];
    let file = |count: usize| {
        let addresses: Vec<&str> = holders[..count].iter().map(|holder| holder.leash.address()).collect();
        let servers = addresses.join(", ");
        format!(
            "workers: 1\npools: {{queues: {{servers: [{servers}]}}}}\nroutes: [{{prefix: '', queue: {{pool: queues}}}}]\n"
        )
    };
    let (before, after) = (Leash::with_config(&file(2)), Leash::with_config(&file(3)));
    let directory = sidecar(&file(2));
    fs::write(directory.path().join("new.yaml"), file(3)).unwrap();
    let names: Vec<String> = (0..20).map(|number| format!("q{number}")).collect();
    for name in &names {
        put(&mut before.client(), name, numbered(3));
    }
    let mut moved = 0;
    for name in &names {
        let told = said(&queue(&directory, &["move", name, name, "--to-config", "new.yaml"]));
        match told.split(' ').nth(1) {
            Some("3") => moved += 1,
            _ => assert_eq!(told, format!("moved 0 messages from {name:?} to {name:?}, as they are there\n")),
        }
    }
    assert!((1..20).contains(&moved), "{moved} of 20 have another holder now");
    for name in &names {
        let found: Vec<String> = std::iter::from_fn(|| take(&mut after.client(), name)).collect();
        assert_eq!(found, numbered(3).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_list_tells_how_queues_are_and_which_holder_does_not_answer() {
    let (mut holders, mut names) = ([Holder::start(""), Holder::start("")], Vec::new());
    let addresses = holders.each_ref().map(|holder| holder.leash.address().to_string());
    let directory = sidecar(&format!(
        "pools: {{queues: {{servers: ['{}', '{}']}}}}\nroutes: [{{prefix: '', queue: {{pool: queues}}}}]\n",
        addresses[0], addresses[1]
    ));
    let mut client = holders[0].client();
    put(&mut client, "mail", numbered(3));
    client.get("mail").unwrap();
    let told = said(&queue(&directory, &["list"]));
    let line = told.lines().find(|line| line.starts_with("mail ")).expect("a line");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((words[1], words[2]), ("2", "1"), "{told}");
    holders[1].leash.crash();
    let output = queue(&directory, &["list"]);
    names.extend(String::from_utf8_lossy(&output.stdout).lines().skip(1).map(|line| line[..4].to_string()));
    assert_eq!(names, ["mail"]);
    let why = refused(&output, 1);
    assert!(why.contains(&format!("leash.yaml: pools.queues.servers[1]: {}: cannot connect", addresses[1])), "{why}");
}

#[test]
fn a_holder_puts_the_namespace_of_its_route_in_front_itself() {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().join("queues");
    let route = format!("{{prefix: 'q:', namespace: 'shop:', queue: {{dir: '{}'}}}}", dir.display());
    let leash = Leash::with_file_alone(&format!("workers: 1\nroutes: [{route}]\n"));
    fs::copy(leash.file(), directory.path().join("leash.yaml")).unwrap();
    put(&mut leash.client(), "q:mail", ["hello"]);
    let told = said(&queue(&directory, &["list", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["queue"], "q:mail", "{told}");
    assert_eq!(said(&queue(&directory, &["peek", "q:mail"])), "hello\n");
    said(&queue(&directory, &["move", "q:mail", "q:later"]));
    assert_eq!(take(&mut leash.client(), "q:later").as_deref(), Some("hello"));
}

#[test]
fn a_message_is_looked_at_and_stays() {
    let holder = Holder::start("");
    let mut client = holder.client();
    assert!(refused(&holder.queue(&["peek", "mail"]), 1).contains("no message waits in queue \"mail\""));
    client.expect("set mail 7 0 3\r\na\r\n\r\n", "STORED\r\n");
    assert_eq!(said(&holder.queue(&["peek", "mail"])), "a\r\n\n");
    assert_eq!(client.get("mail").unwrap().as_deref(), Some(&b"a\r\n"[..]), "it is there");
    client.send(b"delete mail\r\nset mail 7 90 2\r\n\xff\x00\r\n");
    let object: Value = wait_for_json(&holder, "base64");
    assert_eq!((&object["base64"], &object["client_flags"], &object["bytes"]), (&"/wA=".into(), &7.into(), &2.into()));
    assert!((80..=90).contains(&object["ttl"].as_i64().unwrap()), "{object}");
}

/// What `peek --json` tells once it has this key.
fn wait_for_json(holder: &Holder, key: &str) -> Value {
    let mut told = Value::Null;
    wait_until("the message is there", BOUND, || {
        let output = holder.queue(&["peek", "mail", "--json"]);
        told = serde_json::from_slice(&output.stdout).unwrap_or_default();
        !told[key].is_null()
    });
    told
}

#[test]
fn nothing_is_dropped_that_nobody_has_said_yes_to() {
    let holder = Holder::start("");
    put(&mut holder.client(), "mail", numbered(3));
    let why = refused(&holder.queue(&["drop", "mail"]), 64);
    assert!(why.contains("3 messages would be gone for good; say --yes"), "{why}");
    assert_eq!(said(&holder.queue(&["peek", "mail"])), "message 0\n");
    assert_eq!(said(&holder.queue(&["drop", "mail", "--yes", "--json"])), "{\"dropped\":3,\"queue\":\"mail\"}\n");
    assert_eq!(
        said(&holder.queue(&["drop", "mail"])),
        "dropped 0 messages of \"mail\"\n",
        "there is nothing to ask about"
    );
}

#[test]
fn who_sits_at_a_terminal_is_asked() {
    let holder = Holder::start("");
    put(&mut holder.client(), "mail", numbered(3));
    let file = holder.directory.path().join("leash.yaml");
    let command = format!("{} queue drop mail --config {}", binary().display(), file.display());
    for (answer, told) in
        [("\n", "leash: nothing was dropped"), ("no\n", "nothing was dropped"), ("y\n", "dropped 3 messages")]
    {
        let mut terminal = Terminal::run(&command);
        terminal.shows("drop 3 messages of \"mail\" at the leash of this file");
        terminal.press(answer);
        terminal.shows(told);
    }
    holder.client().expect("get mail/len\r\n", "VALUE mail/len 0 1\r\n0\r\nEND\r\n");
}

#[test]
fn what_cannot_be_done_says_where_and_why() {
    let directory = sidecar(
        "pools: {main: {servers: [m0]}, queues: {servers: ['127.0.0.1:1']}}\nroutes:\n- {prefix: '', pool: main}\n\
         - {prefix: 'q:', queue: {pool: queues}}\n",
    );
    for (arguments, code, expected) in [
        (&["peek", "mail"][..], 64, "leash.yaml: routes: \"mail\" is on \"\", which has no queues"),
        (&["peek", "q:a", "--route", ""], 64, "leash.yaml: routes: \"q:a\" is on \"q:\", not on \"\""),
        (&["peek", "a b"], 64, "\"a b\" cannot be the name of a queue"),
        (&["move", "q:a", "mail"], 64, "leash.yaml: routes: \"mail\" is on \"\", which has no queues"),
        (
            &["list", "--route", "x:"],
            64,
            "leash.yaml: routes: \"x:\" is the prefix of none with queues; there are \"q:\"",
        ),
        (&["peek", "q:a"], 1, "leash.yaml: pools.queues.servers[0]: 127.0.0.1:1: cannot connect"),
        (&["drop"], 64, "<QUEUE>"),
        (&["shove"], 64, "unrecognized subcommand 'shove'"),
    ] {
        let why = refused(&queue(&directory, arguments), code);
        assert!(why.contains(expected), "{arguments:?}: {why}");
    }
    let wrong = sidecar("routes: [{prefix: '', queue: {dir: q, pol: x}}]\n");
    assert!(refused(&queue(&wrong, &["list"]), 78).contains("leash.yaml:1:"), "the line is told");
    let without = sidecar("pools: {main: {servers: [m0]}}\n");
    assert!(refused(&queue(&without, &["list"]), 64).contains("leash.yaml: routes: none has queues; give one queue: "));
    let closed = "listen: [{tcp: '127.0.0.1:1', allow: [read]}]\nroutes: [{prefix: '', queue: {dir: q}}]\n";
    let why = refused(&queue(&sidecar(closed), &["list"]), 64);
    assert!(why.contains("leash.yaml: listen: every listener has TLS, users, or limits"), "{why}");
}

#[test]
fn a_server_that_is_no_holder_is_known_as_such() {
    let server = support::Memcached::start_plain();
    let directory = sidecar(&format!(
        "pools: {{queues: {{servers: ['{}']}}}}\nroutes: [{{prefix: '', queue: {{pool: queues}}}}]\n",
        server.address()
    ));
    Client::connect(&server.address())
        .expect("set a/open 0 0 1\r\nx\r\nset a/len 0 0 1\r\n5\r\n", "STORED\r\nSTORED\r\n");
    let output = queue(&directory, &["drop", "a", "--yes"]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
}
