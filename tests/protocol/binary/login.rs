//! Who a client is, said in packets (SASL PLAIN): answered as by a memcached that asks for it (`-S`), byte for byte, and
//! understood by real clients.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use support::command::run;
use support::fake_server::is_closed;
use support::packets::{BinaryClient, NOOP, Question};
use support::repository::here;
use support::script::passes;
use support::secured::{PASSWORD, USER};
use support::{Leash, Memcached};
use tempfile::TempDir;

const MECHANISMS: u8 = 0x20;
const START: u8 = 0x21;
const STEP: u8 = 0x22;
const VERSION: u8 = 0x0b;
const POOL: &str = "workers: 1\npools: {main: {servers: [embedded]}}\n";

/// A memcached that knows one user, and a leash that knows the same one.
struct Houses {
    memcached: Memcached,
    leash: Leash,
    _files: TempDir,
}

impl Houses {
    fn start() -> Houses {
        let files = tempfile::tempdir().unwrap();
        fs::set_permissions(files.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let at = |name: &str| files.path().join(name);
        let settings = "mech_list: plain\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ";
        fs::write(at("memcached.conf"), format!("{settings}{}\n", at("db").display())).unwrap();
        // Users belong to a machine by its name.
        let host = Command::new("uname").arg("-n").output().unwrap().stdout;
        let mut added = Command::new("/usr/sbin/saslpasswd2");
        added.args(["-p", "-c", "-a", "memcached", "-u", String::from_utf8(host).unwrap().trim(), "-f"]);
        assert!(run(added.arg(at("db")).arg(USER), PASSWORD).status.success());
        fs::set_permissions(at("db"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(at("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
        let directory = files.path().display().to_string();
        let memcached = Memcached::start_plain_in(&["-S"], &[("SASL_CONF_PATH", &directory)]);
        let leash = Leash::with_entrance(&format!(", auth_file: {}", at("users").display()), "", POOL);
        Houses { memcached, leash, _files: files }
    }
}

fn say(opcode: u8, key: &str, value: &str) -> Question {
    Question { value: value.into(), opaque: 7, ..Question::new(opcode, key) }
}

fn start(message: &str) -> Question {
    say(START, "PLAIN", message)
}

fn step(message: &str) -> Question {
    say(STEP, "PLAIN", message)
}

/// Two of each kind: a packet is answered, and what comes behind it.
fn stories() -> Vec<Vec<Question>> {
    let good = &format!("\0{USER}\0{PASSWORD}");
    let bad = &format!("\0{USER}\0guessed");
    let (get, mechanisms) = (|| say(0x00, "k", ""), || say(MECHANISMS, "", ""));
    let with_extras = Question { extras: vec![1, 2, 3, 4], ..start(good) };
    let refused_at_once = [
        get(),
        say(NOOP, "", ""),
        say(0x09, "k", ""),
        say(0x10, "", ""),
        say(0x07, "", ""),
        say(0x17, "", ""),
        say(0x08, "", ""),
        say(0x1b, "", ""),
        say(0x55, "", ""),
        say(0x00, &"k".repeat(300), ""),
        Question::store(0x11, "k", "v", (0, 0)),
        say(VERSION, "k", ""),
        say(VERSION, "", "v"),
        say(MECHANISMS, "k", ""),
        say(MECHANISMS, "", "v"),
        say(START, "", good),
        with_extras,
    ];
    let mut stories: Vec<Vec<Question>> = refused_at_once.into_iter().map(|question| vec![question]).collect();
    let messages = [
        good.clone(),
        format!("{USER}\0{USER}\0{PASSWORD}"),
        format!("other\0{USER}\0{PASSWORD}"),
        format!("{good}\0"),
        format!("{good}\0more"),
        format!("\0\0{PASSWORD}"),
        format!("\0{USER}\0"),
        "\0\0".into(),
        "\0".into(),
        "garbage".into(),
        format!("\0{USER}\0{}", "x".repeat(3000)),
        bad.clone(),
        String::new(),
    ];
    stories.extend(
        messages.iter().flat_map(|message| [vec![start(message), get()], vec![start(""), step(message), get()]]),
    );
    let long = || say(START, &"x".repeat(33), good);
    stories.extend([
        vec![mechanisms(), say(VERSION, "", ""), start(good), get(), say(VERSION, "", ""), get()],
        vec![say(START, "pLaIn", good), get()],
        vec![say(START, "NOPE", good), say(STEP, "NOPE", good), get()],
        vec![say(START, &"x".repeat(32), good), start(good), get()],
        vec![long(), start(good), get(), long(), get()],
        vec![step(good), start(bad), start(good), get()],
        vec![start(""), step(bad), step(""), step(good), get()],
        vec![start(""), mechanisms(), say(STEP, "any", good), get()],
        vec![start(""), start(bad), step(good), get()],
        vec![start(""), start(good), get()],
        vec![start(good), step(good), get()],
        vec![start(good), start(bad), get()],
        vec![start(good), start(good), get()],
        vec![start(good), mechanisms(), get()],
        vec![start(good), say(START, "NOPE", "x"), get()],
        vec![start(good), start(""), step(good), get()],
        vec![Question { cas: 5, ..start(good) }, Question::store(0x01, "k", "v", (0, 0)), say(0x04, "k", ""), get()],
        vec![start(good), say(0x55, "", ""), say(0x07, "", "")],
    ]);
    stories
}

/// What is answered until nothing more can come; versions may differ. All at once in so many pieces, or one by one.
fn told(address: &str, story: &[Question], pieces: Option<usize>) -> Vec<String> {
    let mut client = BinaryClient::connect(address);
    if let Some(pieces) = pieces {
        let bytes: Vec<u8> = story.iter().flat_map(Question::bytes).collect();
        bytes.chunks(bytes.len().div_ceil(pieces)).for_each(|piece| client.0.send(piece));
    }
    let mut all = Vec::new();
    for question in story {
        if pieces.is_none() {
            client.0.send(question.bytes());
        }
        let Ok(told) = client.read() else {
            all.push("the end".into());
            break;
        };
        let value = if question.opcode == VERSION && told.status == 0 { String::new() } else { told.text() };
        all.push(format!("{:02x} {:04x} {} {value:?}", told.opcode, told.status, told.opaque));
    }
    all
}

#[test]
fn a_client_that_says_who_it_is_in_packets_is_answered_as_memcached_answers_it() {
    let Houses { memcached, leash, _files } = Houses::start();
    for story in stories() {
        // memcached may take back what it said when it hangs up on what it has not read.
        let wanted = told(&memcached.address(), &story, None);
        for pieces in [None, Some(1), Some(3), Some(1000)] {
            assert_eq!(told(leash.address(), &story, pieces), wanted, "{story:?} in {pieces:?}");
        }
    }
    assert!(!leash.log().contains(PASSWORD));
}

#[test]
fn half_a_login_is_not_waited_for_and_a_long_one_takes_no_memory() {
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
    let entrance = format!(", auth_file: {}", files.path().join("users").display());
    let leash = Leash::with_entrance(&entrance, "", &format!("{POOL}limits: {{request_time: 300ms}}\n"));
    let bytes = start(&format!("\0{USER}\0{PASSWORD}")).bytes();
    let begun = Instant::now();
    for cut in [1, 10, 24, 28, bytes.len() - 1] {
        let mut client = BinaryClient::connect(leash.address());
        client.0.send(&bytes[..cut]);
        let told = client.read().expect("a packet says why");
        assert!(told.status == 4 && told.text().contains("not complete"), "{told:?}");
        is_closed(&mut client.0);
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let mut client = BinaryClient::connect(leash.address());
    let long = start(&"x".repeat(10 << 20)).bytes();
    client.0.send(&long[..1 << 20]);
    assert_eq!(client.read().unwrap().status, 0x20, "it is not waited for");
    client.0.send(&long[1 << 20..]);
    client.0.send(&bytes);
    assert_eq!(client.read().unwrap().status, 0, "what was announced is no command");
}

/// Whoever was let in in lines may go on in packets, and asks for nothing.
#[test]
fn lines_and_packets_open_the_same_door() {
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
    let leash = Leash::with_entrance(&format!(", auth_file: {}", files.path().join("users").display()), "", POOL);
    let token = format!("{USER} {PASSWORD}");
    let mut lines = leash.client();
    lines.expect(format!("set a 0 0 {}\r\n{token}\r\nset k 0 0 1\r\nx\r\n", token.len()), "STORED\r\nSTORED\r\n");
    let mut packets = BinaryClient::connect(leash.address());
    packets.0.send([start(&format!("\0{USER}\0{PASSWORD}")).bytes(), say(0x00, "k", "").bytes()].concat());
    assert_eq!(packets.read().unwrap().value, b"Authenticated");
    assert_eq!(packets.read().unwrap().value, b"x");
    // A packet behind a line is a line to who is not let in, as in memcached.
    let mut mixed = leash.client();
    mixed.expect("get k\r\n", "CLIENT_ERROR unauthenticated\r\n");
    mixed.send([start(&format!("\0{USER}\0{PASSWORD}")).bytes(), b"\r\n".to_vec()].concat());
    assert_eq!(mixed.read_line().unwrap(), b"CLIENT_ERROR unauthenticated\r\n");
}

const PYTHON: &str = "
import sys, bmemcached, pylibmc
host, user, password = sys.argv[1:]
for make in [
    lambda password: bmemcached.Client((host,), user, password),
    lambda password: pylibmc.Client([host], binary=True, username=user, password=password),
]:
    client = make(password)
    assert client.set('k', 'v') and client.get('k') == 'v', client
    try:
        assert not make('guessed').set('k', 'w'), 'a wrong password was taken'
    except (bmemcached.exceptions.AuthenticationNotSupported, bmemcached.exceptions.InvalidCredentials,
            bmemcached.exceptions.MemcachedException, pylibmc.Error):
        pass
    assert client.get('k') == 'v'
print('all is well')
";

const NODE: &str = "
const memjs = require('memjs');
const [address, username, password] = process.argv.slice(1);
(async () => {
  const client = memjs.Client.create(address, {username, password});
  if (!await client.set('k', 'v', {})) throw new Error('not stored');
  if (String((await client.get('k')).value) !== 'v') throw new Error('not read');
  client.close();
  console.log('all is well');
})().catch(error => { console.error(error); process.exit(1); });
";

const PHP: &str = "
[, $address, $user, $password] = $argv;
[$host, $port] = explode(':', $address);
foreach ([$password => true, 'guessed' => false] as $said => $wanted) {
    $client = new Memcached();
    $client->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
    $client->setSaslAuthData($user, $said);
    $client->addServer($host, (int) $port);
    if ($client->set('k', 'v') !== $wanted) exit('not as it should be with ' . $said);
}
echo 'all is well';
";

const RUBY: &str = "
require 'dalli'
address, user, password = ARGV
client = Dalli::Client.new(address, username: user, password: password, protocol: :binary)
client.set('k', 'v') && client.get('k') == 'v' or abort 'not stored'
begin
  Dalli::Client.new(address, username: user, password: 'guessed', protocol: :binary).set('k', 'w')
  abort 'a wrong password was taken'
rescue Dalli::DalliError, Dalli::RingError
  puts 'all is well'
end
";

#[test]
fn real_clients_come_in_with_their_password_and_no_other() {
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
    let leash = Leash::with_entrance(&format!(", auth_file: {}", files.path().join("users").display()), "", POOL);
    let who = [leash.address(), USER, PASSWORD];
    // pylibmc brings a SASL library along, but not its mechanisms.
    let mechanisms = "/usr/lib/x86_64-linux-gnu/sasl2:/usr/lib/aarch64-linux-gnu/sasl2";
    let python = here("target/venv/bin/python").display().to_string();
    for (program, option, text) in
        [(&*python, "-c", PYTHON), ("node", "-e", NODE), ("php", "-r", PHP), ("ruby", "-e", RUBY)]
    {
        let mut client = Command::new(program);
        client.args([option, text]).args(if program == "php" { &["--"][..] } else { &[] }).args(who);
        client.env("NODE_PATH", here("target/node/node_modules")).env("SASL_PATH", mechanisms);
        assert!(passes(client).contains("all is well"), "{program}");
    }
}
