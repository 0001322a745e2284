//! The book's table of configuration has every key, with the default that it has in the code.

use std::collections::{BTreeMap, BTreeSet};

use leash::config::units::{duration, show_duration};
use leash::config::{self, Config};
use serde_json::Value;

use support::repository::read;

use super::text::rows;

/// Everything is turned on, and nothing written but what has no default.
const LEAST: &str = r#"
pools:
  p: {servers: [{address: m0}], on_down: {gutter: {pool: q}}, tls: {}}
  q: {servers: [embedded]}
routes: [{prefix: "page:", pool: p, refresh: {early: {}}}, {prefix: "", pool: p, loader: {url: "http://a/{key}"}},
  {prefix: "jobs:", queue: {dir: /q}}]
"#;

/// What [`LEAST`] had to say, and what the machine or another key decides.
const WITHOUT_DEFAULT: [&str; 10] = [
    "pools.NAME.servers[].address",
    "pools.NAME.on_down.gutter.pool",
    "routes[].prefix",
    "routes[].loader.url",
    "routes[].pool",
    "routes[].queue.dir",
    "routes[].queue.pool",
    "pools.NAME.servers[].name",
    "workers",
    "limits.memory",
];

/// One way to write a value: `1m` is `60s`.
fn plain(value: &str) -> String {
    duration(value).map_or_else(|_| value.to_string(), show_duration)
}

/// The second column of the table by the first, both without backticks.
fn told() -> BTreeMap<String, String> {
    let text = read("docs/reference/configuration.md");
    let rows = rows(&text);
    let told: BTreeMap<_, _> =
        rows.iter().map(|row| (row[0].replace('`', ""), plain(&row[1].replace('`', "")))).collect();
    assert_eq!(told.len(), rows.len(), "a key stands twice in the table");
    told
}

/// The values of a configuration by their paths. Of several pools, the first that has a key counts.
fn values(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) if path == "pools" => map.values().for_each(|pool| values("pools.NAME", pool, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            values(&path, value, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| values(&format!("{path}[]"), value, found)),
        Value::String(text) if !text.is_empty() => drop(found.entry(path.to_string()).or_insert(text.clone())),
        other => drop(found.entry(path.to_string()).or_insert(other.to_string())),
    }
}

#[test]
fn every_key_is_in_the_table_and_nothing_else_is() {
    let told: BTreeSet<String> = told().into_keys().collect();
    assert_eq!(told, config::keys().collect());
}

#[test]
fn every_default_in_the_table_is_the_default() {
    let config = Config::parse("least.yaml", LEAST).expect("a configuration");
    let mut expected = BTreeMap::new();
    values("", &config.to_json(), &mut expected);
    // what is off is not shown
    expected.insert("admin.show_keys".to_string(), config.show_keys.to_string());
    expected.retain(|key, _| !WITHOUT_DEFAULT.contains(&key.as_str()));
    assert!(expected.len() > 30, "{expected:?}");
    let told = told();
    let told: BTreeMap<_, _> = told.into_iter().filter(|(key, _)| expected.contains_key(key)).collect();
    assert_eq!(told, expected);
}
