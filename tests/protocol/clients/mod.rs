//! Real clients hear through leash what they hear from memcached, whatever route their keys go.
//!
//! Each script is a client in use: it has one conversation at every address it is given, and says each answer in a line.
//! The first address is a memcached. A client that is not installed fails its test by name: `tests/run` installs what it
//! can, and `LEASH_TEST_WITHOUT` names what a machine cannot have.

mod forger;
mod hand_made_queue;
mod known;
mod route;
mod suites;
mod tools;
mod transcript;

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use support::repository::here;
use support::{needs, script};

use forger::Forger;
use known::known;
use route::Route;
use transcript::Transcript;

/// How many differences are shown.
const TOLD: usize = 12;

/// A script here, with what it is told before the addresses.
fn told(program: impl AsRef<std::ffi::OsStr>, file: &str, words: &[&str]) -> Command {
    let mut command = script::script(program, &format!("tests/protocol/clients/{file}"));
    command.args(words);
    command
}

fn python(file: &str, words: &[&str]) -> Command {
    told(here("target/venv/bin/python"), &format!("python/{file}"), words)
}

fn perl(file: &str) -> Command {
    let mut command = Command::new("perl");
    command
        .arg("-I")
        .arg(here("tests/protocol/clients/perl"))
        .arg(here(&format!("tests/protocol/clients/perl/{file}")));
    command
}

fn ruby(words: &[&str]) -> Command {
    told("ruby", "ruby/dalli.rb", words)
}

/// A newer Dalli than Debian's, which tests/run installs where it can.
fn ruby_with_meta() -> Command {
    let mut command = ruby(&["meta"]);
    command.env("RUBYLIB", here("target/gems/gems/dalli-4.3.3/lib"));
    command
}

/// A class of `java/`, which tests/run compiles; started for a short life.
fn java(class: &str, words: &[&str]) -> Command {
    let mut command = Command::new("java");
    let path = format!("{}:{}", here("target/java/*").display(), here("target/java/classes").display());
    command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", &path, class]).args(words);
    command
}

/// A program that tests/run builds.
fn built(path: &str, words: &[&str]) -> Command {
    let mut command = Command::new(here(path));
    command.args(words);
    command
}

const IN_RUST: &str = "target/clients-in-rust/debug/leash-clients-in-rust";

/// One test a client, so that the report names it.
macro_rules! clients {
    ($($client:ident => $command:expr;)*) => {
        mod hears_what_memcached_says {
            use super::*;
            $(#[test] fn $client() { hears_the_same(stringify!($client), || $command); })*
        }
    };
}

clients! {
    pymemcache => python("pymemcache_client.py", &[]);
    python_memcached => python("python_memcached_client.py", &[]);
    pylibmc => python("pylibmc_client.py", &["text"]);
    pylibmc_binary => python("pylibmc_client.py", &["binary"]);
    python_binary_memcached => python("bmemcached_client.py", &[]);
    django_pymemcache => python("django_client.py", &["pymemcache"]);
    django_pylibmc => python("django_client.py", &["pylibmc"]);
    meta_memcache => python("meta_memcache_client.py", &[]);
    cache_memcached => perl("cache_memcached.pl");
    cache_memcached_fast => perl("cache_memcached_fast.pl");
    php_memcached => told("php", "php/memcached.php", &["text"]);
    php_memcached_binary => told("php", "php/memcached.php", &["binary"]);
    php_sessions => told("php", "php/sessions.php", &[]);
    node_memcached => told("node", "node/memcached.js", &[]);
    memjs => told("node", "node/memjs.js", &[]);
    dalli_binary => ruby(&["binary"]);
    dalli_meta => ruby_with_meta();
    gomemcache => built("target/tools/gomemcache_client", &[]);
    spymemcached => java("Spymemcached", &["text"]);
    spymemcached_binary => java("Spymemcached", &["binary"]);
    xmemcached => java("Xmemcached", &["text"]);
    xmemcached_binary => java("Xmemcached", &["binary"]);
    memcache_crate => built(IN_RUST, &["memcache"]);
    memcache_crate_binary => built(IN_RUST, &["memcache-binary"]);
    async_memcached_crate => built(IN_RUST, &["async-memcached"]);
}

fn hears_the_same(client: &str, command: impl Fn() -> Command) {
    if !needs::has(client, &mut command()) {
        return;
    }
    let routes = Route::all();
    let transcripts = converse(command(), routes.iter().map(Route::address));
    assert!(transcripts[0].len() >= 20, "{client} says too little to prove anything");
    compare(client, &routes, &transcripts);
}

/// Panics with what is heard on routes of leash and not from memcached itself, which comes first.
fn compare(client: &str, routes: &[Route], transcripts: &[Transcript]) {
    let mut wrong: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (route, heard) in routes.iter().zip(transcripts).skip(1) {
        for difference in transcripts[0].differences(heard, &known(client, route.name)) {
            wrong.entry(difference).or_default().push(route.name);
        }
    }
    let told = wrong.iter().take(TOLD).map(|(difference, routes)| format!("  {}\n{difference}", routes.join(", ")));
    let told = told.collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{client} hears {} things else than from memcached:\n{told}", wrong.len());
}

/// What a client was answered at each address.
fn converse<'a>(mut command: Command, addresses: impl Iterator<Item = &'a str>) -> Vec<Transcript> {
    let addresses: Vec<&str> = addresses.collect();
    command.args(&addresses);
    Transcript::all(&script::tells(command), addresses.len())
}

/// Else the tests above would prove nothing: a flag, a word or a byte that is not memcached's is noticed, whoever says it.
#[test]
fn a_planted_fault_is_heard() {
    type Fault = (&'static [u8], &'static [u8], fn() -> Command);
    let faults: [Fault; 5] = [
        (b"VALUE number 2 ", b"VALUE number 0 ", || python("python_memcached_client.py", &[])),
        (b"NOT_STORED\r\n", b"STORED    \r\n", || perl("cache_memcached_fast.pl")),
        (b"\r\n<1+>\r\n", b"\r\n<1->\r\n", || built("target/tools/gomemcache_client", &[])),
        (b"VERSION 1.", b"VERSION v.", || told("php", "php/memcached.php", &["text"])),
        (b"Non-numeric", b"non-numeric", || python("bmemcached_client.py", &[])),
    ];
    thread::scope(|scope| {
        for (said, instead, command) in faults {
            scope.spawn(move || is_heard(said, instead, command()));
        }
    });
}

fn is_heard(said: &'static [u8], instead: &'static [u8], command: Command) {
    let (true_one, behind) = (Route::memcached(), Route::memcached());
    let forger = Forger::before(behind.address(), said, instead);
    let transcripts = converse(command, [true_one.address(), forger.address()].into_iter());
    let heard = transcripts[0].differences(&transcripts[1], &[]);
    assert!(!heard.is_empty(), "nobody hears {}", String::from_utf8_lossy(instead));
}
