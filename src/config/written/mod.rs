//! The written form: exactly what stands in the file, every value with its place. What it means is decided in `check`.
//!
//! The constants `KEYS` are the one list of keys: reading, "did you mean", and the tests that `config.example.yaml` and
//! the book show every key, all go by them.

mod discover;
mod down;
mod keys;
mod listen;
mod loader;
mod metrics;
mod migrate;
mod pool;
mod queues;
mod refresh;
mod tls;

use super::fields::{Fields, Scalar, scalar};
use super::problem::{ConfigPlace, Problems};
use super::stand_ins::files;
use super::yaml::{Value, YamlNode};
pub(super) use discover::{Discover, FoundServers};
pub(super) use down::{Gutter, OnDown, SpoolConfig};
pub use keys::keys;
pub(super) use listen::{Listen, ListenTls};
pub(super) use loader::Loader;
pub(super) use metrics::Metrics;
pub(super) use migrate::Migrate;
pub(super) use pool::{Embedded, Pool, ServerConfig};
pub(super) use queues::Queues;
pub(super) use refresh::Refresh;
use std::path::PathBuf;
pub(super) use tls::{PoolAuth, PoolTls};

/// A whole file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// The top of the file.
    pub place: ConfigPlace,
    /// The files whose content stands for values in it.
    pub files: Vec<PathBuf>,
    /// `listen`.
    pub listen: Option<Vec<Listen>>,
    /// `admin`.
    pub admin: Option<Admin>,
    /// `workers`.
    pub workers: Option<Scalar>,
    /// `pools`, in the order of the file.
    pub pools: Option<Vec<Pool>>,
    /// `routes`.
    pub routes: Option<Vec<Route>>,
    /// `limits`.
    pub limits: Limits,
    /// `spool`.
    pub spool: SpoolConfig,
    /// `log`.
    pub log: Log,
    /// `metrics`.
    pub metrics: Metrics,
}

/// `admin`: an address alone, or a map.
#[derive(Clone, Debug)]
pub(super) struct Admin {
    /// `address`.
    pub address: Option<Scalar>,
    /// `show_keys`.
    pub show_keys: Option<Scalar>,
    /// `hosts`.
    pub hosts: Vec<Scalar>,
}

/// One element of `routes`.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    /// Where it begins.
    pub place: ConfigPlace,
    /// `prefix`.
    pub prefix: Option<Scalar>,
    /// `pool`.
    pub pool: Option<Scalar>,
    /// `migrate`.
    pub migrate: Option<Migrate>,
    /// `namespace`.
    pub namespace: Option<Scalar>,
    /// `allow_flush`.
    pub allow_flush: Option<Scalar>,
    /// `refresh`.
    pub refresh: Option<Refresh>,
    /// `loader`.
    pub loader: Option<Loader>,
    /// `queue`.
    pub queue: Option<Queues>,
}

/// `limits`: each field is the key of its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    pub item_size: Option<Scalar>,
    pub request_line: Option<Scalar>,
    pub keys_per_get: Option<Scalar>,
    pub in_flight: Option<Scalar>,
    pub connections: Option<Scalar>,
    pub request_time: Option<Scalar>,
    pub unread_time: Option<Scalar>,
    pub idle: Option<Scalar>,
    pub unsent_replies: Option<Scalar>,
    pub memory: Option<Scalar>,
    pub server_queue: Option<Scalar>,
    pub waiters: Option<Scalar>,
}

/// `log`.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// `format`.
    pub format: Option<Scalar>,
    /// `level`.
    pub level: Option<Scalar>,
    /// `keys`.
    pub keys: Option<Scalar>,
}

impl File {
    /// The keys at the top.
    pub(super) const KEYS: &'static [&'static str] =
        &["listen", "admin", "workers", "pools", "routes", "limits", "spool", "log", "metrics"];

    /// A file in which nothing is written.
    pub(super) fn empty(place: ConfigPlace) -> File {
        let (limits, spool, log) = (Limits::default(), SpoolConfig::default(), Log::default());
        File {
            place,
            files: vec![],
            listen: None,
            admin: None,
            workers: None,
            pools: None,
            routes: None,
            limits,
            spool,
            log,
            metrics: Metrics::default(),
        }
    }

    /// Reads the top of a file.
    pub(super) fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> File {
        if node.value == Value::Empty {
            return File::empty(place);
        }
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        File {
            files: files(node, &place.file),
            listen: map.list("listen", Listen::read, problems),
            routes: map.list("routes", Route::read, problems),
            admin: map.node("admin").map(|(place, node)| Admin::read(node, place, problems)),
            workers: map.scalar("workers", problems),
            pools: map.node("pools").map(|(place, node)| Pool::read_all(node, place, problems)),
            limits: map.node("limits").map(|(place, node)| Limits::read(node, place, problems)).unwrap_or_default(),
            spool: map.node("spool").map(|(place, node)| SpoolConfig::read(node, place, problems)).unwrap_or_default(),
            metrics: map.node("metrics").map(|(place, node)| Metrics::read(node, place, problems)).unwrap_or_default(),
            log: map.node("log").map(|(place, node)| Log::read(node, place, problems)).unwrap_or_default(),
            place,
        }
    }
}

impl Admin {
    /// The keys of the map.
    pub(super) const KEYS: &'static [&'static str] = &["address", "show_keys", "hosts"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Admin {
        if !matches!(node.value, Value::Map(_)) {
            return Admin { address: scalar(node, place, problems), show_keys: None, hosts: Vec::new() };
        }
        let map = Fields::open(node, place, Self::KEYS, problems);
        let hosts = map.list("hosts", scalar, problems).unwrap_or_default();
        Admin {
            address: map.scalar("address", problems),
            show_keys: map.scalar("show_keys", problems),
            hosts: hosts.into_iter().flatten().collect(),
        }
    }
}

impl Route {
    /// The keys of one route.
    pub(super) const KEYS: &'static [&'static str] =
        &["prefix", "pool", "migrate", "namespace", "allow_flush", "refresh", "loader", "queue"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Route {
        let map = Fields::open(node, place.clone(), Self::KEYS, problems);
        Route {
            place,
            prefix: map.scalar("prefix", problems),
            pool: map.scalar("pool", problems),
            migrate: map.node("migrate").map(|(place, node)| Migrate::read(node, place, problems)),
            namespace: map.scalar("namespace", problems),
            allow_flush: map.scalar("allow_flush", problems),
            refresh: map.node("refresh").and_then(|(place, node)| Refresh::read(node, place, problems)),
            loader: map.node("loader").and_then(|(place, node)| Loader::read(node, place, problems)),
            queue: map.node("queue").map(|(place, node)| Queues::read(node, place, problems)),
        }
    }
}

impl Limits {
    /// The keys of the limits.
    pub(super) const KEYS: &'static [&'static str] = &[
        "item_size",
        "request_line",
        "keys_per_get",
        "in_flight",
        "connections",
        "request_time",
        "unread_time",
        "idle",
        "unsent_replies",
        "memory",
        "server_queue",
        "waiters",
    ];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Limits {
        let map = Fields::open(node, place, Self::KEYS, problems);
        Limits {
            item_size: map.scalar("item_size", problems),
            request_line: map.scalar("request_line", problems),
            keys_per_get: map.scalar("keys_per_get", problems),
            in_flight: map.scalar("in_flight", problems),
            connections: map.scalar("connections", problems),
            request_time: map.scalar("request_time", problems),
            unread_time: map.scalar("unread_time", problems),
            idle: map.scalar("idle", problems),
            unsent_replies: map.scalar("unsent_replies", problems),
            memory: map.scalar("memory", problems),
            server_queue: map.scalar("server_queue", problems),
            waiters: map.scalar("waiters", problems),
        }
    }
}

impl Log {
    /// The keys of the log.
    pub(super) const KEYS: &'static [&'static str] = &["format", "level", "keys"];

    fn read(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Log {
        let map = Fields::open(node, place, Self::KEYS, problems);
        Log {
            format: map.scalar("format", problems),
            level: map.scalar("level", problems),
            keys: map.scalar("keys", problems),
        }
    }
}
