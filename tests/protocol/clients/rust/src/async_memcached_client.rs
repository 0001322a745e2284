//! The crate `async-memcached`, text and meta protocol.

use std::collections::BTreeMap;

use async_memcached::{AsciiProtocol, Client, MetaProtocol, MetaValue, Value};

use super::{STATS, large, many, say, unique, version};

async fn client(address: &str) -> Client {
    Client::new(format!("tcp://{address}")).await.expect("a connection")
}

pub async fn conversation(address: &str) {
    let mut client = client(address).await;
    text(&mut client).await;
    meta(&mut client).await;
    limits(&mut client).await;
    say("version", client.version().await.map(|text| version(text.trim()).to_string()));
    let stats = client.stats().await;
    say("stats", stats.map(|all| STATS.into_iter().filter(|name| all.contains_key(*name)).collect::<Vec<_>>()));
    say("set for a second", client.set("second", "x", Some(1), None).await);
}

pub async fn after_a_second(address: &str) {
    let mut client = client(address).await;
    say("get after a second", client.get("second").await);
    say("flush_all", client.flush_all().await);
    say("get after flush_all", client.get("number").await.map(plain));
}

/// A value without its unique, which is another one each time.
fn plain(value: Option<Value>) -> Option<Value> {
    value.map(|value| Value { cas: None, ..value })
}

fn plain_meta(value: Option<MetaValue>) -> Option<(MetaValue, String)> {
    // A second may go by between two of its questions.
    let left = |left: i64| if (90..=100).contains(&left) { 100 } else { left };
    value.map(|value| {
        let ttl_remaining = value.ttl_remaining.map(left);
        (MetaValue { cas: None, last_accessed: None, ttl_remaining, ..value.clone() }, unique(value.cas))
    })
}

async fn text(client: &mut Client) {
    say("set", client.set("a", "1", None, Some(77)).await);
    say("get", client.get("a").await.map(plain));
    say("get of nothing", client.get("none").await);
    say("set_multi", client.set_multi(&[("b", "2"), ("c", "3")], Some(100), None).await.map(|all| all.len()));
    let several = client.get_multi(["a", "b", "c", "none"]).await;
    say("get_multi", several.map(|all| all.into_iter().map(|value| (value.key, value.data)).collect::<BTreeMap<_, _>>()));
    say("add to something", client.add("a", "x", None, None).await);
    say("add", client.add("new", "x", None, None).await);
    say("set n", client.set("number", 10u64, None, None).await);
    say("increment", client.increment("number", 5).await);
    say("decrement below zero", client.decrement("number", 20).await);
    say("increment of nothing", client.increment("none", 1).await);
    say("increment of a word", client.increment("new", 1).await);
    say("increment without an answer", client.increment_no_reply("number", 3).await);
    say("get after no answer", client.get("number").await.map(plain));
    say("delete", client.delete("a").await);
    say("delete of nothing", client.delete("a").await);
    say("delete without an answer", client.delete_no_reply("b").await);
    say("get of what was deleted", client.get("b").await.map(plain));
    say("a time in the past", client.set("gone", "x", Some(-1), None).await);
    say("get of what is gone", client.get("gone").await);
}

async fn meta(client: &mut Client) {
    let held = client.meta_set("m", "1", false, Some(b"opaque"), Some(&["T100", "F7", "c"])).await;
    let cas = held.as_ref().ok().and_then(|held| held.as_ref()?.cas);
    say("meta_set", held.map(plain_meta));
    say("meta_get", client.meta_get("m", false, None, Some(&["v", "f", "t", "s", "k", "c", "h"])).await.map(plain_meta));
    say("meta_get of nothing", client.meta_get("none", false, None, Some(&["v"])).await.map(plain_meta));
    say("meta_get, quiet", client.meta_get("none", true, None, Some(&["v"])).await.map(plain_meta));
    let lost = format!("C{}", cas.unwrap_or(1) + 1);
    say("meta_set that lost", client.meta_set("m", "2", false, None, Some(&[&lost])).await.map(plain_meta));
    say("meta_set, quiet", client.meta_set("m", "3", true, None, None).await.map(plain_meta));
    say("meta_increment that begins it", client.meta_increment("i", false, None, None, Some(&["N100", "J7", "v"])).await.map(plain_meta));
    say("meta_increment", client.meta_increment("i", false, None, Some(3), Some(&["v", "t"])).await.map(plain_meta));
    say("meta_decrement", client.meta_decrement("i", false, None, Some(30), Some(&["v"])).await.map(plain_meta));
    say("meta_delete", client.meta_delete("m", false, Some(b"o"), None).await.map(plain_meta));
    say("meta_delete of nothing", client.meta_delete("m", false, None, None).await.map(plain_meta));
    say("meta_delete, quiet", client.meta_delete("i", true, None, None).await.map(plain_meta));
}

async fn limits(client: &mut Client) {
    say("set of a large value", client.set("large", &large()[..], None, None).await);
    say("get of a large value", client.get("large").await.map(plain));
    say("set of one too large", client.set("large", &vec![b'x'; 2 << 20][..], None, None).await);
    say("get of what was too large", client.get("large").await.map(plain));
    let keys = many();
    let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), &key[86..])).collect();
    say("set_multi of many", client.set_multi(&pairs, None, None).await.map(|all| all.values().filter(|one| one.is_ok()).count()));
    say("get_multi of many", client.get_multi(&keys).await.map(|all| all.into_iter().map(|value| value.key).collect::<Vec<_>>()));
    let values = client.meta_get_multi(&keys, Some(&["v"])).await;
    say("meta_get_multi of many", values.map(|all| all.into_iter().map(|value| value.data).collect::<Vec<_>>()));
    say("delete of many without an answer", client.delete_multi_no_reply(&keys).await);
    say("get_multi of nothing", client.get_multi(&keys).await);
}
