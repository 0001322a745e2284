//! Tools that ask a memcached about itself, and what a person types: they work over leash as with memcached.

use std::process::{Command, Stdio};

use support::repository::here;
use support::script::passes;
use support::{BOUND, Client, Leash, Memcached, free_port, needs, wait_until};

use super::python;

/// A leash and what stands behind it.
struct Stage {
    leash: Leash,
    _servers: Vec<Memcached>,
}

impl Stage {
    fn over_three() -> Stage {
        let servers = Memcached::start_many(3);
        Stage { leash: Leash::with_servers(&servers), _servers: servers }
    }

    fn embedded() -> Stage {
        Stage { leash: Leash::embedded(), _servers: Vec::new() }
    }
}

#[test]
fn the_prometheus_exporters_questions_are_answered() {
    for stage in [Stage::over_three(), Stage::embedded()] {
        let mut command = python("exporter_questions.py", &[]);
        command.arg(stage.leash.address());
        passes(command);
    }
}

/// All of its tests of one protocol, of which there are 27.
fn memccapable(stage: &Stage, protocol: &str) {
    let (host, port) = stage.leash.address().split_once(':').unwrap();
    let mut command = Command::new("memccapable");
    command.args([protocol, "-h", host, "-p", port]);
    let said = passes(command);
    assert!(said.contains("All tests passed"), "{said}");
    assert_eq!(said.matches("[pass]").count(), 27, "{said}");
}

#[test]
fn memccapable_passes_27_of_27_in_ascii_over_three_memcacheds() {
    memccapable(&Stage::over_three(), "-a");
}

#[test]
fn memccapable_passes_27_of_27_in_ascii_on_the_embedded_store() {
    memccapable(&Stage::embedded(), "-a");
}

#[test]
fn memccapable_passes_27_of_27_in_binary_over_three_memcacheds() {
    memccapable(&Stage::over_three(), "-b");
}

#[test]
fn memccapable_passes_27_of_27_in_binary_on_the_embedded_store() {
    memccapable(&Stage::embedded(), "-b");
}

#[test]
fn memcached_tool_shows_stats_settings_and_slabs() {
    let stage = Stage::over_three();
    stage.leash.client().expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    let tool = |mode: &str| {
        let mut command = Command::new("/usr/share/memcached/scripts/memcached-tool");
        command.args([stage.leash.address(), mode]);
        passes(command)
    };
    let stats = tool("stats");
    for name in ["pid", "uptime", "curr_connections", "cmd_get", "cmd_set", "get_hits", "version"] {
        assert!(stats.lines().any(|line| line.split_whitespace().next() == Some(name)), "no {name} in\n{stats}");
    }
    assert!(tool("settings").contains("maxconns"));
    assert!(tool("display").contains("Item_Size"));
}

/// The exporter itself, which not every machine can have; `exporter_questions.py` asks its questions everywhere.
#[test]
fn the_prometheus_exporter_reports_that_memcached_is_up() {
    let built = here("target/tools/memcached_exporter");
    let program = if built.exists() { built } else { "prometheus-memcached-exporter".into() };
    if !needs::has("memcached_exporter", Command::new(&program).arg("--version")) {
        return;
    }
    let stage = Stage::over_three();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut exporter = Command::new(program)
        .args(["--memcached.address", stage.leash.address(), "--web.listen-address", &listen])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("memcached_exporter runs");
    wait_until("the exporter listens", BOUND, || Client::try_connect(&listen).is_ok());
    let mut client = Client::connect(&listen);
    client.send("GET /metrics HTTP/1.0\r\n\r\n");
    let page = client.read_to_end().map(|page| String::from_utf8_lossy(&page).to_string());
    let _ = exporter.kill();
    let _ = exporter.wait();
    let page = page.unwrap();
    assert!(page.lines().any(|line| line == "memcached_up 1"), "{page}");
}

#[test]
fn a_misused_verb_fails_clearly_and_the_connection_lives_on() {
    let stage = Stage::over_three();
    let mut client = stage.leash.client();
    client.expect("bogus\r\n", "ERROR\r\n");
    client.expect("incr none x\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n");
    client.expect("set word 0 0 1\r\nx\r\n", "STORED\r\n");
    client.expect("incr word 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
    client.expect("get word\r\n", "VALUE word 0 1\r\nx\r\nEND\r\n");
}

#[test]
fn flush_all_is_refused_with_the_way_to_allow_it() {
    let servers = Memcached::start_many(1);
    let leash = Leash::start(&["--server", &servers[0].address()]);
    let mut client = leash.client();
    client.expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    let answer = client.ask("flush_all\r\n");
    assert!(answer.starts_with("CLIENT_ERROR ") && answer.contains("allow_flush"), "{answer}");
    client.expect("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
}
