//! `queue` of a route: what can be said, and what is refused with which cure.

use std::time::Duration;

use leash::config::{Config, QueueDirectory, QueueMode, Queues, QueuesKept, RouteEnd};

/// Broken files, and the one line each is answered with.
pub const BROKEN: &[(&str, &str)] = &[
    (
        "routes:\n  - {prefix: '', queue: {}}\n",
        "2:18: routes[0].queue.dir: missing; write dir: /var/lib/leash/queues to keep messages here, or pool: and the name of \
         a pool of holders",
    ),
    ("routes:\n  - {prefix: '', queue: /q}\n", "2:25: routes[0].queue: text where a map (key: value) belongs"),
    ("routes:\n  - {prefix: '', queue: {dirr: /q}}\n", "2:26: routes[0].queue.dirr: unknown key, did you mean dir?"),
    (
        "routes:\n  - {prefix: '', queue: {dir: ''}}\n",
        "2:31: routes[0].queue.dir: an empty path; write a directory, such as /var/lib/leash/queues",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: 7}}\n",
        "2:31: routes[0].queue.dir: YAML reads this as 7; quote it if it is text",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', queue: {dir: /q, pool: p}}\n",
        "3:31: routes[0].queue.dir: messages are either here or at the holders of a pool; remove dir or pool",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, mode: redqueue}}\n",
        "2:41: routes[0].queue.mode: unknown value redqueue, valid here: reserve, kestrel",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, mode: kestral}}\n",
        "2:41: routes[0].queue.mode: unknown value kestral, did you mean kestrel?",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, reserve: 30}}\n",
        "2:44: routes[0].queue.reserve: 30 has no unit; write 30s",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, reserve: 10ms}}\n",
        "2:44: routes[0].queue.reserve: 10ms is out of range; write 100ms to 168h",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, max_items: 0}}\n",
        "2:46: routes[0].queue.max_items: 0 is out of range; write 1 to 1000000000",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, max_items: none}}\n",
        "2:46: routes[0].queue.max_items: none is no whole number; write 1 to 1000000000",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, max_bytes: 1GB}}\n",
        "2:46: routes[0].queue.max_bytes: 1GB is no size; write 1GiB, or 1000000000 for 1 GB in bytes",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, max_message: 65MiB}}\n",
        "2:48: routes[0].queue.max_message: 65MiB is out of range; write 1 to 64MiB",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, max_message: 2MiB}}\n",
        "2:48: routes[0].queue.max_message: no message of 2MiB comes in, as limits.item_size is 1MiB; raise that to 2MiB",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, sync: 1s}}\n",
        "2:41: routes[0].queue.sync: unknown value 1s, valid here: always, 100ms",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, sync: true}}\n",
        "2:41: routes[0].queue.sync: unknown value true, valid here: always, 100ms",
    ),
    (
        "routes:\n  - {prefix: '', queue: {dir: /q, max_redeliveries: -1}}\n",
        "2:53: routes[0].queue.max_redeliveries: -1 is no whole number; write 0 to 10000",
    ),
    (
        "routes:\n  - {prefix: 'a:', queue: {dir: /q/./a}}\n  - {prefix: 'b:', queue: {dir: /q//a/}}\n",
        "3:33: routes[1].queue.dir: /q//a/ is the directory of the route in line 2 already; give each route its own",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', pool: p, queue: {dir: /q}}\n",
        "3:24: routes[0].pool: queue says where messages are; remove pool",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', pool: p, queue: {pool: p}}\n",
        "3:24: routes[0].pool: queue says where messages are; remove pool",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', queue: {dir: /q}, refresh: {}}\n",
        "3:36: routes[0].refresh: a message goes to one consumer and is never stale; remove refresh, or queue",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', queue: {pool: p}, loader: {url: 'http://a/{key}'}}\n",
        "3:36: routes[0].loader: an empty queue has nothing to load; remove loader, or queue",
    ),
    (
        "pools: {p: {servers: [m0]}, q: {servers: [m1]}}\nroutes:\n  - {prefix: '', queue: {dir: /q}, migrate: {from: p, to: q, \
         phase: warm}}\n",
        "3:36: routes[0].migrate: messages cannot be moved between pools; remove migrate, or queue",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', queue: {pool: q}}\n",
        "3:32: routes[0].queue.pool: there is no pool q, did you mean p?",
    ),
    (
        "routes:\n  - {prefix: '', queue: {pool: q}}\n",
        "1:1: pools: missing; write pools: {main: {servers: [m0:11211]}}",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', queue: {pool: p, max_items: 5}}\n",
        "3:46: routes[0].queue.max_items: max_items belongs to the holders, which have the messages; write it there",
    ),
    (
        "pools: {p: {servers: [m0]}}\nroutes:\n  - {prefix: '', queue: {pool: p, sync: always}}\n",
        "3:41: routes[0].queue.sync: sync belongs to the holders, which have the messages; write it there",
    ),
    (
        "pools: {p: {servers: [m0], on_down: {gutter: embedded}}}\nroutes:\n  - {prefix: '', queue: {pool: p}}\n",
        "1:46: pools.p.on_down.gutter: p is a pool of queues: a gutter would take messages that no consumer finds once the \
         holder is back; write on_down: miss",
    ),
    (
        "pools: {p: {servers: [embedded]}}\nroutes:\n  - {prefix: '', queue: {pool: p}}\n",
        "1:9: pools.p.servers: the store in this process has no queues; name holders, or write dir in place of pool to keep \
         messages here",
    ),
    (
        "pools: {p: {servers: [m0], idle_timeout: 30s}}\nroutes:\n  - {prefix: '', queue: {pool: p}}\n",
        "1:42: pools.p.idle_timeout: a connection that ends after 30s would give back what is reserved for 30s; write more \
         than 30s, or remove idle_timeout",
    ),
];

fn parse(text: &str) -> Config {
    Config::parse("c.yaml", text).unwrap()
}

#[test]
fn queues_are_here_or_behind_a_pool_and_nothing_else_need_be_said() {
    let text =
        "pools: {h: {servers: [h0]}}\nroutes: [{prefix: 'a:', queue: {dir: /q}}, {prefix: 'bb:', queue: {pool: h}}]";
    let config = parse(text);
    let of = |kept| RouteEnd::Queues(Queues { mode: QueueMode::Reserve, reserve: Duration::from_secs(30), kept });
    assert_eq!(config.routes[1].end, of(QueuesKept::Here(QueueDirectory::at("/q".into()))));
    assert_eq!(config.routes[0].end, of(QueuesKept::Behind(0)));
    assert_eq!((config.routes[1].pool(), config.routes[0].pool()), (None, Some(0)));
}

#[test]
fn everything_can_be_said_of_a_directory() {
    let said = "mode: kestrel, reserve: 1500ms, max_items: 7, max_bytes: 1GiB, max_message: 64KiB, sync: 100ms, \
                max_redeliveries: 0";
    let config =
        parse(&format!("routes: [{{prefix: '', queue: {{dir: q, {said}}}, allow_flush: true, namespace: n}}]"));
    assert!(config.pools.is_empty() && config.routes[0].allow_flush);
    let directory = QueueDirectory {
        max_items: Some(7),
        max_bytes: Some(1 << 30),
        max_message: 64 << 10,
        sync: false,
        max_redeliveries: Some(0),
        ..QueueDirectory::at("q".into())
    };
    let (mode, reserve) = (QueueMode::Kestrel, Duration::from_millis(1500));
    let kept = QueuesKept::Here(directory);
    assert_eq!(config.routes[0].end, RouteEnd::Queues(Queues { mode, reserve, kept }));
    let off = "max_items: off, max_bytes: off, max_redeliveries: off, sync: always";
    let config = parse(&format!("routes: [{{prefix: '', queue: {{dir: q, {off}}}}}]"));
    assert_eq!(config.routes[0].queues().unwrap().directory(), Some(&QueueDirectory::at("q".into())));
}

#[test]
fn what_is_shown_of_queues_is_the_same_configuration() {
    let text = "pools: {h: {servers: [h0], idle_timeout: off}}
routes:
  - {prefix: 'a:', queue: {dir: /q, sync: 100ms, max_items: 5, max_redeliveries: 3}}
  - {prefix: 'b:', queue: {pool: h, mode: kestrel, reserve: 1h}}
";
    let shown = parse(text).to_json();
    assert_eq!(parse(&shown.to_string()).to_json(), shown);
    assert_eq!(shown["routes"][0]["queue"]["max_bytes"], "off");
    assert_eq!(shown["routes"][1]["queue"], serde_json::json!({"pool": "h", "mode": "kestrel", "reserve": "1h"}));
    assert_eq!(shown["routes"][1].get("pool"), None);
}

#[test]
fn a_listener_that_closes_busy_consumers_is_a_warning() {
    let config = parse("routes: [{prefix: '', queue: {dir: q, reserve: 1m}}]\nlimits: {idle: 20s}");
    assert_eq!(
        config.warnings[0].to_string(),
        "c.yaml:2:16: limits.idle: a consumer that works for 20s is closed and loses what it has reserved for 1m"
    );
    assert_eq!(parse("routes: [{prefix: '', queue: {dir: q}}]\nlimits: {idle: 31s}").warnings, []);
}
