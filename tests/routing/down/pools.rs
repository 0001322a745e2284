//! What the stories share: leash before servers with names, keys by their server, and patience of known length.

use std::time::Duration;

use support::{BOUND, Client, Leash, Memcached, wait_until};

/// The pool's `request_timeout`.
const DEADLINE: Duration = Duration::from_millis(500);

/// Two workers before these servers, named m0, m1 …; `pool` are further entries of the pool, `more` further lines.
pub fn leash(servers: &[Memcached], pool: &str, more: &str) -> Leash {
    Leash::with_config(&config(servers, pool, more))
}

/// The configuration of that.
pub fn config(servers: &[Memcached], pool: &str, more: &str) -> String {
    let named = |(n, server): (usize, &Memcached)| format!("{{name: m{n}, address: \"{}\"}}", server.address());
    let servers: Vec<String> = servers.iter().enumerate().map(named).collect();
    let timeout = DEADLINE.as_millis();
    let main = format!("{{servers: [{}], request_timeout: {timeout}ms, {pool}}}", servers.join(", "));
    let routes = if more.contains("routes:") { "" } else { "routes: [{prefix: \"\", pool: main}]\n" };
    let pools = more.strip_prefix("pools:").unwrap_or("");
    let (pools, rest) = if pools.is_empty() { ("", more) } else { pools.split_once('\n').unwrap_or((pools, "")) };
    format!("workers: 2\npools:\n  main: {main}\n{pools}\n{rest}\n{routes}")
}

/// So many keys of this server.
pub fn keys_of(leash: &Leash, server: &str, count: usize) -> Vec<String> {
    let is_its = |key: &String| {
        let page = leash.page(&format!("/route?key={key}"));
        page.contains(&format!("\"server\": \"{server}\""))
    };
    (0..1000).map(|n| format!("key{n}")).filter(is_its).take(count).collect()
}

/// Asks for nothing until this server is known to be down.
#[track_caller]
pub fn goes_down(leash: &Leash, server: &str, client: &mut Client) {
    let key = keys_of(leash, server, 1).remove(0);
    wait_until(&format!("{server} is down"), BOUND, || {
        client.expect(format!("get {key}\r\n"), "END\r\n");
        state(leash, server) != "up"
    });
}

/// Waits until requests are sent to this server again.
#[track_caller]
pub fn comes_back(leash: &Leash, server: &str) {
    wait_until(&format!("{server} is up"), BOUND, || state(leash, server) == "up");
}

/// A directory for spools, and the line that names it.
pub fn directory() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let line = format!("spool: {{dir: {}}}", directory.path().display());
    (directory, line)
}

/// Stores.
#[track_caller]
pub fn set(client: &mut Client, key: &str, value: &str) {
    client.expect(format!("set {key} 0 0 {}\r\n{value}\r\n", value.len()), "STORED\r\n");
}

/// Finds this value.
#[track_caller]
pub fn reads(client: &mut Client, key: &str, value: &str) {
    client.expect(format!("get {key}\r\n"), format!("VALUE {key} 0 {}\r\n{value}\r\nEND\r\n", value.len()));
}

/// Finds nothing.
#[track_caller]
pub fn misses(client: &mut Client, key: &str) {
    client.expect(format!("get {key}\r\n"), "END\r\n");
}

fn state(leash: &Leash, server: &str) -> &'static str {
    let up = support::figures::metric(leash, "leash_server_up", &format!("server=\"{server}\""));
    if up == 1.0 { "up" } else { "down" }
}
