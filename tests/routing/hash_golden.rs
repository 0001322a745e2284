//! Keys are placed where the clients and proxies that `hash` names put them. The files in `hashes/golden/` were made by
//! these clients themselves; `hashes/make` makes them again.
//!
//! A file has one line a pool, as leash's configuration has it, then one line a key: the key, and for every pool the
//! place of the key's server in its list. A byte outside of printable ASCII is written %XX.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use support::repository::here;

use leash::config::Config;
use leash::hash::Placement;
use leash::hash::{HashKind, KeyHash};
use leash::snapshot::placement;

/// What one client says about many pools.
struct Golden {
    name: String,
    /// The pools as they are written, and what leash makes of them.
    pools: Vec<(String, Config, Placement)>,
    keys: Vec<(Vec<u8>, Vec<usize>)>,
}

fn goldens() -> Vec<Golden> {
    let directory = here("tests/routing/hashes/golden");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Golden {
    let text = fs::read_to_string(path).unwrap();
    let lines = || text.lines().filter(|line| !line.starts_with("# "));
    let pools = lines().filter_map(|line| line.strip_prefix("pool ")).map(|written| {
        let config = Config::parse("golden", &format!("pools: {{p: {written}}}")).expect(written);
        let placement = placement::of(&config.pools[0]);
        (written.to_string(), config, placement)
    });
    let keys = lines().filter(|line| !line.starts_with("pool ")).map(|line| {
        let (key, places) = line.split_once('\t').expect(line);
        (unescaped(key), places.split('\t').map(|place| place.parse().unwrap()).collect())
    });
    Golden { name: path.file_name().unwrap().to_string_lossy().into(), pools: pools.collect(), keys: keys.collect() }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}

#[test]
fn every_key_is_where_the_original_put_it() {
    let mut wrong = BTreeMap::new();
    for golden in goldens() {
        assert!(golden.keys.len() >= 1000 && !golden.pools.is_empty(), "{} has too little to say", golden.name);
        for (key, places) in &golden.keys {
            assert_eq!(places.len(), golden.pools.len(), "{}: {}", golden.name, String::from_utf8_lossy(key));
            for ((written, _, placement), place) in golden.pools.iter().zip(places) {
                if placement.server_of(key) != *place {
                    wrong.entry(format!("{} {written}", golden.name)).or_insert_with(Vec::new).push(key.clone());
                }
            }
        }
    }
    let told = wrong.iter().map(|(pool, keys)| {
        let some: Vec<_> = keys.iter().take(5).map(|key| String::from_utf8_lossy(key)).collect();
        format!("{pool}: {} keys elsewhere, such as {some:?}", keys.len())
    });
    assert!(wrong.is_empty(), "{}", told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_word_of_hash_and_key_hash_is_proven() {
    let goldens = goldens();
    let hashes: Vec<HashKind> =
        goldens.iter().flat_map(|golden| &golden.pools).map(|(_, config, _)| config.pools[0].hash).collect();
    let words: BTreeSet<&str> = hashes.iter().map(|hash| hash.word()).collect();
    let key_words: BTreeSet<&str> = hashes.iter().filter_map(|hash| hash.key_hash()).map(|hash| hash.word()).collect();
    let known = [
        "crc32",
        "crc32_or_1",
        "dalli",
        "ketama",
        "ketama_weighted",
        "memcached_proxy",
        "modula",
        "murmur3",
        "twemproxy_ketama",
        "twemproxy_modula",
    ];
    assert_eq!(words, BTreeSet::from(known));
    let known = ["crc32", "crc32a", "fnv1_32", "fnv1_64", "fnv1a_32", "fnv1a_64", "md5", "murmur", "one_at_a_time"];
    assert_eq!(key_words, BTreeSet::from(known));
}

/// So that no file proves less than it seems to. On a circle, libmemcached's crc32 of 15 bits finds only the first
/// points.
#[test]
fn every_server_of_a_pool_without_weights_has_keys() {
    for golden in goldens() {
        for (at, (written, config, _)) in golden.pools.iter().enumerate() {
            let pool = &config.pools[0];
            let narrow = pool.hash.key_hash() == Some(KeyHash::Crc32) && !pool.hash.word().ends_with("modula");
            if narrow || pool.servers.iter().any(|server| server.weight > 1) {
                continue;
            }
            let used: BTreeSet<usize> = golden.keys.iter().map(|(_, places)| places[at]).collect();
            assert_eq!(used.len(), pool.servers.len(), "{}: {written}", golden.name);
        }
    }
}
