//! The configuration as its user meets it: files in, meaning or messages out.

mod broken;
mod hostile;
mod warned;

use leash::config::{
    Address, Config, Gutter, Limits, Listen, Loader, Log, Migrate, OnDown, Phase, Pool, QueueDirectory, QueuesKept,
    Refresh, Route, ServerConfig, SpoolConfig,
};
use leash::hash::{HashKind, KeyHash};
use leash::logging::LogFormat;
use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use support::Authority;

const EXAMPLE: &str = include_str!("../../config.example.yaml");
const ONE_POOL: &str = "pools: {p: {servers: [m0]}}\n";

/// The example, with the files that it names in a directory of their own.
fn example() -> String {
    static FILES: OnceLock<Authority> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let authority = Authority::new("example");
        authority.signs("leash", &["leash"]);
        fs::write(authority.path("password"), "open-sesame\n").unwrap();
        fs::write(authority.path("users"), "ada:open-sesame\n").unwrap();
        authority
    });
    EXAMPLE.replace("/etc/leash/", &format!("{}/", files.path("").display()).replace("//", "/"))
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse("c.yaml", text).map_err(|problems| problems.to_string())
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.into(), port }
}

fn server(name: &str, address: Address) -> ServerConfig {
    ServerConfig { name: name.into(), address, weight: 1 }
}

fn warnings(config: &Config) -> Vec<String> {
    config.warnings.iter().map(|warning| warning.to_string()).collect()
}

#[test]
fn the_example_loads_and_shows_the_defaults() {
    let mut config = parse(&example()).unwrap();
    let default = Config::embedded_default();
    assert_eq!(config.warnings, []);
    assert_eq!((config.admin, config.workers), (default.admin, default.workers));
    assert_eq!((config.limits, config.log), (Limits::default(), Log::default()));
    let servers = vec![server("m0:11211", tcp("m0", 11211)), server("m1", tcp("10.0.0.2", 11211))];
    assert_eq!(config.pools[0], Pool::of("main", servers));
    assert_eq!(config.pools[1], Pool::of("local", vec![server("embedded", Address::Embedded)]));
    let gutter = OnDown::Gutter(Gutter { pool: 1, ttl: Duration::from_secs(10) });
    assert_eq!(config.pools[2].on_down, gutter);
    assert_eq!(config.spool, SpoolConfig { dir: Some("/var/lib/leash/spool".into()), ..SpoolConfig::default() });
    let jobs = config.routes.remove(3);
    let directory = QueueDirectory::at("/var/lib/leash/queues".into());
    assert_eq!(jobs.queues().unwrap().kept, QueuesKept::Here(directory));
    assert_eq!(config.routes.remove(3).queues().unwrap().kept, QueuesKept::Behind(3));
    let loader = config.routes.remove(2).loader.unwrap();
    let ca = Some("/etc/ssl/certs/ca-certificates.crt".into());
    assert_eq!(loader, Loader { headers: loader.headers.clone(), ca, ..Loader::of(loader.url.clone()) });
    assert_eq!((loader.headers[0].name.as_str(), loader.headers[0].value.as_str()), ("accept", "*/*"));
    let migrate = config.routes.remove(2).migrate;
    assert_eq!(migrate, Some(Migrate { from: 0, to: 1, phase: Phase::Prepare }));
    assert_eq!(config.routes[1].refresh, Some(Refresh { early: Some(1.0), ..Refresh::default() }));
    assert_eq!(config.routes[2], Route::all_to(0));
}

#[test]
fn the_admin_address_may_stand_alone_or_beside_what_its_pages_may_show() {
    let admin = |text: &str| {
        let config = parse(&format!("pools: {{p: {{servers: [m0]}}}}\nadmin: {text}\n"))?;
        Ok((config.admin, config.show_keys, config.to_json()["admin"].take()))
    };
    let at = |port| Some(([127, 0, 0, 1], port).into());
    assert_eq!(admin("127.0.0.1:5"), Ok((at(5), false, "127.0.0.1:5".into())));
    assert_eq!(admin("{address: 127.0.0.1:5}"), Ok((at(5), false, "127.0.0.1:5".into())));
    let shown = serde_json::json!({ "address": "127.0.0.1:11291", "show_keys": true });
    assert_eq!(admin("{show_keys: true}"), Ok((at(11291), true, shown.clone())));
    assert_eq!(admin(&shown.to_string()).map(|(.., again)| again), Ok(shown), "what is shown can be loaded again");
    assert_eq!(admin("{address: off}"), Ok((None, false, "off".into())));
    for (text, wrong) in [
        ("{show_keys: yes}", "c.yaml:2:20: admin.show_keys: yes is not a switch; write true or false"),
        ("{adress: 127.0.0.1:5}", "c.yaml:2:9: admin.adress: unknown key, did you mean address?"),
        ("[127.0.0.1:5]", "c.yaml:2:1: admin: a list where a single value belongs"),
    ] {
        assert_eq!(admin(text), Err(wrong.to_string()));
    }
}

#[test]
fn everything_can_be_said() {
    let config = parse(
        "listen: [{unix: /run/l.sock}, {tcp: '[::1]:5'}]
admin: off
workers: 2
pools:
  b: {servers: [m0, {name: m1, address: 'unix:/run/m', weight: 7}], hash: rendezvous, hash_tags: '{}', connect_timeout: 1s,
      request_timeout: 2s, failures: 9, on_down: miss}
  a: {servers: [embedded], embedded: {max_bytes: 4GiB}}
routes:
  - {prefix: '', pool: a, allow_flush: true}
  - {prefix: 'long:', pool: b, namespace: 'n:'}
  - {prefix: 's:', pool: b, namespace: 'n:', refresh: {grace: 1h, lease: 2s, cold_wait: 1500ms, jitter: 12.5%,
     marker_bit: 0, letters: false, early: {beta: 2.5}}}
limits: {item_size: 2MiB, request_line: 2048, keys_per_get: 1, in_flight: 2, connections: 3, request_time: 1m,
         unsent_replies: 4MiB, memory: 1GiB, server_queue: 5, waiters: 6}
log: {format: json, level: 'warn,leash::upstream=debug', keys: true}
",
    )
    .unwrap();
    assert_eq!(config.listen, [Listen::Unix("/run/l.sock".into()), Listen::Tcp("[::1]:5".parse().unwrap())]);
    assert_eq!((config.admin, config.workers), (None, 2));
    let [b, a] = &config.pools[..] else { panic!() };
    assert_eq!((&*b.name, &*a.name), ("b", "a"), "pools keep their order");
    assert_eq!((b.hash_tag, b.failures), (Some((b'{', b'}')), 9));
    assert_eq!((b.connect_timeout, b.request_timeout), (Duration::from_secs(1), Duration::from_secs(2)));
    assert_eq!((&*b.servers[1].name, b.servers[1].weight), ("m1", 7));
    assert_eq!(a.embedded.max_bytes, 4 << 30);
    let prefixes: Vec<_> = config.routes.iter().map(|route| route.prefix.as_slice()).collect();
    assert_eq!(prefixes, [b"long:".as_slice(), b"s:", b""], "the longest prefix first");
    assert_eq!((config.routes[0].pool(), config.routes[0].namespace.as_slice()), (Some(0), b"n:".as_slice()));
    assert!(config.routes[2].allow_flush);
    let refresh = Refresh {
        grace: Duration::from_secs(3600),
        fail_safe: Duration::ZERO,
        lease: Duration::from_secs(2),
        cold_wait: Duration::from_millis(1500),
        jitter: 0.125,
        marker_bit: 0,
        letters: false,
        early: Some(2.5),
    };
    assert_eq!((config.routes[0].refresh, config.routes[1].refresh), (None, Some(refresh)));
    assert_eq!((config.limits.server_queue, config.limits.waiters), (5, 6));
    assert_eq!((config.limits.request_time, config.limits.memory), (Duration::from_secs(60), 1 << 30));
    assert_eq!((config.log.format, config.log.keys), (LogFormat::Json, true));
    assert_eq!(config.warnings, []);
}

#[test]
fn a_gutter_is_a_pool_by_name_or_one_that_need_not_be_written() {
    let config = parse("pools: {p: {servers: [m0], on_down: {gutter: embedded}}}\n").unwrap();
    let [p, embedded] = &config.pools[..] else { panic!() };
    assert_eq!(p.on_down, OnDown::Gutter(Gutter { pool: 1, ttl: Duration::from_secs(10) }));
    assert_eq!(*embedded, Pool::of("embedded", vec![server("embedded", Address::Embedded)]));
    assert_eq!((config.warnings.len(), &config.routes[..]), (0, &[Route::all_to(0)][..]));
    let shown = config.to_json();
    assert_eq!(parse(&shown.to_string()).unwrap().to_json(), shown);

    let spare = "pools: {q: {servers: [g0]}, p: {servers: [m0], on_down: {gutter: {pool: q, ttl: 3s}}}}\n";
    let config = parse(spare).unwrap();
    assert_eq!(config.pools[1].on_down.gutter(), Some(Gutter { pool: 0, ttl: Duration::from_secs(3) }));
    assert_eq!((config.warnings.len(), &config.routes[..]), (0, &[Route::all_to(1)][..]), "a gutter is no choice");
}

#[test]
fn one_pool_needs_no_route_and_little_else() {
    let config = parse(ONE_POOL).unwrap();
    assert_eq!(config.routes, [Route::all_to(0)]);
    assert_eq!(config.pools, [Pool::of("p", vec![server("m0", tcp("m0", 11211))])]);
    assert_eq!(config.listen, Config::embedded_default().listen);
}

#[test]
fn an_empty_refresh_has_every_default_and_is_not_early() {
    let of = |refresh: &str| {
        let routes = format!("routes: [{{prefix: '', pool: p, refresh: {refresh}}}]");
        parse(&format!("{ONE_POOL}{routes}\n")).unwrap().routes[0].refresh
    };
    let default = Refresh {
        grace: Duration::from_secs(60),
        fail_safe: Duration::ZERO,
        lease: Duration::from_secs(10),
        cold_wait: Duration::ZERO,
        jitter: 0.0,
        marker_bit: 31,
        letters: true,
        early: None,
    };
    assert_eq!(of("{}"), Some(default));
    assert_eq!(of("{early: {}}"), Some(Refresh { early: Some(1.0), ..default }));
    assert_eq!(of("{cold_wait: 9999ms}").map(|refresh| refresh.cold_wait), Some(Duration::from_millis(9999)));
}

#[test]
fn what_is_shown_is_the_same_configuration() {
    let refresh =
        "pools: {p: {servers: [m]}}\nroutes: [{prefix: '', pool: p, refresh: {jitter: 7%, early: {beta: 0.1}}}]";
    let tags = "pools: {p: {servers: ['[::1]:5', unix:x], hash_tags: '{}'}}\nadmin: off";
    let hashed = "pools: {p: {servers: [m0], hash: twemproxy_ketama, key_hash: md5, unhashed_prefix: 'shop:'}}";
    for text in [&example(), ONE_POOL, tags, refresh, hashed] {
        let shown = parse(text).unwrap().to_json();
        assert_eq!(parse(&shown.to_string()).unwrap().to_json(), shown);
    }
    let shown = Config::embedded_default().to_json();
    assert_eq!(shown["pools"]["embedded"]["embedded"]["max_bytes"], "64MiB");
    assert_eq!(shown["pools"]["embedded"]["request_timeout"], "500ms");
    assert_eq!((&shown["limits"]["in_flight"], &shown["limits"]["waiters"]), (&512.into(), &10_000.into()));
    assert_eq!(shown["routes"][0].get("refresh"), None, "what is off is not shown");
    let shown = parse(refresh).unwrap().to_json()["routes"][0]["refresh"].to_string();
    let rest = r#""cold_wait":"0ms","early":{"beta":0.1},"grace":"1m","jitter":"7%","lease":"10s","letters":true,"marker_bit":31"#;
    assert_eq!(shown, format!("{{{rest}}}"));
}

#[test]
fn servers_alone_are_a_configuration() {
    let config = Config::for_servers(&["m0:1".into(), "m1".into()]).unwrap();
    assert_eq!(config.pools, [Pool::of("main", vec![server("m0:1", tcp("m0", 1)), server("m1", tcp("m1", 11211))])]);
    let problems = Config::for_servers(&["m0:1".into(), "m0:1".into()]).unwrap_err().to_string();
    let text = "command line: --server[1]: the pool has a server m0:1 already; give this one a name of its own";
    assert_eq!(problems, text);
}

#[test]
fn hashes_have_words_and_the_hash_of_keys_that_the_original_begins_with() {
    let hash = |written: &str| parse(&format!("pools: {{p: {{servers: [m0], {written}}}}}\n")).unwrap().pools[0].hash;
    assert_eq!(hash("hash: ketama"), HashKind::Ketama(KeyHash::OneAtATime));
    assert_eq!(hash("hash: ketama_weighted"), HashKind::KetamaWeighted(KeyHash::Md5));
    assert_eq!(hash("hash: twemproxy_ketama, key_hash: auto"), HashKind::TwemproxyKetama(KeyHash::Fnv1ax64));
    assert_eq!(hash("hash: twemproxy_ketama, key_hash: murmur"), HashKind::TwemproxyKetama(KeyHash::Murmur));
    assert_eq!((hash("hash: crc32"), hash("hash: murmur3")), (HashKind::Crc32, HashKind::Murmur3));
}

#[test]
fn a_key_must_fit_with_its_namespace() {
    let route = |prefix: usize, namespace: usize| {
        let (prefix, namespace) = ("p".repeat(prefix), "n".repeat(namespace));
        parse(&format!("{ONE_POOL}routes: [{{prefix: '{prefix}', pool: p, namespace: '{namespace}'}}]\n"))
    };
    assert!(route(0, 249).is_ok() && route(250, 0).is_ok() && route(100, 150).is_ok());
    for (prefix, namespace) in [(0, 250), (251, 0), (100, 151)] {
        assert!(route(prefix, namespace).unwrap_err().contains("at most 250 fit"));
    }
}
