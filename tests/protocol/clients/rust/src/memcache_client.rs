//! The crate `memcache`.

use std::collections::BTreeMap;

use memcache::Client;

use super::{STATS, large, many, say, unique, version};

type Found = (Vec<u8>, u32, Option<u64>);

fn client(address: &str, is_binary: bool) -> Client {
    let protocol = if is_binary { "" } else { "&protocol=ascii" };
    memcache::connect(format!("memcache://{address}?timeout=5{protocol}")).expect("a connection")
}

pub fn conversation(address: &str, is_binary: bool) {
    let client = client(address, is_binary);
    values(&client);
    numbers_and_uniques(&client);
    limits(&client);
    say("version", client.version().map(|all| version(&all[0].1).to_string()));
    say("stats", client.stats().map(|all| STATS.into_iter().filter(|name| all[0].1.contains_key(*name)).collect::<Vec<_>>()));
    say("set for a second", client.set("second", "x", 1));
}

pub fn after_a_second(address: &str, is_binary: bool) {
    let client = client(address, is_binary);
    say("get after a second", client.get::<String>("second"));
    say("flush_all", client.flush());
    say("get after flush_all", client.get::<String>("number"));
    say("set with a key too long", client.set(&"k".repeat(251), "x", 0));
}

fn values(client: &Client) {
    say("set", client.set("a", "1", 0));
    say("get", client.get::<String>("a"));
    say("get of nothing", client.get::<String>("none"));
    say("set b", client.set("b", "2", 100));
    say("gets of several", client.gets::<String>(&["a", "b", "none"]).map(|all| all.into_iter().collect::<BTreeMap<_, _>>()));
    say("add to something", client.add("a", "x", 0));
    say("add", client.add("new", "x", 0));
    say("replace", client.replace("a", "1+", 0));
    say("replace of nothing", client.replace("none", "x", 0));
    say("append", client.append("a", ">"));
    say("prepend", client.prepend("a", "<"));
    say("append to nothing", client.append("none", "x"));
    say("get of what was put together", client.get::<String>("a"));
    say("touch", client.touch("a", 100));
    say("touch of nothing", client.touch("none", 100));
    say("delete", client.delete("a"));
    say("delete of nothing", client.delete("a"));
    say("set of a number", client.set("number", 7, 0));
    say("get of a number", client.get::<i32>("number"));
    say("set of nothing", client.set("empty", "", 0));
    say("get of nothing", client.get::<String>("empty"));
}

fn numbers_and_uniques(client: &Client) {
    say("increment", client.increment("number", 5));
    say("decrement below zero", client.decrement("number", 20));
    say("decrement of nothing", client.decrement("none", 1));
    say("increment of a word", client.increment("new", 1));
    let held = client.gets::<Found>(&["b"]).ok().and_then(|mut all| all.remove("b"));
    let cas = held.and_then(|(_, _, cas)| cas);
    say("gets", unique(cas));
    say("cas", client.cas("b", "22", 0, cas.unwrap_or(1)));
    say("cas that lost", client.cas("b", "23", 0, cas.unwrap_or(1)));
    // "none" is there by now: in packets this crate's decrement makes it, and another server may have given it the same unique.
    say("cas of nothing", client.cas("nothing", "x", 0, cas.unwrap_or(1)));
}

fn limits(client: &Client) {
    say("set of a large value", client.set("large", &large()[..], 0));
    say("get of a large value", client.get::<Vec<u8>>("large"));
    say("set of one too large", client.set("large", &vec![b'x'; 2 << 20][..], 0));
    say("get of what was too large", client.get::<Vec<u8>>("large"));
    let keys = many();
    say("set of many", keys.iter().filter(|key| client.set(key, &key[86..], 0).is_ok()).count());
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    say("gets of many", client.gets::<String>(&keys).map(|all| all.into_iter().collect::<BTreeMap<_, _>>()));
}
