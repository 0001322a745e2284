//! The written form of pools and their servers.

use super::discover::{Discover, FoundServers};
use super::down::OnDown;
use super::tls::{PoolAuth, PoolTls};
use crate::config::fields::{Fields, Scalar, scalar};
use crate::config::problem::{ConfigPlace, Problems};
use crate::config::yaml::{Value, YamlNode};

/// One entry of `pools`.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// Where it begins.
    pub place: ConfigPlace,
    /// Its key.
    pub name: String,
    /// `servers`, a list.
    pub servers: Option<Vec<ServerConfig>>,
    /// `servers`, a map.
    pub discover: Option<Discover>,
    /// `any_address`.
    pub any_address: Option<Scalar>,
    /// `hash`.
    pub hash: Option<Scalar>,
    /// `key_hash`.
    pub key_hash: Option<Scalar>,
    /// `hash_tags`.
    pub hash_tags: Option<Scalar>,
    /// `unhashed_prefix`.
    pub unhashed_prefix: Option<Scalar>,
    /// `connect_timeout`.
    pub connect_timeout: Option<Scalar>,
    /// `request_timeout`.
    pub request_timeout: Option<Scalar>,
    /// `idle_timeout`.
    pub idle_timeout: Option<Scalar>,
    /// `failures`.
    pub failures: Option<Scalar>,
    /// `on_down`.
    pub on_down: Option<OnDown>,
    /// `embedded`.
    pub embedded: Option<Embedded>,
    /// `tls`.
    pub tls: Option<PoolTls>,
    /// `auth`.
    pub auth: Option<PoolAuth>,
}

/// One element of `servers`: an address alone, or a map.
#[derive(Clone, Debug)]
pub(crate) struct ServerConfig {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `name`.
    pub name: Option<Scalar>,
    /// `address`.
    pub address: Option<Scalar>,
    /// `weight`.
    pub weight: Option<Scalar>,
}

/// `embedded` of a pool.
#[derive(Clone, Debug)]
pub(crate) struct Embedded {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `max_bytes`.
    pub max_bytes: Option<Scalar>,
}

impl Pool {
    /// The keys of one pool.
    pub(crate) const KEYS: &'static [&'static str] = &[
        "servers",
        "any_address",
        "hash",
        "key_hash",
        "hash_tags",
        "unhashed_prefix",
        "connect_timeout",
        "request_timeout",
        "idle_timeout",
        "failures",
        "on_down",
        "embedded",
        "tls",
        "auth",
    ];

    /// A pool in which only `servers` is written.
    pub(crate) fn of(name: &str, place: ConfigPlace, servers: Vec<ServerConfig>) -> Pool {
        Pool {
            place,
            name: name.into(),
            servers: Some(servers),
            discover: None,
            any_address: None,
            hash: None,
            key_hash: None,
            hash_tags: None,
            unhashed_prefix: None,
            connect_timeout: None,
            request_timeout: None,
            idle_timeout: None,
            failures: None,
            on_down: None,
            embedded: None,
            tls: None,
            auth: None,
        }
    }

    pub(super) fn read_all(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Vec<Pool> {
        let map = Fields::named(node, place, problems);
        let pools = map.indented(Self::KEYS, problems);
        pools.into_iter().map(|(key, place, map)| Pool::read(&key.text, place, &map, problems)).collect()
    }

    fn read(name: &str, place: ConfigPlace, map: &Fields<'_>, problems: &mut Problems) -> Pool {
        let (mut servers, mut discover) = (None, None);
        match map.node("servers") {
            Some((place, node)) if matches!(node.value, Value::Map(_)) => {
                discover = FoundServers::read(node, place, problems);
            }
            _ => servers = map.list("servers", ServerConfig::read, problems),
        }
        Pool {
            place,
            name: name.into(),
            servers,
            discover,
            any_address: map.scalar("any_address", problems),
            hash: map.scalar("hash", problems),
            key_hash: map.scalar("key_hash", problems),
            hash_tags: map.scalar("hash_tags", problems),
            unhashed_prefix: map.scalar("unhashed_prefix", problems),
            connect_timeout: map.scalar("connect_timeout", problems),
            request_timeout: map.scalar("request_timeout", problems),
            idle_timeout: map.scalar("idle_timeout", problems),
            failures: map.scalar("failures", problems),
            on_down: map.node("on_down").and_then(|(place, node)| OnDown::read(node, place, problems)),
            embedded: map.node("embedded").map(|(place, node)| Embedded::read(node, place, problems)),
            tls: map.node("tls").and_then(|(place, node)| PoolTls::read(node, place, problems)),
            auth: map.node("auth").map(|(place, node)| PoolAuth::read(node, place, problems)),
        }
    }
}

impl ServerConfig {
    /// The keys of one server.
    pub(crate) const KEYS: &'static [&'static str] = &["name", "address", "weight"];

    /// A server written as its address alone.
    pub(crate) fn of(address: Scalar) -> ServerConfig {
        ServerConfig { place: address.place.clone(), name: None, address: Some(address), weight: None }
    }

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> ServerConfig {
        if !matches!(node.value, Value::Map(_)) {
            let address = scalar(node, place.clone(), problems);
            return ServerConfig { place, name: None, address, weight: None };
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        ServerConfig {
            place,
            name: map.scalar("name", problems),
            address: map.scalar("address", problems),
            weight: map.scalar("weight", problems),
        }
    }
}

impl Embedded {
    /// The keys of an embedded store.
    pub(crate) const KEYS: &'static [&'static str] = &["max_bytes"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Embedded {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        Embedded { max_bytes: map.scalar("max_bytes", problems), place }
    }
}
