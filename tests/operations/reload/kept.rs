//! What another configuration leaves as it is: connections, health, items, leases, counts.

use support::fake_server::{FakeServer, hears_nothing};
use support::figures::{metric, reaches};
use support::{Client, Leash, Memcached};

use super::reload;

/// Two routes; `more` before them.
fn fake(server: &FakeServer, more: &str) -> String {
    format!(
        "workers: 1\npools: {{main: {{servers: [\"{}\"], request_timeout: 5s}}}}\nroutes:\n{more}  - {{prefix: 'b', pool: main}}\n  - {{prefix: '', pool: main}}\n",
        server.address()
    )
}

const MORE: &str = "  - {prefix: 'longer', pool: main}\n";

#[test]
fn a_server_that_stays_keeps_its_connection_and_what_is_asked_on_it() {
    let server = FakeServer::start();
    let leash = Leash::with_config(&fake(&server, ""));
    let mut client = leash.client();
    client.send("get a\r\nget b\r\n");
    let mut backend = server.greets();
    let (a, b) = (backend.receives("mg a v f"), backend.receives("mg b v f"));
    reload(&leash, fake(&server, MORE));
    // What is asked now waits until what was asked before is answered.
    client.send("get longer\r\n");
    backend.hears_nothing();
    backend.sends_value(&a, "1");
    backend.sends_value(&b, "2");
    client.expect("", "VALUE a 0 1\r\n1\r\nEND\r\nVALUE b 0 1\r\n2\r\nEND\r\n");
    let longer = backend.receives("mg longer v f");
    backend.sends_code(&longer, "EN");
    client.expect("", "END\r\n");
    server.is_left_alone();
    // Each is counted where it belongs, also what was asked before the routes had other places.
    for (route, outcome) in [("everything else", "hit"), ("b", "hit"), ("longer", "miss")] {
        let labels = format!("route=\"{route}\",class=\"get\",outcome=\"{outcome}\"");
        assert_eq!(metric(&leash, "leash_requests_total", &labels), 1.0, "{labels}");
    }
    assert_eq!(metric(&leash, "leash_upstream_requests_total", ""), 3.0);
    assert_eq!(metric(&leash, "leash_upstream_in_flight", ""), 0.0);
    assert_eq!(metric(&leash, "leash_upstream_connections", ""), 1.0);
    assert_eq!(metric(&leash, "leash_downstream_connections", ""), 1.0);
}

#[test]
fn a_server_that_goes_still_answers_what_it_was_asked() {
    let (old, new) = (FakeServer::start(), FakeServer::start());
    let leash = Leash::with_config(&fake(&old, ""));
    let (mut client, mut other) = (leash.client(), leash.client());
    client.send("get a\r\n");
    let mut before = old.greets();
    let a = before.receives("mg a v f");
    reload(&leash, fake(&new, ""));
    client.send("get a\r\n");
    other.send("get a\r\n");
    let mut after = new.greets();
    let others = after.receives("mg a v f");
    after.sends_code(&others, "EN");
    other.expect("", "END\r\n");
    hears_nothing(&mut client);
    before.sends_value(&a, "1");
    before.sees_the_end();
    let again = after.receives("mg a v f");
    after.sends_value(&again, "2");
    client.expect("", "VALUE a 0 1\r\n1\r\nEND\r\nVALUE a 0 1\r\n2\r\nEND\r\n");
    old.is_left_alone();
}

#[test]
fn a_server_that_goes_while_it_is_silent_is_let_go_when_nobody_waits_for_it() {
    let (old, new) = (FakeServer::start(), FakeServer::start());
    let quick = |server: &FakeServer| fake(server, "").replace("5s", "100ms");
    let leash = Leash::with_config(&quick(&old));
    let mut client = leash.client();
    client.send("get a\r\n");
    let mut backend = old.greets();
    backend.receives("mg a v f");
    reload(&leash, quick(&new));
    client.expect("", "END\r\n");
    backend.sees_the_end();
}

#[test]
fn what_is_known_of_a_servers_health_stays() {
    let (mut down, well) = (Memcached::start(), Memcached::start());
    let yaml = |more: &str| {
        format!(
            "workers: 2\npools: {{a: {{servers: [\"{}\"], failures: 1}}, b: {{servers: [\"{}\"]}}}}\nroutes: [{{prefix: 'a', pool: a}}, {{prefix: '', pool: b}}{more}]\n",
            down.address(),
            well.address()
        )
    };
    let (before, after) = (yaml(""), yaml(", {prefix: 'c', pool: b}"));
    let labels = format!("server=\"{}\"", down.address());
    let leash = Leash::with_config(&before);
    let mut client = leash.client();
    client.expect("get a\r\nget b\r\n", "END\r\nEND\r\n");
    down.kill();
    client.expect("get a\r\n", "END\r\n");
    reaches(&leash, "leash_server_up", &labels, 0.0);
    let failed = metric(&leash, "leash_failures_total", "cause=\"connect\"");
    reload(&leash, &after);
    assert_eq!(metric(&leash, "leash_server_up", &labels), 0.0);
    client.expect("get a\r\n", "END\r\n");
    assert_eq!(metric(&leash, "leash_failures_total", "cause=\"connect\""), failed, "nobody tried again");
    down.restart();
    reaches(&leash, "leash_server_up", &labels, 1.0);
    client.expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
}

const EMBEDDED: &str =
    "workers: 2\npools: {main: {servers: [embedded]}, other: {servers: [embedded], embedded: {max_bytes: 8MiB}}}\n";

#[test]
fn an_embedded_store_keeps_its_items() {
    let yaml = |routes: &str| format!("{EMBEDDED}routes: [{routes}]\n");
    let leash = Leash::with_config(&yaml("{prefix: '', pool: main}, {prefix: o, pool: other}"));
    let mut client = leash.client();
    client.expect("set a 0 0 1\r\nx\r\nset o 0 0 1\r\ny\r\n", "STORED\r\nSTORED\r\n");
    reload(&leash, yaml("{prefix: 'b', pool: other}, {prefix: o, pool: other}, {prefix: '', pool: main}"));
    client.expect("get a o\r\n", "VALUE a 0 1\r\nx\r\nVALUE o 0 1\r\ny\r\nEND\r\n");
    // One of another size is another one.
    reload(&leash, yaml("{prefix: o, pool: other}, {prefix: '', pool: main}").replace("8MiB", "9MiB"));
    client.expect("get a o\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    assert!(leash.log().contains("the embedded store has another size and begins empty"));
    // The bound of one item is no size of the store.
    reload(&leash, yaml("{prefix: '', pool: main}") + "limits: {item_size: 2KiB}\n");
    client.expect("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
}

/// Two routes that refresh; `more` before them, which moves them both.
fn refreshing(server: &Memcached, more: &str, lease: &str) -> String {
    let refresh = format!("refresh: {{cold_wait: 4s, lease: {lease}}}");
    format!(
        "workers: 2\npools: {{main: {{servers: [\"{}\"]}}}}\nroutes:\n{more}  - {{prefix: 'p', pool: main, {refresh}}}\n  - {{prefix: '', pool: main, {refresh}}}\n",
        server.address()
    )
}

#[test]
fn a_lease_won_before_is_honoured_after() {
    let server = Memcached::start();
    let leash = Leash::with_config(&refreshing(&server, "", "10s"));
    let (mut winner, mut early, mut late) = (leash.client(), leash.client(), leash.client());
    winner.expect("get page\r\n", "END\r\n");
    early.send("get page\r\n");
    reaches(&leash, "leash_cold_waiters", "route=\"p\"", 1.0);
    reload(&leash, refreshing(&server, "  - {prefix: 'longer', pool: main, refresh: {}}\n", "20s"));
    late.send("get page\r\n");
    reaches(&leash, "leash_cold_waiters", "route=\"p\"", 2.0);
    winner.expect("set page 0 100 5\r\nfresh\r\n", "STORED\r\n");
    for client in [&mut early, &mut late] {
        client.expect("", "VALUE page 0 5\r\nfresh\r\nEND\r\n");
    }
    reaches(&leash, "leash_cold_waiters", "", 0.0);
    assert_eq!(metric(&leash, "leash_leases_total", "route=\"p\",outcome=\"granted\""), 1.0);
    // It came as a winner's value, not as anybody's.
    assert_eq!(metric(&leash, "leash_regeneration_seconds_count", "route=\"p\""), 1.0);
    Client::connect(&server.address()).expect("mg page v\r\n", "VA 5\r\nfresh\r\n");
}

#[test]
fn a_winner_that_was_overtaken_by_a_delete_is_still_refused_after_a_reload() {
    let server = Memcached::start();
    let leash = Leash::with_config(&refreshing(&server, "", "10s"));
    let (mut winner, mut other) = (leash.client(), leash.client());
    winner.expect("get page\r\n", "END\r\n");
    reload(&leash, refreshing(&server, "  - {prefix: 'longer', pool: main, refresh: {}}\n", "10s"));
    other.expect("delete page\r\n", "NOT_FOUND\r\n");
    winner.expect("set page 0 100 3\r\nold\r\nget other\r\n", "STORED\r\nEND\r\n");
    Client::connect(&server.address()).expect("mg page v\r\n", "EN\r\n");
}

#[test]
fn metrics_go_on_counting() {
    let server = Memcached::start();
    let leash = Leash::with_config(&refreshing(&server, "", "10s"));
    let mut client = leash.client();
    let count = |leash: &Leash| metric(leash, "leash_requests_total", "route=\"everything else\",class=\"store\"");
    for n in 1..=20 {
        client.expect("set a 0 0 1\r\nx\r\n", "STORED\r\n");
        let more = if n % 2 == 0 { "" } else { "  - {prefix: 'longer', pool: main}\n" };
        reload(&leash, refreshing(&server, more, "10s"));
        assert_eq!(count(&leash), f64::from(n));
    }
    assert_eq!(metric(&leash, "leash_upstream_requests_total", ""), 20.0);
    assert_eq!(metric(&leash, "leash_upstream_connections", ""), 1.0);
}
