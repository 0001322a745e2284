//! Pools whose servers are found: nodes that come and go, blips and garbage of those who know them.

mod stand_in;

use std::process::Command;
use std::time::{Duration, Instant};

use support::command::errors;
use support::leash::binary;
use support::{BOUND, Client, Leash, Memcached, pause, wait_until};

use stand_in::{Endpoint, Mood, NameService};

/// Some rounds of asking, one each second.
const ROUNDS: Duration = Duration::from_millis(3500);

fn ports(servers: &[Memcached]) -> Vec<u16> {
    servers.iter().map(Memcached::port).collect()
}

fn leash(discover: &str) -> Leash {
    Leash::with_config(&format!("pools: {{p: {{servers: {{discover: {{{discover}, every: 1s}}}}}}}}\nworkers: 1\n"))
}

/// The fingerprint of the placement that is in force.
fn fingerprint(leash: &Leash) -> String {
    let page = leash.page("/metrics");
    page.lines().find(|line| line.starts_with("leash_pool_fingerprint{")).expect("a fingerprint").to_string()
}

/// That of a pool in whose file the same servers are written.
fn written(ports: &[u16]) -> String {
    let servers: Vec<String> = ports.iter().map(|port| format!("'localhost:{port}'")).collect();
    let pools = format!("pools: {{p: {{servers: [{}]}}}}\nworkers: 1\n", servers.join(", "));
    fingerprint(&Leash::with_config(&pools))
}

fn becomes(leash: &Leash, ports: &[u16]) {
    let wanted = written(ports);
    wait_until("the pool has these servers", BOUND, || fingerprint(leash) == wanted);
}

fn fill(leash: &Leash) {
    let mut client = leash.client();
    for number in 0..50 {
        client.expect(format!("set key{number} 0 0 1\r\nx\r\n"), "STORED\r\n");
    }
}

fn hits(leash: &Leash) -> usize {
    let mut client = leash.client();
    (0..50).filter(|number| client.get(&format!("key{number}")).unwrap().is_some()).count()
}

#[test]
fn nodes_come_and_go_and_blips_move_no_key() {
    let servers = Memcached::start_many(3);
    let all = ports(&servers);
    let endpoint = Endpoint::start(Mood::Knows(1, all[..2].to_vec()));
    let leash = leash(&format!("elasticache: '{}', shrink_after: 5s", endpoint.address));
    assert_eq!(fingerprint(&leash), written(&all[..2]), "keys are where they are if the same names are written");
    fill(&leash);
    let counts = |server: &Memcached| {
        let mut direct = Client::connect(&server.address());
        (0..50).filter(|number| direct.get(&format!("key{number}")).unwrap().is_some()).count()
    };
    assert!(counts(&servers[0]) > 0 && counts(&servers[1]) > 0);

    let before = fingerprint(&leash);
    let blips = [
        Mood::HangsUp,
        Mood::Knows(2, vec![]),
        Mood::Babbles("CONFIG cluster 0 5\r\nwrong\r\nEND\r\n"),
        Mood::Babbles("VALUE x\r\n\r\n\r\n"),
        Mood::Knows(1, vec![all[1]]),
        Mood::Knows(0, vec![all[2]]),
    ];
    for blip in blips {
        endpoint.is_now(blip);
        pause(Duration::from_millis(1300));
        assert_eq!((fingerprint(&leash), hits(&leash)), (before.clone(), 50));
        endpoint.is_now(Mood::Knows(1, all[..2].to_vec()));
        pause(Duration::from_millis(1300));
    }
    assert!(leash.log().contains("the servers of a pool cannot be asked for, they stay as they are"));
    let questions = |outcome: &str| {
        let labels = format!("pool=\"p\",outcome=\"{outcome}\"");
        support::figures::metric(&leash, "leash_discovery_questions_total", &labels)
    };
    assert!(questions("ok") >= 6.0 && questions("failed") >= 3.0, "{}", leash.page("/metrics"));

    endpoint.is_now(Mood::Knows(3, all.clone()));
    becomes(&leash, &all);
    assert!(hits(&leash) > 10, "only the keys of the new server have moved");
    fill(&leash);
    endpoint.is_now(Mood::Knows(4, all[1..].to_vec()));
    let begun = Instant::now();
    becomes(&leash, &all[1..]);
    assert!(begun.elapsed() >= Duration::from_secs(4), "a server that is missing stays for a while");
    let log = leash.log();
    assert!(log.contains("a pool has other servers now") && log.contains(&format!("localhost:{}", all[0])), "{log}");
    let page = leash.page("/metrics");
    assert!(page.contains("leash_config_reloads_total{outcome=\"discovered\"} 2"), "{page}");
}

#[test]
fn an_endpoint_of_old_is_asked_in_its_own_words_and_nobody_misses_a_request_over_a_change() {
    let servers = Memcached::start_many(2);
    let all = ports(&servers);
    let endpoint = Endpoint::start(Mood::KnowsOfOld(1, vec![all[0]]));
    let leash = leash(&format!("elasticache: '{}', shrink_after: 0s", endpoint.address));
    assert_eq!(fingerprint(&leash), written(&all[..1]));
    let mut client = leash.client();
    endpoint.is_now(Mood::KnowsOfOld(2, vec![all[1]]));
    let begun = Instant::now();
    while begun.elapsed() < ROUNDS {
        client.expect("set key 0 0 1\r\nx\r\nget key\r\n", "STORED\r\nVALUE key 0 1\r\nx\r\nEND\r\n");
    }
    becomes(&leash, &all[1..]);
}

#[test]
fn srv_records_name_the_servers_and_a_name_service_in_trouble_takes_none_away() {
    let servers = Memcached::start_many(2);
    let all = ports(&servers);
    let names = NameService::start(vec![all[1], all[0]]);
    let discover = "dns_srv: _memcached._tcp.cache.example, shrink_after: 1h";
    let leash = leash(&format!("{discover}, nameserver: '{}'", names.address));
    assert_eq!(fingerprint(&leash), written(&all), "the order of records means nothing");
    fill(&leash);
    names.knows_now(vec![]);
    pause(ROUNDS);
    assert_eq!((fingerprint(&leash), hits(&leash)), (written(&all), 50));
    let more = Memcached::start();
    names.knows_now(vec![all[0], more.port()]);
    becomes(&leash, &[all[0], all[1], more.port()]);
}

#[test]
fn a_reload_keeps_the_servers_that_were_found_and_route_finds_them_too() {
    let servers = Memcached::start_many(2);
    let endpoint = Endpoint::start(Mood::Knows(1, ports(&servers)));
    let yaml = |more: &str| {
        let discover = format!("{{discover: {{elasticache: '{}', every: 1h}}}}", endpoint.address);
        format!("pools: {{p: {{servers: {discover}}}}}\nworkers: 1\n{more}")
    };
    let leash = Leash::with_config(&yaml(""));
    fill(&leash);
    let found = Command::new(binary()).args(["route", "key1", "--config"]).arg(leash.file()).output().unwrap();
    assert!(errors(&found).contains("localhost:"), "{}", errors(&found));
    endpoint.is_now(Mood::HangsUp);
    support::reload::reload(&leash, yaml("limits: {waiters: 5}\n"));
    assert_eq!(hits(&leash), 50);
    let gone = Command::new(binary()).args(["route", "key1", "--config"]).arg(leash.file()).output().unwrap();
    assert_eq!(gone.status.code(), Some(1));
    assert!(errors(&gone).contains("the servers of pool p cannot be found: "), "{}", errors(&gone));
}

#[test]
fn a_check_asks_who_knows_the_servers_and_each_of_them() {
    let server = Memcached::start();
    let names = NameService::start(vec![server.port()]);
    let check = |discover: &str, more: &str| {
        let yaml = format!("pools: {{p: {{servers: {{discover: {{{discover}}}}}}}}}\n{more}\n");
        let output = support::command::run(Command::new(binary()).args(["check", "--connect", "-"]), yaml);
        (errors(&output), output.status.code())
    };
    let srv = format!("dns_srv: _memcached._tcp.cache.example, nameserver: '{}'", names.address);
    let (said, code) = check(&srv, "");
    assert_eq!(code, Some(0), "{said}");
    let name = format!("localhost:{}", server.port());
    let records = "servers of pool p by the SRV records of _memcached._tcp.cache.example";
    assert!(said.starts_with(&format!("{records}: 1 server, {name}\nserver {name} of pool p: memcached 1.")), "{said}");
    // The name that is found leads back to leash itself.
    let (said, code) = check(&srv, &format!("listen: [{{tcp: '0.0.0.0:{}'}}]", server.port()));
    assert!(said.contains("this is where leash itself listens") && code == Some(69), "{said}");
    names.knows_now(vec![]);
    let (said, code) = check(&srv, "");
    assert!(said.starts_with(&format!("standard input: pools.p.servers: {records}: ")) && code == Some(69), "{said}");
    let empty = Endpoint::start(Mood::Knows(1, vec![]));
    let (said, code) = check(&format!("elasticache: '{}'", empty.address), "");
    assert!(said.ends_with(": the answer names none\n") && code == Some(69), "{said}");
}
