//! The written form: exactly what stands in the file, every value with its place. What it means is decided in `check`.
//!
//! The constants `KEYS` are the one list of keys: reading, "did you mean", and the test that `config.example.yaml` shows
//! every key, all go by them.

use super::fields::{Fields, Scalar, scalar};
use super::problem::{Place, Problems};
use super::yaml::{Node, Value};

/// A whole file.
#[derive(Clone, Debug)]
pub struct File {
    /// The top of the file.
    pub place: Place,
    /// `listen`.
    pub listen: Option<Vec<Listen>>,
    /// `admin`.
    pub admin: Option<Scalar>,
    /// `workers`.
    pub workers: Option<Scalar>,
    /// `pools`, in the order of the file.
    pub pools: Option<Vec<Pool>>,
    /// `routes`.
    pub routes: Option<Vec<Route>>,
    /// `limits`.
    pub limits: Limits,
    /// `log`.
    pub log: Log,
}

/// One element of `listen`.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Where it begins.
    pub place: Place,
    /// `tcp`.
    pub tcp: Option<Scalar>,
    /// `unix`.
    pub unix: Option<Scalar>,
}

/// One entry of `pools`.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Where it begins.
    pub place: Place,
    /// Its key.
    pub name: String,
    /// `servers`.
    pub servers: Option<Vec<Server>>,
    /// `hash`.
    pub hash: Option<Scalar>,
    /// `hash_tags`.
    pub hash_tags: Option<Scalar>,
    /// `connect_timeout`.
    pub connect_timeout: Option<Scalar>,
    /// `request_timeout`.
    pub request_timeout: Option<Scalar>,
    /// `failures`.
    pub failures: Option<Scalar>,
    /// `on_down`.
    pub on_down: Option<Scalar>,
    /// `embedded`.
    pub embedded: Option<Embedded>,
}

/// One element of `servers`: an address alone, or a map.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it begins.
    pub place: Place,
    /// `name`.
    pub name: Option<Scalar>,
    /// `address`.
    pub address: Option<Scalar>,
    /// `weight`.
    pub weight: Option<Scalar>,
}

/// `embedded` of a pool.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// Where it begins.
    pub place: Place,
    /// `max_bytes`.
    pub max_bytes: Option<Scalar>,
}

/// One element of `routes`.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where it begins.
    pub place: Place,
    /// `prefix`.
    pub prefix: Option<Scalar>,
    /// `pool`.
    pub pool: Option<Scalar>,
    /// `namespace`.
    pub namespace: Option<Scalar>,
    /// `allow_flush`.
    pub allow_flush: Option<Scalar>,
}

/// `limits`.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is the key of its name; the checked form says what it means")]
pub struct Limits {
    pub item_size: Option<Scalar>,
    pub request_line: Option<Scalar>,
    pub keys_per_get: Option<Scalar>,
    pub in_flight: Option<Scalar>,
    pub connections: Option<Scalar>,
    pub request_time: Option<Scalar>,
    pub unsent_replies: Option<Scalar>,
    pub memory: Option<Scalar>,
    pub server_queue: Option<Scalar>,
}

/// `log`.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// `format`.
    pub format: Option<Scalar>,
    /// `level`.
    pub level: Option<Scalar>,
    /// `keys`.
    pub keys: Option<Scalar>,
}

impl File {
    /// The keys at the top.
    pub const KEYS: &'static [&'static str] = &["listen", "admin", "workers", "pools", "routes", "limits", "log"];

    /// A file in which nothing is written.
    pub fn empty(place: Place) -> File {
        let (limits, log) = (Limits::default(), Log::default());
        File { place, listen: None, admin: None, workers: None, pools: None, routes: None, limits, log }
    }

    /// Reads the top of a file.
    pub fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<File> {
        if node.value == Value::Empty {
            return Some(File::empty(place));
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems)?;
        let mut each = |key: &str, problems: &mut Problems| map.list(key, problems);
        Some(File {
            listen: each("listen", problems).map(|list| read_each(list, Listen::read, problems)),
            routes: each("routes", problems).map(|list| read_each(list, Route::read, problems)),
            admin: map.scalar("admin", problems),
            workers: map.scalar("workers", problems),
            pools: map.node("pools").and_then(|(place, node)| Pool::read_all(node, place, problems)),
            limits: map.node("limits").and_then(|(place, node)| Limits::read(node, place, problems)).unwrap_or_default(),
            log: map.node("log").and_then(|(place, node)| Log::read(node, place, problems)).unwrap_or_default(),
            place,
        })
    }
}

impl Listen {
    /// The keys of one listener.
    pub const KEYS: &'static [&'static str] = &["tcp", "unix"];

    fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<Listen> {
        if let Value::Text(text) = &node.value {
            let key = if text.starts_with('/') { "unix" } else { "tcp" };
            problems.add(&place, format!("an address alone; write {key}: {}", super::problem::plain(text)));
            return None;
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems)?;
        Some(Listen { tcp: map.scalar("tcp", problems), unix: map.scalar("unix", problems), place })
    }
}

impl Pool {
    /// The keys of one pool.
    pub const KEYS: &'static [&'static str] = &[
        "servers",
        "hash",
        "hash_tags",
        "connect_timeout",
        "request_timeout",
        "failures",
        "on_down",
        "embedded",
    ];

    /// A pool in which only `servers` is written.
    pub fn of(name: &str, place: Place, servers: Vec<Server>) -> Pool {
        Pool {
            place,
            name: name.into(),
            servers: Some(servers),
            hash: None,
            hash_tags: None,
            connect_timeout: None,
            request_timeout: None,
            failures: None,
            on_down: None,
            embedded: None,
        }
    }

    fn read_all(node: &Node, place: Place, problems: &mut Problems) -> Option<Vec<Pool>> {
        let map = Fields::named(node, place, problems)?;
        Some(map.entries().filter_map(|(key, place, node)| Pool::read(&key.text, node, place, problems)).collect())
    }

    fn read(name: &str, node: &Node, place: Place, problems: &mut Problems) -> Option<Pool> {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems)?;
        Some(Pool {
            place,
            name: name.into(),
            servers: map.list("servers", problems).map(|list| read_each(list, Server::read, problems)),
            hash: map.scalar("hash", problems),
            hash_tags: map.scalar("hash_tags", problems),
            connect_timeout: map.scalar("connect_timeout", problems),
            request_timeout: map.scalar("request_timeout", problems),
            failures: map.scalar("failures", problems),
            on_down: on_down(&map, problems),
            embedded: map.node("embedded").and_then(|(place, node)| Embedded::read(node, place, problems)),
        })
    }
}

/// `on_down` will be a map once there are gutter pools.
fn on_down(map: &Fields<'_>, problems: &mut Problems) -> Option<Scalar> {
    match map.node("on_down") {
        Some((place, Node { value: Value::Map(entries), .. })) if entries.iter().any(|(k, _)| k.text == "gutter") => {
            problems.add(&place, "gutter pools are not in this version of leash yet; write on_down: miss");
            None
        }
        _ => map.scalar("on_down", problems),
    }
}

impl Server {
    /// The keys of one server.
    pub const KEYS: &'static [&'static str] = &["name", "address", "weight"];

    /// A server written as its address alone.
    pub fn of(address: Scalar) -> Server {
        Server { place: address.place.clone(), name: None, address: Some(address), weight: None }
    }

    fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<Server> {
        if !matches!(node.value, Value::Map(_)) {
            return scalar(node, place, problems).map(Server::of);
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems)?;
        Some(Server {
            place,
            name: map.scalar("name", problems),
            address: map.scalar("address", problems),
            weight: map.scalar("weight", problems),
        })
    }
}

impl Embedded {
    /// The keys of an embedded store.
    pub const KEYS: &'static [&'static str] = &["max_bytes"];

    fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<Embedded> {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems)?;
        Some(Embedded { max_bytes: map.scalar("max_bytes", problems), place })
    }
}

impl Route {
    /// The keys of one route.
    pub const KEYS: &'static [&'static str] = &["prefix", "pool", "namespace", "allow_flush"];

    fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<Route> {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems)?;
        Some(Route {
            place,
            prefix: map.scalar("prefix", problems),
            pool: map.scalar("pool", problems),
            namespace: map.scalar("namespace", problems),
            allow_flush: map.scalar("allow_flush", problems),
        })
    }
}

impl Limits {
    /// The keys of the limits.
    pub const KEYS: &'static [&'static str] = &[
        "item_size",
        "request_line",
        "keys_per_get",
        "in_flight",
        "connections",
        "request_time",
        "unsent_replies",
        "memory",
        "server_queue",
    ];

    fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<Limits> {
        let map = Fields::open(node, place, Self::KEYS, problems)?;
        Some(Limits {
            item_size: map.scalar("item_size", problems),
            request_line: map.scalar("request_line", problems),
            keys_per_get: map.scalar("keys_per_get", problems),
            in_flight: map.scalar("in_flight", problems),
            connections: map.scalar("connections", problems),
            request_time: map.scalar("request_time", problems),
            unsent_replies: map.scalar("unsent_replies", problems),
            memory: map.scalar("memory", problems),
            server_queue: map.scalar("server_queue", problems),
        })
    }
}

impl Log {
    /// The keys of the log.
    pub const KEYS: &'static [&'static str] = &["format", "level", "keys"];

    fn read(node: &Node, place: Place, problems: &mut Problems) -> Option<Log> {
        let map = Fields::open(node, place, Self::KEYS, problems)?;
        Some(Log {
            format: map.scalar("format", problems),
            level: map.scalar("level", problems),
            keys: map.scalar("keys", problems),
        })
    }
}

type ReadOne<T> = fn(&Node, Place, &mut Problems) -> Option<T>;

fn read_each<T>(list: Vec<(Place, &Node)>, read: ReadOne<T>, problems: &mut Problems) -> Vec<T> {
    list.into_iter().filter_map(|(place, node)| read(node, place, problems)).collect()
}
