//! Every key that a file may have, by its dotted path. The table in `docs/reference/configuration.md` and
//! `config.example.yaml` are held to this list.

use super::refresh::Early;
use super::{
    Admin, Discover, Embedded, File, FoundServers, Gutter, Limits, Listen, ListenTls, Loader, Log, Metrics, Migrate,
    OnDown, Pool, PoolAuth, PoolTls, Queues, Refresh, Route, ServerConfig, SpoolConfig,
};

/// Where each group of keys stands: `NAME` is any name, `[]` any element of a list.
const GROUPS: [(&str, &[&str]); 23] = [
    ("", File::KEYS),
    ("listen[].", Listen::KEYS),
    ("listen[].tls.", ListenTls::KEYS),
    ("admin.", Admin::KEYS),
    ("pools.NAME.", Pool::KEYS),
    ("pools.NAME.servers[].", ServerConfig::KEYS),
    ("pools.NAME.servers.", FoundServers::KEYS),
    ("pools.NAME.servers.discover.", Discover::KEYS),
    ("pools.NAME.on_down.", OnDown::KEYS),
    ("pools.NAME.on_down.gutter.", Gutter::KEYS),
    ("pools.NAME.embedded.", Embedded::KEYS),
    ("pools.NAME.tls.", PoolTls::KEYS),
    ("pools.NAME.auth.", PoolAuth::KEYS),
    ("routes[].", Route::KEYS),
    ("routes[].migrate.", Migrate::KEYS),
    ("routes[].refresh.", Refresh::KEYS),
    ("routes[].refresh.early.", Early::KEYS),
    ("routes[].loader.", Loader::KEYS),
    ("routes[].queue.", Queues::KEYS),
    ("limits.", Limits::KEYS),
    ("spool.", SpoolConfig::KEYS),
    ("log.", Log::KEYS),
    ("metrics.", Metrics::KEYS),
];

/// Every key by its dotted path, such as `pools.NAME.servers[].weight`.
pub fn keys() -> impl Iterator<Item = String> {
    GROUPS.iter().flat_map(|(place, keys)| keys.iter().map(move |key| format!("{place}{key}")))
}

#[cfg(test)]
mod tests {
    use super::keys;
    use crate::config::yaml::{self, Value, YamlNode};
    use std::collections::BTreeSet;

    /// The paths that a file shows. What stands right below `pools` is a name.
    fn shown(node: &YamlNode, path: &str, found: &mut BTreeSet<String>) {
        match &node.value {
            // What stands right below is a name of the user's.
            Value::Map(_) if path.ends_with(".headers") => {}
            Value::Map(map) if path == "pools" => map.iter().for_each(|(_, node)| shown(node, "pools.NAME", found)),
            Value::Map(map) => map.iter().for_each(|(key, node)| {
                let path = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
                shown(node, &path, found);
                found.insert(path);
            }),
            Value::List(list) => list.iter().for_each(|node| shown(node, &format!("{path}[]"), found)),
            _ => {}
        }
    }

    #[test]
    fn the_example_shows_every_key_and_no_other() {
        let mut found = BTreeSet::new();
        // A pool has its servers in one way, so the other ways stand there as comments.
        let example = include_str!("../../../config.example.yaml").replace("#servers:", "servers:");
        shown(&yaml::read(&example).unwrap(), "", &mut found);
        assert_eq!(found, keys().collect());
    }
}
