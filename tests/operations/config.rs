//! The configuration as its user meets it: files in, meaning or messages out.

use leash::config::{
    Address, Config, Gutter, Limits, Listen, Loader, Log, Migrate, OnDown, Phase, Pool, QueueDirectory, QueuesKept,
    Refresh, Route, ServerConfig, SpoolConfig,
};
use leash::hash::{HashKind, KeyHash};
use leash::logging::LogFormat;
use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use crate::queues;
use support::memcached::signal;
use support::{Authority, BOUND, Leash, wait_until};

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
    assert_eq!((&shown["limits"]["in_flight"], &shown["limits"]["waiters"]), (&1024.into(), &10_000.into()));
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
fn what_is_probably_not_meant_is_a_warning() {
    let config = parse(
        "pools:
  p: {servers: [m0, m0:11211]}
  q: {servers: [m9]}
routes:
  - {prefix: 'a', pool: p}
  - {prefix: 'ab', pool: p, namespace: a}
",
    )
    .unwrap();
    assert_eq!(
        warnings(&config),
        [
            "c.yaml:2:21: pools.p.servers[1]: the same address as server m0",
            "c.yaml:3:3: pools.q: no route uses this pool",
            "c.yaml:5:6: routes: no route has the prefix \"\": keys that fit no prefix are refused",
            "c.yaml:6:6: routes[1]: with different namespaces, keys of this route and of \"a\" can meet under one name in the pool",
        ]
    );
}

#[test]
fn a_gutter_that_has_servers_of_the_other_side_is_none_while_a_route_moves() {
    let used = |pools: &str| {
        let pools = format!("{pools}, c: {{servers: [m2]}}, d: {{servers: [embedded]}}");
        let routes =
            "[{prefix: '', migrate: {from: a, to: b, phase: warm}}, {prefix: c, pool: c}, {prefix: d, pool: d}]";
        let config = parse(&format!("pools: {{{pools}}}\nroutes: {routes}\n")).unwrap();
        let route = config.routes.iter().find(|route| route.migrate.is_some()).unwrap();
        let used = [0, 1].map(|pool| route.gutter(pool, &config.pools).is_some());
        (used, config.warnings.iter().map(|warning| warning.text.clone()).collect::<Vec<_>>())
    };
    let both = |a: &str, b: &str| {
        let pool = |name: &str, server: &str, gutter: &str| {
            let down = if gutter.is_empty() { String::new() } else { format!(", on_down: {{gutter: {gutter}}}") };
            format!("{name}: {{servers: [{server}]{down}}}")
        };
        used(&format!("{}, {}, e: {{servers: [m0, m9]}}", pool("a", "m0", a), pool("b", "m1", b)))
    };
    let told = |gutter: &str, pool: &str| {
        let text = format!("{gutter}, the gutter of pool {pool}, shares servers with the other side of the move");
        format!("{text}: on this route, keys of a down server of {pool} miss instead")
    };
    assert_eq!(both("c", "d"), ([true, true], vec!["no route uses this pool".into()]), "nobody uses e");
    assert_eq!(both("e", "c"), ([true, true], vec![]), "its own servers are no harm");
    assert_eq!(both("b", "").0, [false, false]);
    assert_eq!(both("e", "e"), ([false, false], vec![told("e", "a"), told("e", "b")]));
    assert_eq!(both("d", "d").0, [false, true], "one gutter for both is that of the new pool");
    assert_eq!(both("embedded", "embedded").0, [false, true]);
    assert_eq!(both("", "a").0, [false, false]);
}

#[test]
fn routes_to_pools_that_are_not_there_are_problems_and_nothing_worse() {
    for pools in ["pools: {}", "pools:", "pool: {a: {servers: [m0]}}"] {
        let routes =
            "routes: [{prefix: '', migrate: {from: a, to: b, phase: warm}}, {prefix: x, pool: a, namespace: y}]";
        parse(&format!("{pools}\n{routes}\n")).unwrap_err();
    }
}

#[test]
fn routes_that_share_a_gutter_can_meet_there() {
    let warned = |on_down: &str| {
        let pools = format!("p: {{servers: [m0]{on_down}}}, q: {{servers: [m1]{on_down}}}, g: {{servers: [m2]}}");
        let routes = "[{prefix: a, pool: p}, {prefix: '', pool: q, namespace: a}, {prefix: zz, pool: g}]";
        let config = parse(&format!("pools: {{{pools}}}\nroutes: {routes}\n")).unwrap();
        config.warnings.iter().any(|warning| warning.text.contains("can meet under one name"))
    };
    assert_eq!([warned(""), warned(", on_down: {gutter: g}")], [false, true]);
}

#[test]
fn routes_that_share_names_should_tell_the_same_values_stale() {
    let warned = |a: &str, b: &str| {
        let routes = format!("[{{prefix: a, pool: p{a}}}, {{prefix: '', pool: p, namespace: a{b}}}]");
        let config = parse(&format!("pools: {{p: {{servers: [m0]}}}}\nroutes: {routes}\n")).unwrap();
        let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
        warning.text.clone()
    };
    let meet = "with different namespaces, keys of this route and of \"\" can meet under one name in the pool";
    let disagree = format!("{meet}, and what is stale to one is not to the other; give both the same refresh");
    assert_eq!(warned("", ""), meet);
    assert_eq!(warned(", refresh: {}", ", refresh: {lease: 5s}"), meet);
    assert_eq!(warned(", refresh: {}", ""), disagree);
    assert_eq!(warned(", refresh: {}", ", refresh: {marker_bit: 30}"), disagree);
    assert_eq!(warned(", refresh: {}", ", refresh: {grace: 5s}"), disagree);
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
fn hash_tags_that_the_original_did_not_know_are_a_warning() {
    let said = |hash: &str| {
        warnings(&parse(&format!("pools: {{p: {{servers: [m0], hash: {hash}, hash_tags: '{{}}'}}}}\n")).unwrap())
    };
    let text =
        "c.yaml:1:54: pools.p.hash_tags: keys with {…} are not where pymemcache put them, as it knows no hash tags";
    assert_eq!(said("murmur3"), [text]);
    assert_eq!((said("rendezvous").len(), said("twemproxy_ketama").len()), (0, 0));
}

#[test]
fn all_problems_are_listed_at_once_in_the_order_of_the_file() {
    let text = "listn: []
workers: many
pools:
  main:
    server: [m0]
    hash: md5
  main:
    servers: [m1]
routes:
  - prefix: ''
    pool: mian
limits: {item_size: 64MB}
";
    let expected = "\
c.yaml:1:1: listn: unknown key, did you mean listen?
c.yaml:2:10: workers: many is neither auto nor a number; write auto
c.yaml:5:5: pools.main.server: unknown key, did you mean servers?
c.yaml:6:11: pools.main.hash: md5 hashes keys; write key_hash: md5 and hash: twemproxy_ketama
c.yaml:7:3: pools.main: written twice, first in line 4; keep one of them
c.yaml:11:11: routes[0].pool: there is no pool mian, did you mean main?
c.yaml:12:21: limits.item_size: 64MB is no size; write 64MiB, or 64000000 for 64 MB in bytes";
    assert_eq!(parse(text).unwrap_err(), expected);
}

/// Broken files, and the one line each is answered with (the beginning of it is the place, then what is wrong).
const BROKEN: &[(&str, &str)] = &[
    ("", "1:1: pools: missing; write pools: {main: {servers: [m0:11211]}}"),
    ("- a\n", "1:3: a list where a map (key: value) belongs"),
    ("pools: {p: {servers: [m0]}}\npols: 1\n", "2:1: pols: unknown key, did you mean pools?"),
    (
        "pools: {p: {servers: [m0]}}\nbanana: 1\n",
        "2:1: banana: unknown key, valid here: listen, admin, workers, pools, routes, limits, spool, log, metrics",
    ),
    (
        "pools: {p: {servers: [m0]}}\npools: {q: {servers: [m1]}}\n",
        "2:1: pools: written twice, first in line 1; keep one of them",
    ),
    ("pools: 5\n", "1:8: pools: a number where a map (key: value) belongs"),
    ("pools: {}\n", "1:1: pools: missing; name at least one pool"),
    ("pools:\n  p:\n    servers: []\n", "2:3: pools.p.servers: no server; write servers: [m0:11211]"),
    (
        "pools:\n  main:\n  servers: [m0]\n  hash: rendezvous\n",
        "3:3: pools.servers: stands beside main, which is empty; indent it below main",
    ),
    ("pools:\nmain:\n  servers: [m0]\n", "2:1: main: stands beside pools, which is empty; indent it below pools"),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - prefix: ''\n    pool: p\n    refresh:\n    grace: 60s\n",
        "7:5: routes[0].grace: stands beside refresh, which is empty; indent it below refresh",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlimits:\nidle: 1h\n",
        "3:1: idle: stands beside limits, which is empty; indent it below limits",
    ),
    ("pools:\n  p:\n", "2:5: pools.p: nothing where a map (key: value) belongs"),
    ("pools:\n  p: {hash: rendezvous}\n", "2:3: pools.p.servers: missing; write servers: [m0:11211]"),
    ("pools:\n  p: {servers: m0}\n", "2:16: pools.p.servers: text where a list ([…]) belongs"),
    ("pools:\n  p: {sever: [m0]}\n", "2:7: pools.p.sever: unknown key, did you mean servers?"),
    ("pools:\n  p b: {servers: [m0]}\n", "2:3: pools.p b: a name with a space or control character: p b; leave it out"),
    (
        "pools:\n  p: {servers: [m0, m0]}\n",
        "2:21: pools.p.servers[1]: the pool has a server m0 already; give this one a name of its own",
    ),
    ("pools:\n  p: {servers: [11211]}\n", "2:17: pools.p.servers[0]: 11211 is a port without a host; write m0:11211"),
    (
        "pools:\n  p: {servers: ['m0:70000']}\n",
        "2:17: pools.p.servers[0]: 70000 is no port; write a number from 1 to 65535",
    ),
    (
        "pools:\n  p: {servers: ['::1']}\n",
        "2:17: pools.p.servers[0]: an IPv6 address needs brackets; write [::1]:11211",
    ),
    ("pools:\n  p: {servers: [{name: m}]}\n", "2:18: pools.p.servers[0].address: missing; write address: m0:11211"),
    ("pools:\n  p: {servers: [{adress: m0}]}\n", "2:18: pools.p.servers[0].adress: unknown key, did you mean address?"),
    (
        "pools:\n  p:\n    servers:\n      - {address: m0, weight: 0}\n",
        "4:31: pools.p.servers[0].weight: 0 is out of range; write 1 to 1000",
    ),
    (
        "pools:\n  p:\n    servers:\n      - {address: m0, name: 'a b'}\n",
        "4:29: pools.p.servers[0].name: a name with a space or control character: a b; leave it out",
    ),
    (
        "pools:\n  p: {servers: [m0, embedded]}\n",
        "2:21: pools.p.servers[1]: embedded must be alone in its pool; give it a pool of its own",
    ),
    (
        "pools:\n  p: {servers: [m0], embedded: {max_bytes: 1MiB}}\n",
        "2:22: pools.p.embedded: this pool has no embedded store; remove this, or write servers: [embedded]",
    ),
    (
        "pools:\n  p: {servers: [m0], hash: murmur}\n",
        "2:28: pools.p.hash: murmur hashes keys; write key_hash: murmur and hash: twemproxy_ketama",
    ),
    ("pools:\n  p: {servers: [m0], hash: ketma}\n", "2:28: pools.p.hash: unknown value ketma, did you mean ketama?"),
    (
        "pools:\n  p: {servers: [m0], hash: sha1}\n",
        "2:28: pools.p.hash: unknown value sha1, valid here: rendezvous, ketama, ketama_weighted, twemproxy_ketama, modula, \
         twemproxy_modula, crc32, crc32_or_1, murmur3, dalli, memcached_proxy",
    ),
    (
        "pools:\n  p: {servers: [m0], hash: ketama, key_hash: fnv1a-64}\n",
        "2:46: pools.p.key_hash: unknown value fnv1a-64, did you mean fnv1a_64?",
    ),
    (
        "pools:\n  p: {servers: [m0], key_hash: md5}\n",
        "2:32: pools.p.key_hash: hash: rendezvous has its own way to hash keys; remove key_hash, or write auto",
    ),
    (
        "pools:\n  p: {servers: [{address: m0, weight: 2}], hash: murmur3}\n",
        "2:39: pools.p.servers[0].weight: pymemcache knows no weights; remove this, or write weight: 1",
    ),
    (
        "pools:\n  p: {servers: [{address: m0, weight: 2}], hash: modula}\n",
        "2:39: pools.p.servers[0].weight: libmemcached's modula takes no notice of weights; remove this, or did you mean \
         hash: twemproxy_modula?",
    ),
    (
        "pools:\n  p: {servers: [m0], unhashed_prefix: 'a b'}\n",
        "2:39: pools.p.unhashed_prefix: \"a b\" holds a space or control character, which no key does; remove it",
    ),
    (
        "pools:\n  p: {servers: [m0], hash_tags: '{'}\n",
        "2:33: pools.p.hash_tags: { is not two characters; write \"{}\", or off",
    ),
    (
        "pools:\n  p: {servers: [m0], connect_timeout: 250}\n",
        "2:39: pools.p.connect_timeout: 250 has no unit; write 250s or 250ms",
    ),
    (
        "pools:\n  p: {servers: [m0], request_timeout: 0s}\n",
        "2:39: pools.p.request_timeout: 0ms is out of range; write 1ms to 10m",
    ),
    (
        "pools:\n  p: {servers: [m0], request_timeout: 1.5s}\n",
        "2:39: pools.p.request_timeout: 1.5s is a fraction; write 1500ms",
    ),
    (
        "pools:\n  p: {servers: [m0], request_timeout: }\n",
        "2:39: pools.p.request_timeout: no value; write one, or leave the key out for its default",
    ),
    ("pools:\n  p: {servers: [m0], failures: 0}\n", "2:32: pools.p.failures: 0 is out of range; write 1 to 1000000"),
    (
        "pools:\n  p: {servers: [m0], on_down: {gutter: {pool: q}}}\n",
        "2:47: pools.p.on_down.gutter.pool: there is no pool q, did you mean p?",
    ),
    (
        "pools:\n  p: {servers: [m0], on_down: {gutter: p}}\n",
        "2:40: pools.p.on_down.gutter: a pool cannot be its own gutter; name another, or write embedded",
    ),
    (
        "pools:\n  p: {servers: [m0], on_down: {gutter: q}}\n  q: {servers: [m1], on_down: {gutter: embedded}}\n",
        "2:40: pools.p.on_down.gutter: pool q has a gutter itself; give q on_down: miss",
    ),
    (
        "pools:\n  p: {servers: [m0], on_down: {gutter: {pool: embedded, ttl: 1500ms}}}\n",
        "2:62: pools.p.on_down.gutter.ttl: 1500ms is no whole number of seconds, which memcached counts; write 2s",
    ),
    (
        "pools:\n  p: {servers: [m0], on_down: {gutter: {ttl: 5s}}}\n",
        "2:32: pools.p.on_down.gutter.pool: missing; write the name of a pool, or embedded",
    ),
    (
        "pools:\n  p: {servers: [m0], on_down: gutter}\n",
        "2:31: pools.p.on_down: unknown value gutter, write miss, or {gutter: embedded}",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nspool: {max_keys: 99999999}\n",
        "3:19: spool.max_keys: 99999999 is out of range; write 0 to 10000000",
    ),
    (
        "pools:\n  p: {servers: [m0], on_down: fail}\n",
        "2:31: pools.p.on_down: unknown value fail, write miss, or {gutter: embedded}",
    ),
    ("pools:\n  p: {servers: [m0]}\nroutes: []\n", "1:1: routes: no route; write - {prefix: \"\", pool: main}"),
    (
        "pools:\n  p: {servers: [m0]}\n  q: {servers: [m1]}\n",
        "1:1: routes: missing; several pools need routes: [{prefix: \"\", pool: …}]",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - pool: p\n",
        "4:5: routes[0].prefix: missing; write prefix: \"\" for every key",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - prefix: ''\n",
        "4:5: routes[0].pool: missing; write the name of a pool",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: q}\n",
        "4:24: routes[0].pool: there is no pool q, did you mean p?",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: a, pool: p}\n  - {prefix: a, pool: p}\n",
        "5:6: routes[1].prefix: another route has the prefix \"a\"; remove one",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: 12, pool: p}\n",
        "4:14: routes[0].prefix: YAML reads this as 12; quote it if it is text",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: 'a b', pool: p}\n",
        "4:14: routes[0].prefix: \"a b\" holds a space or control character, which no key may; remove it",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, namespace: \"x\\r\\nset\"}\n",
        "4:38: routes[0].namespace: \"x\\r\\nset\" holds a space or control character, which no key may; remove it",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, allow_flush: yes}\n",
        "4:40: routes[0].allow_flush: yes is not a switch; write true or false",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: }\n",
        "4:36: routes[0].refresh: no map (key: value); write {} for its defaults, or leave the key out to turn it off",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: off}\n",
        "4:36: routes[0].refresh: no map (key: value); write {} for its defaults, or leave the key out to turn it off",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {grase: 60s}}\n",
        "4:37: routes[0].refresh.grase: unknown key, did you mean grace?",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {ttl: 60s}}\n",
        "4:37: routes[0].refresh.ttl: unknown key, valid here: grace, lease, cold_wait, jitter, marker_bit, letters, early",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {grace: 60}}\n",
        "4:44: routes[0].refresh.grace: 60 has no unit; write 60s",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {grace: 1500ms}}\n",
        "4:44: routes[0].refresh.grace: 1500ms is no whole number of seconds, which memcached counts; write 2s",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {grace: 1.5s}}\n",
        "4:44: routes[0].refresh.grace: 1.5s is a fraction; write 2s",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {grace: 0s}}\n",
        "4:44: routes[0].refresh.grace: 0ms is out of range; write 1s to 720h",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {grace: 721h}}\n",
        "4:44: routes[0].refresh.grace: 721h is out of range; write 1s to 720h",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {lease: 2500ms}}\n",
        "4:44: routes[0].refresh.lease: 2500ms is no whole number of seconds, which memcached counts; write 3s",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {lease: 1s}}\n",
        "4:44: routes[0].refresh.lease: 1s is out of range; write 2s to 1h",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {lease: 500ms}}\n",
        "4:44: routes[0].refresh.lease: 500ms is no whole number of seconds, which memcached counts; write 2s to 1h",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {cold_wait: 61s, lease: 2m}}\n",
        "4:48: routes[0].refresh.cold_wait: 61s is out of range; write 0ms to 1m",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {cold_wait: 10500ms}}\n",
        "4:48: routes[0].refresh.cold_wait: cold_wait (10500ms) is not shorter than lease (10s); lower it, or raise lease to 11s or more",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {cold_wait: 2s, lease: 2s}}\n",
        "4:48: routes[0].refresh.cold_wait: cold_wait (2s) is not shorter than lease (2s); lower it, or raise lease to 3s or more",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {cold_wait: 20s, lease: 1s}}\n",
        "4:60: routes[0].refresh.lease: 1s is out of range; write 2s to 1h",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {jitter: 0.1}}\n",
        "4:45: routes[0].refresh.jitter: 0.1 is no percentage; write 10%",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {jitter: 51%}}\n",
        "4:45: routes[0].refresh.jitter: 51% is out of range; write 0% to 50%",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {marker_bit: 32}}\n",
        "4:49: routes[0].refresh.marker_bit: 32 is out of range; write 0 to 31",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {early: 1.0}}\n",
        "4:44: routes[0].refresh.early: no map (key: value); write {} for its defaults, or leave the key out to turn it off",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {early: {bet: 1}}}\n",
        "4:45: routes[0].refresh.early.bet: unknown key, did you mean beta?",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {early: {beta: 0}}}\n",
        "4:51: routes[0].refresh.early.beta: 0 is out of range; write more than 0, at most 10",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {early: {beta: 10.5}}}\n",
        "4:51: routes[0].refresh.early.beta: 10.5 is out of range; write more than 0, at most 10",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {early: {beta: .nan}}}\n",
        "4:51: routes[0].refresh.early.beta: NaN is out of range; write more than 0, at most 10",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', pool: p, refresh: {early: {beta: often}}}\n",
        "4:51: routes[0].refresh.early.beta: often is no number; write one, such as 1.0",
    ),
    (
        "pools:\n  p: {servers: [m0]}\n  q: {servers: [m1]}\nroutes:\n  - {prefix: '', pool: p, migrate: {from: p, to: q, phase: warm}}\n",
        "5:24: routes[0].pool: migrate says which pools; remove pool",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', migrate: {to: p, phase: warm}}\n",
        "4:18: routes[0].migrate.from: missing; write the name of a pool",
    ),
    (
        "pools:\n  p: {servers: [m0]}\nroutes:\n  - {prefix: '', migrate: {from: p, to: p, phase: warm}}\n",
        "4:41: routes[0].migrate.to: from and to are the same pool; write pool instead of migrate",
    ),
    (
        "pools:\n  p: {servers: [m0]}\n  q: {servers: [m1, m0]}\nroutes:\n  - {prefix: '', migrate: {from: p, to: q, phase: drain}}\n",
        "5:41: routes[0].migrate.to: pool p has server m0:11211 as well, where a write would delete what it stored; move to other servers",
    ),
    (
        "pools:\n  p: {servers: [m0]}\n  q: {servers: [m1]}\nroutes:\n  - {prefix: '', migrate: {from: p, to: qq, phase: warm}}\n",
        "5:41: routes[0].migrate.to: there is no pool qq, did you mean q?",
    ),
    (
        "pools:\n  p: {servers: [m0]}\n  q: {servers: [m1]}\nroutes:\n  - {prefix: '', migrate: {from: p, to: q, phase: wram}}\n",
        "5:51: routes[0].migrate.phase: unknown value wram, did you mean warm?",
    ),
    (
        "pools:\n  p: {servers: [m0]}\n  q: {servers: [m1]}\nroutes:\n  - {prefix: '', migrate: {from: p, to: q}}\n",
        "5:18: routes[0].migrate.phase: missing; write prepare, warm, drain",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten:\n  - 127.0.0.1:11211\n",
        "3:5: listen[0]: an address alone; write tcp: 127.0.0.1:11211",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten: []\n",
        "1:1: listen: an empty list; write - tcp: 127.0.0.1:11211, or leave listen out",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten: [{tcp: 11211}]\n",
        "2:16: listen[0].tcp: 11211 is no address; write 127.0.0.1:11211",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten: [{tcp: '127.0.0.1:1', unix: /x}]\n",
        "2:11: listen[0]: both tcp and unix; write two elements of the list",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten:\n  - tcp: 127.0.0.1:1\n  - tcp: 127.0.0.1:1\n",
        "4:10: listen[1].tcp: the same address as listen[0].tcp; write another",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten:\n  - tcp: 127.0.0.1:5\n  - tcp: 0.0.0.0:5\n",
        "4:10: listen[1].tcp: 127.0.0.1:5 (listen[0].tcp) and this are one port for the kernel; write another port",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten: [{tcp: '[::]:5'}]\nadmin: 127.0.0.1:5\n",
        "3:8: admin: [::]:5 (listen[0].tcp) and this are one port for the kernel; write another port",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlisten: [{tcp: '0.0.0.0:11291'}]\n",
        "2:16: listen[0].tcp: 127.0.0.1:11291 is the default of admin; write another port, or admin: off",
    ),
    (
        "pools:\n  p: {servers: ['localhost:11211']}\n",
        "2:17: pools.p.servers[0]: localhost:11211 is leash itself, which listens on 127.0.0.1:11211; write the memcached's \
         address, or let leash listen elsewhere",
    ),
    (
        "pools: {p: {servers: [m0]}}\nadmin: 127.0.0.1:11211\n",
        "2:8: admin: the same address as the default of listen; write another",
    ),
    ("pools: {p: {servers: [m0]}}\nadmin: false\n", "2:8: admin: false is no address; write 127.0.0.1:11291, or off"),
    ("pools: {p: {servers: [m0]}}\nworkers: 0\n", "2:10: workers: 0 is out of range; write 1 to 1024"),
    (
        "pools: {p: {servers: [m0]}}\nlimits: {item_size: 16MiB}\n",
        "2:21: limits.item_size: item_size (16MiB) exceeds unsent_replies (8MiB); raise unsent_replies to 16MiB or more",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlimits: {keys_per_get: '10,000'}\n",
        "2:24: limits.keys_per_get: 10,000 is no whole number; write 10000",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlimits: {in-flight: 5}\n",
        "2:10: limits.in-flight: unknown key, did you mean in_flight?",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlimits: {waiters: 0}\n",
        "2:19: limits.waiters: 0 is out of range; write 1 to 1000000",
    ),
    ("pools: {p: {servers: [m0]}}\nlog: {level: inof}\n", "2:14: log.level: unknown level inof, did you mean info?"),
    (
        "pools: {p: {servers: [m0]}}\nlog: {format: yaml}\n",
        "2:15: log.format: unknown value yaml, valid here: auto, text, json",
    ),
    (
        "pools: {p: {servers: [m0]}}\nlog: {keys: 'true'}\n",
        "2:13: log.keys: true is text as it stands there, not a switch; write true, unquoted",
    ),
    (
        "pools: {p: &x {servers: [m0]}, q: *x}\n",
        "1:32: anchors and aliases (& and *) are not allowed; write the value out",
    ),
    ("pools: {p: {servers: [m0]}}\n<<: {}\n", "2:1: <<: merge keys are not allowed; write the entries out"),
    ("pools:\n\tp: {}\n", "2:1: a tab; YAML is indented with spaces"),
    (
        "pools: {p: {servers: [m0]}}\n---\nworkers: 1\n",
        "3:1: a second document begins before this; a configuration is one document",
    ),
    (
        "pools: {p: {servers: [m0}}\n",
        "1:25: not YAML: did not find expected ',' or ']', while parsing a flow sequence at line 1 column 22",
    ),
    ("admin: !env ADMIN\n", "1:8: YAML tags (!…) are not allowed; write the plain value, or quote it"),
];

fn broken() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    BROKEN.iter().chain(queues::written::BROKEN)
}

#[test]
fn every_broken_file_is_told_the_place_and_the_cure() {
    let wrong: Vec<String> = broken()
        .map(|(text, expected)| (text, format!("c.yaml:{expected}"), parse(text).err().unwrap_or_default()))
        .filter(|(_, expected, found)| expected != found)
        .map(|(text, expected, found)| format!("{text}expected {expected}\nfound    {found}\n"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), broken().count(), wrong.join("\n"));
}

/// The same files, one after the other, for a leash that runs.
#[test]
fn every_broken_file_is_refused_by_a_leash_that_runs() {
    let leash = Leash::with_file_alone("pools: {main: {servers: [embedded]}}\nworkers: 1\n");
    let mut client = leash.client();
    client.expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    assert!(broken().count() >= 50, "only {} kinds of broken file", broken().count());
    for (n, (text, message)) in broken().enumerate() {
        leash.configure(text);
        signal(leash.pid(), "HUP");
        let refused = "leash_config_reloads_total{outcome=\"refused\"} ";
        wait_until(&format!("{text:?} is refused"), BOUND, || {
            let page = leash.page("/metrics");
            let count = page.lines().find_map(|line| line.strip_prefix(refused)?.parse::<usize>().ok());
            count > Some(n)
        });
        let log = leash.log();
        let told: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_it = |line: &serde_json::Value| {
            line["level"] == "ERROR"
                && line["message"].as_str().is_some_and(|said| said.ends_with(&format!("leash.yaml:{message}")))
        };
        assert!(told.iter().any(is_it), "{message:?} is not in\n{log}");
        client.expect("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    }
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

#[test]
fn a_hostile_file_is_refused_soon() {
    let fill = |head: &str, piece: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        for piece in (0..).map(piece) {
            if text.len() + piece.len() > 1 << 20 {
                break;
            }
            text += &piece;
        }
        text
    };
    let files = [
        fill("", &|_| "[".into()),
        fill("", &|_| "? ".into()),
        fill("", &|n| format!("k{n}: ")),
        fill("", &|n| format!("k{n}: 1\n")),
        fill("pools:\n", &|n| format!(" p{n}: {{}}\n")),
        fill("pools:\n", &|_| " p: {}\n".into()),
        fill("pools:\n p:\n  servers:\n", &|n| format!("  - m{n}\n")),
        fill("pools: {p: {servers: [m]}}\nroutes:\n", &|n| format!(" - {{prefix: a{n}, namespace: b{n}, pool: p}}\n")),
    ];
    for text in files {
        let begin = std::time::Instant::now();
        let problems = parse(&text).unwrap_err();
        let (seconds, head) = (begin.elapsed().as_secs(), &text[..60]);
        assert!(seconds < 20, "{seconds} s (unoptimized) for {head}");
        assert!(problems.lines().count() <= 101 && problems.len() < 1 << 16, "{head}");
    }
}

#[test]
fn files_that_are_not_text_or_too_long_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let load = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        Config::load(file.path()).map_err(|problems| problems.to_string())
    };
    assert_eq!(load(ONE_POOL.as_bytes()), parse(ONE_POOL));
    let path = file.path().display();
    let expected = format!("{path}:2:2: not UTF-8 from here on; save the file as UTF-8");
    assert_eq!(load(b"pools: {}\n#\xff\n").unwrap_err(), expected);
    assert!(load(&vec![b'#'; (1 << 20) + 1]).unwrap_err().contains("more than the 1MiB"));
    assert!(load(&[b'#'; 1 << 20]).unwrap_err().contains("pools: missing"), "exactly 1 MiB is read");
    assert!(load(b"\0").unwrap_err().contains("not YAML: control characters are not allowed"));
    assert!(Config::load("/no/such").unwrap_err().to_string().starts_with("/no/such: cannot be read: No such file"));
    assert!(Config::load("/").unwrap_err().to_string().contains("cannot be read: Is a directory"));
}

mod any {
    use super::*;
    use proptest::prelude::*;

    /// The example with a few characters replaced by ones that mean something in YAML.
    fn mutilated() -> impl Strategy<Value = String> {
        let hole = (0..EXAMPLE.len(), 0..4usize, "[-{}\\[\\],:&*!|>%@?#'\"~ \t\nab0\u{0}\u{fc}]{0,3}");
        proptest::collection::vec(hole, 1..6).prop_map(|holes| {
            let mut text = EXAMPLE.to_owned();
            for (at, length, piece) in holes {
                let at = at.min(text.len());
                let end = (at + length).min(text.len());
                if text.is_char_boundary(at) && text.is_char_boundary(end) {
                    text.replace_range(at..end, &piece);
                }
            }
            text
        })
    }

    fn holds(text: &str) {
        match Config::parse("c.yaml", text) {
            Ok(config) => {
                let shown = config.to_json();
                assert_eq!(parse(&shown.to_string()).unwrap().to_json(), shown);
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                for problem in problems.iter() {
                    let line = problem.place.mark.expect("every problem of a file has a place").line;
                    assert!(line <= text.lines().count() + 1, "{problem}");
                    assert!(!problem.to_string().contains(|c: char| c.is_control()), "{problem:?}");
                }
            }
        }
    }

    #[test]
    fn a_path_that_holds_control_characters_is_told_without_them() {
        holds("listen: [{tcp: 127.0.0.1:1, auth_file: \"/etc\\t\\e[31m/users\"}]\npools: {a: {servers: [a:1]}}\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_mutilated_file_is_refused_with_a_place_or_means_something(text in mutilated()) {
            holds(&text);
        }

        #[test]
        fn so_is_any_text(text in "[-{}\\[\\],:&*!|>%@?#'\"~ \t\nab0\u{fc}]{0,40}") {
            holds(&text);
        }
    }
}
