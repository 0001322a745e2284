//! The effective configuration as JSON, in the shape and the units of the file: what it shows can be loaded again.
//!
//! Secrets stand in files of their own, whose paths it shows. Of users, headers and addresses of loaders it shows what
//! was written: the variable or the file that holds the value.

use super::checked::{
    Address, Allow, Config, Credentials, Discover, DiscoverSource, Entrance, FixedHeader, Limits, Listen, Loader, Log,
    Migrate, OnDown, Pool, QueueDirectory, Queues, QueuesKept, Refresh, Route, RouteEnd, ServerConfig, SpoolConfig,
};
use super::units::{show_duration, show_percent, show_size};
use crate::hash::KeyHash;
use crate::tls::{ClientTlsFiles, ServerTls};
use serde_json::{Map, Value, json};

impl Config {
    /// Every value in effect, defaults included.
    pub fn to_json(&self) -> Value {
        let pools: Map<String, Value> = self.pools.iter().map(|p| (p.name.to_string(), pool(p, &self.pools))).collect();
        json!({
            "listen": self.listen.iter().zip(&self.entrances).map(|(at, entrance)| listen(at, entrance)).collect::<Vec<_>>(),
            "admin": admin(self),
            "workers": self.workers,
            "pools": pools,
            "routes": self.routes.iter().map(|r| route(r, &self.pools)).collect::<Vec<_>>(),
            "limits": limits(&self.limits),
            "spool": spool(&self.spool),
            "log": log(&self.log),
            "metrics": { "per_server": self.per_server.word() },
        })
    }
}

/// The short form, unless there is more to say than an address.
fn admin(config: &Config) -> Value {
    let address = config.admin.map_or("off".into(), |address| address.to_string());
    let mut more = Map::new();
    if config.show_keys {
        more.insert("show_keys".into(), true.into());
    }
    if !config.admin_hosts.is_empty() {
        more.insert("hosts".into(), json!(config.admin_hosts));
    }
    if more.is_empty() {
        return address.into();
    }
    more.insert("address".into(), address.into());
    more.into()
}

/// What the entrance says beside its defaults.
fn listen(listen: &Listen, entrance: &Entrance) -> Value {
    let mut shown = match listen {
        Listen::Tcp(address) => json!({ "tcp": address.to_string() }),
        Listen::Unix(path) => json!({ "unix": path.to_string_lossy() }),
    };
    if let Some(files) = entrance.tls.as_deref().map(ServerTls::files) {
        shown["tls"] = json!({ "cert": files.cert.to_string_lossy(), "key": files.key.to_string_lossy() });
        if let Some(path) = &files.client_ca {
            shown["tls"]["client_ca"] = path.to_string_lossy().into();
        }
    }
    if let Some(users) = &entrance.users {
        shown["auth_file"] = users.file.to_string_lossy().into();
    }
    if entrance.allow != Allow::default() {
        shown["allow"] = entrance.allow.words().into();
    }
    if !entrance.namespace.is_empty() {
        shown["namespace"] = String::from_utf8_lossy(&entrance.namespace).into();
    }
    if let Some(mode) = entrance.mode {
        shown["mode"] = format!("{mode:04o}").into();
    }
    if let Some(group) = entrance.group {
        shown["group"] = group.into();
    }
    shown
}

fn pool(pool: &Pool, pools: &[Pool]) -> Value {
    let mut shown = json!({
        "servers": pool.discover.as_ref().map_or_else(|| pool.servers.iter().map(server).collect(), discover),
        "any_address": pool.any_address,
        "hash": pool.hash.word(),
        "key_hash": pool.hash.key_hash().map_or("auto", KeyHash::word),
        "hash_tags": pool.hash_tag.map_or("off".into(), |(open, close)| String::from_iter([char::from(open), close.into()])),
        "unhashed_prefix": String::from_utf8_lossy(&pool.unhashed_prefix),
        "connect_timeout": show_duration(pool.connect_timeout),
        "request_timeout": show_duration(pool.request_timeout),
        "idle_timeout": pool.idle_timeout.map_or("off".into(), show_duration),
        "failures": pool.failures,
        "on_down": on_down(pool.on_down, pools),
    });
    if pool.is_embedded() {
        shown["embedded"] = json!({ "max_bytes": show_size(pool.embedded.max_bytes) });
    }
    if let Some(policy) = &pool.tls {
        shown["tls"] = client_tls(policy.files());
    }
    if let Some(Credentials { shown_user, password_file, .. }) = pool.auth.as_deref() {
        shown["auth"] = json!({ "user": shown_user, "password_file": password_file.to_string_lossy() });
    }
    shown
}

fn client_tls(files: &ClientTlsFiles) -> Value {
    let mut shown = json!({ "verify": !files.takes_any });
    let paths = [("ca", files.ca.as_ref()), ("cert", files.cert()), ("key", files.key())];
    for (key, path) in paths.into_iter().filter_map(|(key, path)| Some((key, path?))) {
        shown[key] = path.to_string_lossy().into();
    }
    if let Some(name) = &files.server_name {
        shown["server_name"] = name.as_str().into();
    }
    shown
}

fn on_down(on_down: OnDown, pools: &[Pool]) -> Value {
    match on_down {
        OnDown::Miss => "miss".into(),
        OnDown::Gutter(gutter) => {
            json!({ "gutter": { "pool": &*pools[gutter.pool].name, "ttl": show_duration(gutter.ttl) } })
        }
    }
}

fn spool(spool: &SpoolConfig) -> Value {
    let mut shown = json!({ "max_keys": spool.max_keys });
    if let Some(dir) = &spool.dir {
        shown["dir"] = dir.to_string_lossy().into();
    }
    shown
}

/// The way to find them, not those that were found: it stays what was configured.
fn discover(discover: &Discover) -> Value {
    let (key, at, nameserver) = match &discover.source {
        DiscoverSource::ElastiCache { host, port } => ("elasticache", address(host, *port), None),
        DiscoverSource::DnsSrv { name, nameserver } => ("dns_srv", name.clone(), *nameserver),
        DiscoverSource::Dns { host, port, nameserver } => ("dns", address(host, *port), *nameserver),
    };
    let mut shown = json!({ key: at, "every": show_duration(discover.every) });
    shown["shrink_after"] = show_duration(discover.shrink_after).into();
    if let Some(nameserver) = nameserver {
        shown["nameserver"] = nameserver.to_string().into();
    }
    json!({ "discover": shown })
}

fn address(host: &str, port: u16) -> String {
    Address::Tcp { host: host.into(), port }.to_string()
}

fn server(server: &ServerConfig) -> Value {
    json!({ "name": &*server.name, "address": server.address.to_string(), "weight": server.weight })
}

fn route(route: &Route, pools: &[Pool]) -> Value {
    let mut shown = json!({
        "prefix": String::from_utf8_lossy(&route.prefix),
        "namespace": String::from_utf8_lossy(&route.namespace),
        "allow_flush": route.allow_flush,
    });
    let name = |pool: usize| pools[pool].name.to_string();
    match (&route.migrate, &route.end) {
        (Some(Migrate { from, to, phase }), _) => {
            shown["migrate"] = json!({ "from": name(*from), "to": name(*to), "phase": phase.word() });
        }
        (None, RouteEnd::Pool(pool)) => shown["pool"] = name(*pool).into(),
        (None, RouteEnd::Queues(found)) => shown["queue"] = queues(found, pools),
    }
    if let Some(policy) = &route.refresh {
        shown["refresh"] = refresh(policy);
    }
    if let Some(endpoint) = &route.loader {
        // There it is the loader's timeout.
        shown["refresh"].as_object_mut().into_iter().for_each(|refresh| drop(refresh.remove("cold_wait")));
        shown["loader"] = loader(endpoint);
    }
    shown
}

fn queues(queues: &Queues, pools: &[Pool]) -> Value {
    let mut shown = match &queues.kept {
        QueuesKept::Here(directory) => queue_directory(directory),
        QueuesKept::Behind(pool) => json!({ "pool": &*pools[*pool].name }),
    };
    shown["mode"] = queues.mode.word().into();
    shown["reserve"] = show_duration(queues.reserve).into();
    shown
}

fn queue_directory(directory: &QueueDirectory) -> Value {
    json!({
        "dir": directory.dir.to_string_lossy(),
        "max_items": directory.max_items.map_or("off".into(), Value::from),
        "max_bytes": directory.max_bytes.map_or("off".into(), show_size),
        "max_message": show_size(directory.max_message),
        "sync": QueueDirectory::SYNC.iter().find(|(_, sync)| *sync == directory.sync).map(|(word, _)| *word),
        "max_redeliveries": directory.max_redeliveries.map_or("off".into(), Value::from),
    })
}

fn refresh(refresh: &Refresh) -> Value {
    let mut shown = json!({
        "grace": show_duration(refresh.grace),
        "lease": show_duration(refresh.lease),
        "cold_wait": show_duration(refresh.cold_wait),
        "jitter": show_percent(refresh.jitter),
        "marker_bit": refresh.marker_bit,
        "letters": refresh.letters,
    });
    if let Some(beta) = refresh.early {
        shown["early"] = json!({ "beta": beta });
    }
    shown
}

fn loader(loader: &Loader) -> Value {
    let mut shown = json!({
        "url": loader.url.written,
        "http": loader.http.word(),
        "connect_timeout": show_duration(loader.connect_timeout),
        "first_byte_timeout": show_duration(loader.first_byte_timeout),
        "timeout": show_duration(loader.timeout),
        "soft_timeout": show_duration(loader.soft_timeout),
        "ttl": show_duration(loader.ttl),
        "fail_safe": show_duration(loader.fail_safe),
        "negative_ttl": show_duration(loader.negative_ttl),
        "max_in_flight": loader.max_in_flight,
    });
    if !loader.headers.is_empty() {
        let header = |header: &FixedHeader| (header.name.clone(), Value::from(header.shown.clone()));
        shown["headers"] = loader.headers.iter().map(header).collect::<Map<String, Value>>().into();
    }
    if let Some(ca) = &loader.ca {
        shown["ca"] = ca.to_string_lossy().into();
    }
    shown
}

fn limits(limits: &Limits) -> Value {
    json!({
        "item_size": show_size(limits.item_size),
        "request_line": show_size(limits.request_line),
        "keys_per_get": limits.keys_per_get,
        "in_flight": limits.in_flight,
        "connections": limits.connections,
        "request_time": show_duration(limits.request_time),
        "unread_time": show_duration(limits.unread_time),
        "idle": limits.idle.map_or("off".into(), show_duration),
        "unsent_replies": show_size(limits.unsent_replies),
        "memory": show_size(limits.memory),
        "server_queue": limits.server_queue,
        "waiters": limits.waiters,
    })
}

fn log(log: &Log) -> Value {
    json!({ "format": log.format.word(), "level": log.level, "keys": log.keys })
}
