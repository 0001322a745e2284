//! What another configuration changes: on the connections that are there, from the next request on.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use support::figures::{metric, reaches};
use support::leash::binary;
use support::{BOUND, Client, Leash, Memcached, free_port, wait_until};

use super::{reload, reloads};

fn over(server: &Memcached, more: &str) -> String {
    format!("workers: 2\npools: {{main: {{servers: [\"{}\"]}}}}\n{more}\n", server.address())
}

#[test]
fn a_pool_with_other_servers_is_used_from_the_next_request_on() {
    let (old, new) = (Memcached::start(), Memcached::start());
    let leash = Leash::with_config(&over(&old, ""));
    let mut client = leash.client();
    client.expect("set a 0 0 3\r\nold\r\n", "STORED\r\n");
    reload(&leash, over(&new, ""));
    client.expect("get a\r\nset a 0 0 3\r\nnew\r\n", "END\r\nSTORED\r\n");
    Client::connect(&old.address()).expect("get a\r\n", "VALUE a 0 3\r\nold\r\nEND\r\n");
    Client::connect(&new.address()).expect("get a\r\n", "VALUE a 0 3\r\nnew\r\nEND\r\n");
    let labels = |server: &Memcached| format!("server=\"{}\"", server.address());
    wait_until("the connection to the old server closes and its series go", BOUND, || {
        !leash.page("/metrics").contains(&labels(&old)) && connections(&old) == 1
    });
    assert_eq!(metric(&leash, "leash_upstream_connections", &labels(&new)), 1.0);
}

/// How many clients a memcached has, the one that asks included.
fn connections(server: &Memcached) -> u32 {
    let mut client = Client::connect(&server.address());
    client.send("stats\r\n");
    let mut found = 0;
    loop {
        let line = String::from_utf8(client.read_line().unwrap()).unwrap();
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["END"] => return found,
            ["STAT", "curr_connections", n] => found = n.parse().unwrap(),
            _ => {}
        }
    }
}

#[test]
fn routes_come_and_go_and_change_their_policies() {
    let server = Memcached::start();
    let leash = Leash::with_config(&over(&server, ""));
    let mut client = leash.client();
    client.expect(
        "set page:1 0 100 1\r\nx\r\nflush_all\r\n",
        concat!(
            "STORED\r\n",
            "CLIENT_ERROR flush_all is not allowed, set allow_flush: true on the route with prefix \"\"\r\n"
        ),
    );
    let routes = "routes:
  - {prefix: 'page:', pool: main, namespace: 'n:', refresh: {grace: 1000s}, allow_flush: true}
  - {prefix: '', pool: main, allow_flush: true}";
    reload(&leash, over(&server, routes));
    client.expect("get page:1\r\nset page:1 0 100 1\r\ny\r\n", "END\r\nSTORED\r\n");
    let mut direct = Client::connect(&server.address());
    let ttl = direct.ask("mg n:page:1 t\r\n").trim_start_matches("HD t").parse::<i64>();
    assert!(ttl.as_ref().is_ok_and(|ttl| (1001..=1100).contains(ttl)), "stale time is added: {ttl:?}");
    client.expect("flush_all\r\n", "OK\r\n");
    reload(&leash, over(&server, "routes: [{prefix: 'page:', pool: main}]"));
    client.expect("get other\r\n", "SERVER_ERROR leash has no route for this key, add one with prefix \"\"\r\n");
    assert_eq!(metric(&leash, "leash_config_routes", ""), 1.0);
}

#[test]
fn limits_change_on_connections_that_are_there() {
    let server = Memcached::start();
    let leash = Leash::with_config(&over(&server, ""));
    let mut client = leash.client();
    let set = [&b"set a 0 0 5000\r\n"[..], &[b'v'; 5000], b"\r\n"].concat();
    client.expect(&set, "STORED\r\n");
    // The head came under the old limits, the rest under the new ones.
    let mut midway = leash.client();
    midway.send(&set[..100]);
    reload(&leash, over(&server, "limits: {item_size: 4KiB, keys_per_get: 2, connections: 3}"));
    midway.expect(&set[100..], "STORED\r\n");
    client.expect(&set, "SERVER_ERROR object too large for cache\r\n");
    client.send("get a b c\r\n");
    assert!(client.read_line().unwrap().starts_with(b"CLIENT_ERROR "));
    let _third = leash.client();
    wait_until("a fourth client is refused", BOUND, || {
        let mut fourth = leash.client();
        fourth.send("version\r\n");
        fourth.read_line().is_ok_and(|line| line.starts_with(b"SERVER_ERROR too many connections"))
    });
}

#[test]
fn the_log_level_changes() {
    let server = Memcached::start();
    let leash = Leash::with_config(&over(&server, "log: {level: error}"));
    assert!(!leash.log().contains("ready"));
    reload(&leash, over(&server, "log: {level: info}"));
    wait_until("the reload is told of", BOUND, || leash.log().contains("reloaded"));
}

#[test]
fn what_needs_a_restart_is_named_and_all_else_is_done() {
    let server = Memcached::start();
    let leash = Leash::with_config(&over(&server, ""));
    reload(&leash, over(&server, "limits: {in_flight: 7}\nlog: {format: json}").replace("workers: 2", "workers: 3"));
    assert_eq!(metric(&leash, "leash_config_restart_pending", ""), 1.0);
    for name in ["workers", "log.format"] {
        assert!(leash.log().contains(&format!("{name} cannot change while leash runs")), "{}", leash.log());
    }
    let config: serde_json::Value = serde_json::from_str(&leash.page("/config")).unwrap();
    assert_eq!((&config["workers"], &config["limits"]["in_flight"]), (&2.into(), &7.into()));
    reload(&leash, over(&server, ""));
    assert_eq!(metric(&leash, "leash_config_restart_pending", ""), 0.0);
}

/// As the kubelet does it: the file is a link to a link to a directory, and that link is replaced.
#[test]
fn a_mounted_configmap_that_changes_is_seen_without_a_signal() {
    let server = Memcached::start();
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    for (version, more) in [("..v1", ""), ("..v2", "routes: [{prefix: '', pool: main}, {prefix: 'a', pool: main}]")] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("leash.yaml"), over(&server, more)).unwrap();
    }
    symlink("..v1", at("..data")).unwrap();
    symlink("..data/leash.yaml", at("leash.yaml")).unwrap();
    let leash = Leash::start(&["--config", at("leash.yaml").to_str().unwrap()]);
    symlink("..v2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    reaches(&leash, "leash_config_routes", "", 2.0);
    assert_eq!(reloads(&leash, "ok"), 1.0);
}

#[test]
fn a_reload_does_not_hold_up_the_end() {
    let server = Memcached::start();
    let address = format!("127.0.0.1:{}", free_port());
    let file = tempfile::NamedTempFile::new().unwrap();
    let servers: Vec<String> = (0..100).map(|n| format!("m{n}")).collect();
    let yaml = format!(
        "{}  more: {{servers: [{}]}}\n",
        over(&server, "").replace("{main:", "\n  main:").replace("]}}", "]}"),
        servers.join(", ")
    );
    fs::write(&file, yaml + "routes: [{prefix: '', pool: main}]\n").unwrap();
    let mut child = Command::new(binary())
        .args(["--config", file.path().to_str().unwrap(), "--listen", &address, "--admin", "off"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("leash listens", BOUND, || Client::try_connect(&address).is_ok());
    let mut client = Client::connect(&address);
    client.expect("get a\r\n", "END\r\n");
    // Other names, so that every slot is ranked anew.
    let text = fs::read_to_string(&file).unwrap().replace("m9", "n9");
    fs::write(&file, text).unwrap();
    super::signal(child.id(), "HUP");
    let start = std::time::Instant::now();
    super::signal(child.id(), "TERM");
    let mut code = None;
    wait_until("leash ends", BOUND, || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    assert_eq!(code.and_then(|code| code.code()), Some(0));
    assert!(start.elapsed() < std::time::Duration::from_millis(1500), "{:?}", start.elapsed());
}
