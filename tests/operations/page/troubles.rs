//! What the page says first when something is wrong: what it means for users, since when and why, and which leash says
//! so.

use serde_json::json;

use support::chromium::Chromium;
use support::memcached::signal;
use support::{Leash, Memcached};

/// A leash that has one server, a gutter for it, and room for one delete that waits.
fn start(server: &Memcached) -> (Leash, Chromium) {
    let pool = format!("{{servers: ['{}'], failures: 1, on_down: {{gutter: {{pool: embedded}}}}}}", server.address());
    let leash = Leash::with_config(&format!("workers: 1\nspool: {{max_keys: 1}}\npools: {{main: {pool}}}\n"));
    let mut chromium = Chromium::start();
    chromium.open(&format!("http://{}/", leash.admin()));
    (leash, chromium)
}

/// Waits until the first lines say this.
fn waits_for(chromium: &mut Chromium, part: &str) -> String {
    let says = format!("document.querySelector('#verdict').innerText.includes({})", json!(part));
    chromium.wait_until(part, &says);
    chromium.text("#verdict")
}

#[test]
fn a_gutter_a_lost_delete_and_a_refused_reload_are_told_for_what_they_are() {
    let mut server = Memcached::start();
    let (leash, mut chromium) = start(&server);
    let class = "document.querySelector('#verdict').className";
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert!(chromium.text("#process").starts_with(&format!("{} · ", host.trim())), "{}", chromium.text("#process"));
    assert_eq!(chromium.value(&format!("document.title.endsWith({})", json!(format!(" · {}", host.trim())))), true);
    assert_eq!(chromium.value(class), "good");
    server.kill();
    let mut client = leash.client();
    // The first answers may be errors, until leash knows that the server is down.
    (0..50).for_each(|key| drop(client.ask(format!("get page:{key}\r\n"))));
    let verdict = waits_for(&mut chromium, "A gutter serves their keys");
    assert!(verdict.contains("1 of 2 servers is down") && !verdict.contains("keys miss"), "{verdict}");
    assert!(verdict.contains(&format!("{} (main): for ", server.address())), "{verdict}");
    let first = chromium.text("#servers tbody tr:first-child td:first-child");
    assert!(
        first.contains("for ") && (first.contains("cannot connect") || first.contains("connection lost")),
        "{first}"
    );
    client.expect("delete page:1\r\n", "NOT_FOUND\r\n");
    client.ask("delete page:2\r\n");
    waits_for(&mut chromium, " lost for ");
    server.restart();
    let verdict = waits_for(&mut chromium, "All 2 servers are up");
    assert!(verdict.contains("more waited than spool.max_keys"), "{verdict}");
    assert_eq!(chromium.value(class), "bad", "a delete is lost, whoever is up");
    leash.configure("pools: {main: {servers: []}}\n");
    signal(leash.pid(), "HUP");
    let verdict = waits_for(&mut chromium, "The last reload was refused ");
    assert!(verdict.contains("pools.main.servers"), "the problem itself: {verdict}");
    assert_eq!(chromium.complaints(), Vec::<String>::new());
}
