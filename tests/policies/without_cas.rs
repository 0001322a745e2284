//! Servers with CAS off (`memcached -C`): leases and claims keep nobody out there, so what rests on them is refused with
//! the server's name, and everything else goes on.

use std::process::Command;

use support::command::errors;
use support::figures::metric;
use support::leash::binary;
use support::{Client, Leash, Memcached};

const WHY: &str = "has CAS off (-C), which refresh and migrate need; start it without -C";

fn refusal(server: &Memcached) -> String {
    format!("SERVER_ERROR server {}: {WHY}\r\n", server.address())
}

#[test]
fn nothing_is_refreshed_there_and_no_set_is_lost_over_it() {
    let server = Memcached::start_with(&["-C"]);
    let pools = format!("pools: {{p: {{servers: [\"{}\"]}}}}", server.address());
    let routes = "routes: [{prefix: '', pool: p}, {prefix: 'r:', pool: p, refresh: {grace: 60s, cold_wait: 1s}}]";
    let leash = Leash::with_config(&format!("{pools}\n{routes}\nworkers: 1\n"));
    let mut client = leash.client();
    // Nobody can win, so every caller misses, and its set is an ordinary one.
    client.expect("get r:cold\r\nget r:cold\r\n", "END\r\nEND\r\n");
    client.expect("set r:cold 0 60 1\r\nx\r\nget r:cold\r\n", "STORED\r\nVALUE r:cold 0 1\r\nx\r\nEND\r\n");
    Client::connect(&server.address()).expect("touch r:cold 59\r\n", "TOUCHED\r\n");
    client.expect("get r:cold\r\n", "END\r\n");
    client.expect("set r:cold 0 60 1\r\ny\r\nget r:cold\r\n", "STORED\r\nVALUE r:cold 0 1\r\ny\r\nEND\r\n");
    client.expect("set plain 0 0 1\r\nx\r\nget plain\r\n", "STORED\r\nVALUE plain 0 1\r\nx\r\nEND\r\n");
    assert!(metric(&leash, "leash_failures_total", "cause=\"no_cas\"") >= 3.0);
    let log = leash.log();
    assert!(log.contains(WHY) && log.contains(&server.address()), "{log}");
    assert_eq!(metric(&leash, "leash_server_up", ""), 1.0, "it is well");
}

#[test]
fn a_migration_to_such_a_server_is_refused_at_run_time_and_by_warm() {
    let (from, to) = (Memcached::start_with(&["-o", "lru_crawler"]), Memcached::start_with(&["-C"]));
    Client::connect(&from.address()).expect("set k 0 0 1\r\nx\r\n", "STORED\r\n");
    let pools = format!("a: {{servers: [\"{}\"]}}, b: {{servers: [\"{}\"]}}", from.address(), to.address());
    let yaml =
        format!("pools: {{{pools}}}\nroutes: [{{prefix: '', migrate: {{from: a, to: b, phase: warm}}}}]\nworkers: 1\n");
    let leash = Leash::with_config(&yaml);
    leash.client().expect("incr k 1\r\n", refusal(&to));
    let warm = |_| {
        let mut warm = Command::new(binary());
        let warm = warm.current_dir(leash.file().parent().unwrap()).args(["warm", "--config"]).arg(leash.file());
        let output = warm.output().unwrap();
        (output.status.code(), errors(&output))
    };
    for (code, said) in [0, 1].map(warm) {
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("server {}: {WHY}", to.address())), "{said}");
    }
}
