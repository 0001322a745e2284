//! Broken files: each is told the place, what is wrong, and the cure; by a leash that runs, too.

use support::memcached::signal;
use support::{BOUND, Leash, wait_until};

use super::parse;
use crate::queues;

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
