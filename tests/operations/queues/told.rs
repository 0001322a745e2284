//! What leash tells of the queues that it keeps: to clients, to Prometheus.

use std::path::Path;

use support::figures::{metric, stats};
use support::{Client, Leash};

fn holder(dir: &Path, keys: &str) -> Leash {
    let (reserve, kestrel) = (dir.join("reserve"), dir.join("kestrel"));
    let (reserve, kestrel) = (reserve.display(), kestrel.display());
    Leash::with_config(&format!(
        "workers: 2
routes:
  - {{prefix: 'r:', queue: {{dir: '{reserve}', {keys}}}}}
  - {{prefix: 'k:', queue: {{dir: '{kestrel}', mode: kestrel}}}}
"
    ))
}

fn put(client: &mut Client, queue: &str, body: &str) {
    client.expect(format!("set {queue} 0 0 {}\r\n{body}\r\n", body.len()), "STORED\r\n");
}

#[test]
fn stats_tell_what_there_is_and_what_was_done() {
    let place = tempfile::tempdir().unwrap();
    let leash = holder(place.path(), "max_items: 3, max_redeliveries: 0");
    let (mut client, mut gone) = (leash.client(), leash.client());
    assert_eq!(stats(&mut client, "stats queues")["queues"], "0");
    for body in ["one", "two", "three"] {
        put(&mut client, "r:a", body);
    }
    client.expect("set r:a 0 0 1\r\nx\r\n", "SERVER_ERROR out of memory storing object\r\n");
    client.expect("set r:b 0 -1 1\r\nx\r\nget r:b\r\n", "STORED\r\nEND\r\n");
    client.expect("get r:a\r\n", "VALUE r:a 0 3\r\none\r\nEND\r\n");
    gone.expect("get r:a\r\n", "VALUE r:a 0 3\r\ntwo\r\nEND\r\n");
    put(&mut client, "k:a", "four");
    let told = stats(&mut client, "stats queues");
    let of = |name: &str| told.get(name).map_or("", String::as_str);
    assert_eq!([of("r:a:waiting"), of("r:a:reserved"), of("r:a:put"), of("r:a:taken")], ["1", "2", "3", "2"]);
    assert_eq!([of("r:b:waiting"), of("r:b:expired"), of("k:a:waiting")], ["0", "1", "1"]);
    let all = stats(&mut client, "stats");
    assert_eq!((all["queue_k:a_items"].as_str(), all["queue_k:a_open_transactions"].as_str()), ("1", "0"));
    assert!(!all.keys().any(|name| name.starts_with("queue_r:")), "{all:?}");
    drop(gone);
    support::wait_until("what was given back too often is moved", support::BOUND, || {
        stats(&mut client, "stats queues").get("r:a+dead:waiting").is_some_and(|dead| dead == "1")
    });
    assert_eq!(stats(&mut client, "stats queues")["r:a:dead"], "1");
}

#[test]
fn metrics_name_the_longest_queues_and_sum_up_the_others() {
    let place = tempfile::tempdir().unwrap();
    let leash = holder(place.path(), "max_message: 8, sync: 100ms");
    let mut client = leash.client();
    for queue in 0..30 {
        for _ in 0..=queue {
            put(&mut client, &format!("r:{queue:02}"), "x");
        }
    }
    client.expect("set r:00 0 0 9\r\n123456789\r\n", "SERVER_ERROR object too large for cache\r\n");
    client.expect("get r:29\r\n", "VALUE r:29 0 1\r\nx\r\nEND\r\n");
    let depth = |labels: &str| metric(&leash, "leash_queue_depth", labels);
    assert_eq!(depth("route=\"r:\",queue=\"r:29\""), 29.0);
    assert_eq!(depth("route=\"r:\",queue=\"r:10\""), 11.0);
    assert_eq!(depth("route=\"r:\",queue=\"r:09\""), 0.0, "it has no series of its own");
    assert_eq!(depth("route=\"r:\",queue=\"all others\""), f64::from((1..=10).sum::<i32>()));
    assert_eq!(depth("route=\"r:\""), f64::from((1..=30).sum::<i32>() - 1));
    assert_eq!(depth("route=\"k:\",queue=\"all others\""), 0.0);
    let series = leash.page("/metrics");
    assert_eq!(series.lines().filter(|line| line.starts_with("leash_queue_depth{route=\"r:\"")).count(), 21);
    let of = |name: &str, labels: &str| metric(&leash, name, &format!("route=\"r:\"{labels}"));
    assert_eq!((of("leash_queue_reserved", ""), of("leash_queues", "")), (1.0, 30.0));
    assert_eq!((of("leash_queue_put_total", ""), of("leash_queue_taken_total", "")), (465.0, 1.0));
    assert_eq!(of("leash_queue_refused_total", ",cause=\"too_long\""), 1.0);
    assert_eq!(of("leash_queue_refused_total", ""), 1.0);
    assert!(of("leash_queue_disk_bytes", "") > 465.0 && of("leash_queue_bytes", "") > 465.0);
    assert_eq!(of("leash_queue_disk_refuses", ""), 0.0);
}
