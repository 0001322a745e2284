//! A pool that a real client or proxy filled stays warm when leash is put in front of it: every key hits, with its
//! value.

use std::fs;
use std::process::{Child, Command, Stdio};

use support::repository::here;
use support::script::{passes, python, script};
use support::{BOUND, Client, Leash, Memcached, free_port, wait_until};

const KEYS: usize = 10_000;
/// Keys a pipelined write or a get carries.
const BATCH: usize = 500;
/// Debian puts it where only root looks.
const NUTCRACKER: &str = "/usr/sbin/nutcracker";

/// Three servers, and the weights they are given where there are weights.
struct Pool {
    servers: Vec<Memcached>,
    weights: Option<[u32; 3]>,
}

impl Pool {
    fn plain() -> Pool {
        Pool { servers: Memcached::start_many(3), weights: None }
    }

    fn weighted() -> Pool {
        Pool { servers: Memcached::start_many(3), weights: Some([1, 2, 5]) }
    }

    /// `host:port`, or `host:port:weight`: how most clients take servers.
    fn arguments(&self) -> Vec<String> {
        let addresses = self.servers.iter().map(Memcached::address);
        match self.weights {
            None => addresses.collect(),
            Some(weights) => addresses.zip(weights).map(|(address, weight)| format!("{address}:{weight}")).collect(),
        }
    }

    /// leash over these servers, with more keys for the pool and for its one route.
    fn leash(&self, pool: &str, route: &str) -> Leash {
        let servers = self.servers.iter().zip(self.weights.unwrap_or([1; 3]));
        let servers = servers.map(|(server, weight)| format!("{{address: '{}', weight: {weight}}}", server.address()));
        let servers = servers.collect::<Vec<_>>().join(", ");
        Leash::with_config(&format!(
            "pools: {{main: {{servers: [{servers}], {pool}}}}}\nroutes: [{{prefix: '', pool: main{route}}}]\n"
        ))
    }

    fn filled_by(self, mut script: Command) -> Pool {
        script.args(self.arguments());
        passes(script);
        self
    }

    /// Counts the hits among all keys through leash with `hash`.
    fn hits_with(&self, hash: &str) -> usize {
        hits(&mut self.leash(hash, "").client(), "")
    }
}

/// Which of the keys hit; a hit must be the key's own value.
fn hits(client: &mut Client, prefix: &str) -> usize {
    let mut hits = 0;
    for start in (0..KEYS).step_by(BATCH) {
        let keys: Vec<String> = (start..start + BATCH).map(|n| format!("{prefix}key:{n}")).collect();
        client.send(format!("get {}\r\n", keys.join(" ")));
        loop {
            let line = String::from_utf8(client.read_line().expect("a reply")).unwrap();
            if line == "END\r\n" {
                break;
            }
            let value = String::from_utf8(client.read_line().expect("a value")).unwrap();
            let number =
                line.split(' ').nth(1).unwrap().strip_prefix(&format!("{prefix}key:")).expect("a key asked for");
            assert_eq!(value.trim_end(), number, "the value of another key");
            hits += 1;
        }
    }
    hits
}

fn warm_py(client: &str, options: &str) -> Command {
    let mut command = python("tests/routing/hashes/warm.py");
    command.args([&KEYS.to_string(), client, options]);
    command
}

fn warm_php(compatible: &str, namespace: &str) -> Command {
    let mut command = script("php", "tests/routing/hashes/warm.php");
    command.args([&KEYS.to_string(), compatible, namespace]);
    command
}

fn warm_pl(namespace: &str) -> Command {
    let mut command = script("perl", "tests/routing/hashes/warm.pl");
    command.args([&KEYS.to_string(), namespace]);
    command
}

fn warm_rb() -> Command {
    let mut command = script("ruby", "tests/routing/hashes/warm.rb");
    command.arg(KEYS.to_string());
    command
}

fn warm_go() -> Command {
    let mut command = Command::new(here("target/tools/gomemcache"));
    command.args(["warm", &KEYS.to_string()]);
    command
}

#[test]
fn pylibmc_ketama() {
    let pool = Pool::plain().filled_by(warm_py("pylibmc", r#"{"ketama": true}"#));
    assert_eq!(pool.hits_with("hash: ketama"), KEYS);
}

#[test]
fn pylibmc_ketama_with_weights() {
    let pool = Pool::weighted().filled_by(warm_py("pylibmc", r#"{"ketama": true}"#));
    assert_eq!(pool.hits_with("hash: ketama"), KEYS);
}

#[test]
fn pylibmc_ketama_with_md5() {
    let pool = Pool::plain().filled_by(warm_py("pylibmc", r#"{"ketama": true, "hash": "md5"}"#));
    assert_eq!(pool.hits_with("hash: ketama, key_hash: md5"), KEYS);
}

#[test]
fn pylibmc_ketama_weighted() {
    let pool = Pool::weighted().filled_by(warm_py("pylibmc", r#"{"ketama_weighted": true}"#));
    assert_eq!(pool.hits_with("hash: ketama_weighted"), KEYS);
}

#[test]
fn pylibmc_as_it_is_without_behaviors() {
    let pool = Pool::plain().filled_by(warm_py("pylibmc", "{}"));
    assert_eq!(pool.hits_with("hash: modula"), KEYS);
}

#[test]
fn python_memcached() {
    for pool in [Pool::plain(), Pool::weighted()] {
        assert_eq!(pool.filled_by(warm_py("python-memcached", "{}")).hits_with("hash: crc32"), KEYS);
    }
}

#[test]
fn pymemcache_hash_client() {
    let pool = Pool::plain().filled_by(warm_py("pymemcache", "{}"));
    assert_eq!(pool.hits_with("hash: murmur3"), KEYS);
}

#[test]
fn pymemcache_with_a_prefix_which_it_does_not_hash() {
    let pool = Pool::plain().filled_by(warm_py("pymemcache", r#"{"key_prefix": "shop:"}"#));
    let leash = pool.leash("hash: murmur3, unhashed_prefix: 'shop:'", "");
    assert_eq!(hits(&mut leash.client(), "shop:"), KEYS);
}

#[test]
fn php_memcached_as_it_is_without_options() {
    let pool = Pool::plain().filled_by(warm_php("", ""));
    assert_eq!(pool.hits_with("hash: modula"), KEYS);
}

#[test]
fn php_memcached_libketama_compatible_with_a_prefix_which_it_does_not_hash() {
    let pool = Pool::weighted().filled_by(warm_php("1", "shop:"));
    let leash = pool.leash("hash: ketama_weighted, unhashed_prefix: 'shop:'", "");
    assert_eq!(hits(&mut leash.client(), "shop:"), KEYS);
}

#[test]
fn cache_memcached_with_weights() {
    let pool = Pool::weighted().filled_by(warm_pl(""));
    assert_eq!(pool.hits_with("hash: crc32"), KEYS);
}

#[test]
fn cache_memcached_with_a_namespace_which_it_does_not_hash() {
    let pool = Pool::plain().filled_by(warm_pl("shop:"));
    let crc32 = "hash: crc32, unhashed_prefix: 'shop:'";
    let client_keeps_it = pool.leash(crc32, "");
    assert_eq!(hits(&mut client_keeps_it.client(), "shop:"), KEYS);
    let leash_adds_it = pool.leash(crc32, ", namespace: 'shop:'");
    assert_eq!(hits(&mut leash_adds_it.client(), ""), KEYS);
}

#[test]
fn dalli() {
    for pool in [Pool::plain(), Pool::weighted()] {
        assert_eq!(pool.filled_by(warm_rb()).hits_with("hash: dalli"), KEYS);
    }
}

#[test]
fn gomemcache() {
    let pool = Pool::plain().filled_by(warm_go());
    assert_eq!(pool.hits_with("hash: modula, key_hash: crc32a"), KEYS);
}

/// A running twemproxy over the servers of a pool.
struct Nutcracker {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Nutcracker {
    /// With more options for its pool; servers named `m0`, `m1`, … where `named`.
    fn start(pool: &Pool, options: &str, named: bool) -> Nutcracker {
        let directory = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut config = format!("pool:\n  listen: {address}\n{options}  servers:\n");
        for (n, server) in pool.servers.iter().enumerate() {
            let weight = pool.weights.map_or(1, |weights| weights[n]);
            let name = if named { format!(" m{n}") } else { String::new() };
            config += &format!("    - {}:{weight}{name}\n", server.address());
        }
        let file = directory.path().join("nutcracker.yml");
        fs::write(&file, config).unwrap();
        let child = Command::new(NUTCRACKER)
            .arg("-c")
            .arg(&file)
            .args(["-a", "127.0.0.1", "-s", &free_port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nutcracker runs; if it is not installed, tests/run does that");
        wait_until("twemproxy listens", BOUND, || Client::try_connect(&address).is_ok());
        Nutcracker { child, address, _directory: directory }
    }

    fn fill(&self, prefix: &str) {
        let mut client = Client::connect(&self.address);
        for start in (0..KEYS).step_by(BATCH) {
            let set = |n| format!("set {prefix}key:{n} 0 0 {}\r\n{n}\r\n", format!("{n}").len());
            client.expect((start..start + BATCH).map(set).collect::<String>(), "STORED\r\n".repeat(BATCH));
        }
    }
}

impl Drop for Nutcracker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn twemproxy_ketama_as_it_is_without_options() {
    let pool = Pool::plain();
    Nutcracker::start(&pool, "", false).fill("");
    assert_eq!(pool.hits_with("hash: twemproxy_ketama"), KEYS);
}

#[test]
fn twemproxy_ketama_with_weights_and_other_hashes_of_keys() {
    for key_hash in ["md5", "murmur", "crc32a", "fnv1_32"] {
        let pool = Pool::weighted();
        Nutcracker::start(&pool, &format!("  hash: {key_hash}\n"), false).fill("");
        assert_eq!(pool.hits_with(&format!("hash: twemproxy_ketama, key_hash: {key_hash}")), KEYS, "{key_hash}");
    }
}

#[test]
fn twemproxy_ketama_with_names_and_tags() {
    let pool = Pool::plain();
    Nutcracker::start(&pool, "  hash_tag: \"{}\"\n", true).fill("{a}{b}");
    Nutcracker::start(&pool, "  hash_tag: \"{}\"\n", true).fill("");
    let named: Vec<String> =
        (0..).zip(&pool.servers).map(|(n, s)| format!("{{name: m{n}, address: '{}'}}", s.address())).collect();
    let leash = Leash::with_config(&format!(
        "pools: {{main: {{servers: [{}], hash: twemproxy_ketama, hash_tags: '{{}}'}}}}\n",
        named.join(", ")
    ));
    assert_eq!(hits(&mut leash.client(), ""), KEYS);
    assert_eq!(hits(&mut leash.client(), "{a}{b}"), KEYS);
}

#[test]
fn twemproxy_modula_with_weights() {
    let pool = Pool::weighted();
    Nutcracker::start(&pool, "  distribution: modula\n", false).fill("");
    assert_eq!(pool.hits_with("hash: twemproxy_modula"), KEYS);
}

/// Else the tests above would prove nothing.
#[test]
fn with_another_hash_most_keys_would_miss() {
    let pool = Pool::plain().filled_by(warm_py("pymemcache", "{}"));
    for hash in ["rendezvous", "ketama", "crc32", "twemproxy_ketama", "dalli", "memcached_proxy"] {
        let hits = pool.hits_with(&format!("hash: {hash}"));
        assert!(hits < KEYS / 2, "{hits} of {KEYS} hit with {hash}");
    }
}
