//! What leash tells of the queues that it keeps: to clients, to Prometheus.

use std::path::Path;
use std::process::Command;

use leash::admin::model::{Grade, Overview};
use support::command::run;
use support::figures::{metric, stats};
use support::leash::binary;
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

#[test]
fn names_that_are_no_words_end_no_line_and_are_nobody_elses() {
    let place = tempfile::tempdir().unwrap();
    let leash = holder(place.path(), "reserve: 1m");
    let mut client = leash.client();
    // r:all others, and r: with a line end and more behind it, as the meta protocol can say them.
    for key in ["cjphbGwgb3RoZXJz", "cjphDQpTVEFUIHBpZCAxDQpFTkQNCg=="] {
        client.expect(format!("ms {key} 1 b\r\nx\r\n"), "HD\r\n");
    }
    let told = stats(&mut client, "stats queues");
    assert_eq!((told["queues"].as_str(), told.len()), ("2", 23), "{told:?}");
    assert_eq!(told["r:all\\x20others:waiting"], "1");
    let page = leash.page("/metrics");
    let depths: Vec<&str> = page.lines().filter(|line| line.starts_with("leash_queue_depth{route=\"r:\"")).collect();
    assert_eq!(depths.len(), 3, "{depths:?}");
    assert!(depths.iter().any(|line| line.contains("queue=\"r:all\\\\x20others\"")), "{depths:?}");
    let _: Overview = serde_json::from_str(&leash.page("/status")).expect("/status is what the model says");
}

#[test]
fn status_page_and_terminal_tell_of_them() {
    let place = tempfile::tempdir().unwrap();
    let leash = holder(place.path(), "max_items: 2");
    let (mut client, mut other) = (leash.client(), leash.client());
    put(&mut client, "r:a", "one");
    put(&mut client, "r:a", "<b>");
    client.expect("set r:a 0 0 1\r\nx\r\n", "SERVER_ERROR out of memory storing object\r\n");
    other.expect("get r:a\r\n", "VALUE r:a 0 3\r\none\r\nEND\r\n");
    put(&mut client, "k:<i>", "x");
    let seen: Overview = serde_json::from_str(&leash.page("/status")).expect("/status is what the model says");
    let route = seen.routes.iter().find(|route| route.prefix == "r:").expect("the route");
    let queues = route.queues.as_ref().expect("its queues");
    assert_eq!((queues.queues, queues.waiting, queues.reserved, queues.refused), (1, 1, 1, 1));
    assert_eq!((queues.state(), route.pool.as_str()), ((Grade::Good, "busy"), "queues here"));
    assert!(queues.bytes > 0 && queues.age < 60.0 && queues.dir.ends_with("reserve"), "{queues:?}");
    assert_eq!((seen.in_brief(), seen.grade()), ("2 queues with 2 messages".to_string(), Grade::Good));
    let page = leash.page("/");
    assert!(page.contains("<section id=\"queues\"") && page.contains("k:&lt;i&gt;"), "{page}");
    assert!(!page.contains("k:<i>"), "{page}");
    assert!(page.contains("Since the start: 1 message refused."), "{page}");
    let top = Command::new(binary()).args(["top", "--once", "--admin", leash.admin()]).output().unwrap();
    let text = String::from_utf8_lossy(&top.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("r:a ")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(line.split_whitespace().take(4).collect::<Vec<_>>(), ["r:a", "busy", "1", "1"], "{text}");
    let config = leash.page("/config");
    assert!(config.contains("\"max_items\":2") || config.contains("\"max_items\": 2"), "{config}");
}

#[test]
fn a_sidecar_whose_holder_is_down_answers_reads_and_refuses_messages_and_tells_of_it() {
    let place = tempfile::tempdir().unwrap();
    let mut holder = holder(place.path(), "reserve: 1m");
    let sidecar = Leash::with_config(&format!(
        "pools: {{holders: {{servers: ['{}'], failures: 1}}}}\nroutes: [{{prefix: '', queue: {{pool: holders}}}}]\n",
        holder.address()
    ));
    let mut client = sidecar.client();
    client.expect("set r:a 0 0 1\r\nx\r\nget r:none\r\n", "STORED\r\nEND\r\n");
    assert_eq!(metric(&sidecar, "leash_server_up", "pool=\"holders\""), 1.0);
    holder.crash();
    support::wait_until("reads are answered without the holder", support::BOUND, || client.ask("get r:a\r\n") == "END");
    assert!(client.ask("set r:a 0 0 1\r\ny\r\n").starts_with("SERVER_ERROR "));
    support::wait_until("metrics tell of it", support::BOUND, || {
        metric(&sidecar, "leash_server_up", "pool=\"holders\"") == 0.0
            && metric(&sidecar, "leash_failures_total", "pool=\"holders\"") >= 2.0
    });
    let text = sidecar.page("/status");
    assert!(text.contains("down"), "{text}");
    holder.restart();
    support::wait_until("the message is there", support::BOUND, || {
        client.send("get r:a\r\n");
        let line = client.read_line().unwrap();
        line == b"VALUE r:a 0 1\r\n" && client.read_exactly(8).unwrap() == b"x\r\nEND\r\n"
    });
}

#[test]
fn the_way_of_a_key_ends_at_its_queue_and_takes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let holder = holder(place.path(), "reserve: 1m");
    put(&mut holder.client(), "r:a", "one");
    let address = holder.address();
    let sidecar = Leash::with_config(&format!(
        "pools: {{holders: {{servers: ['{address}']}}}}\nroutes: [{{prefix: '', queue: {{pool: holders, mode: kestrel}}}}]\n"
    ));
    let told = |leash: &Leash, arguments: &[&str]| {
        let file = leash.file().display().to_string();
        let arguments = [&["route", "--config", &file], arguments].concat();
        let output = run(Command::new(binary()).args(arguments), "");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let here = format!(
        "r:a  route \"r:\"  queue r:a mode reserve reserve 1m  dir {}\n",
        place.path().join("reserve").display()
    );
    assert_eq!(told(&holder, &["r:a"]), here);
    let away = told(&sidecar, &["--live", "r:a/open"]);
    let line = "r:a/open  route \"\"  queue r:a mode kestrel reserve 30s  pool holders  ";
    assert!(away.starts_with(line) && away.ends_with(&format!("server {address}\n")), "{away}");
    assert!(told(&sidecar, &["r:a/opne"]).contains("CLIENT_ERROR unknown suffix"));
    let page = holder.page("/route?key=r:a&live=1");
    assert!(page.contains("\"name\": \"r:a\"") && !page.contains("live"), "{page}");
    assert!(holder.page("/?key=r:a&live=1").contains("is about a queue of this leash"));
    assert!(sidecar.page("/?key=r:a").contains("mode kestrel, reserved for 30 s"));
    sidecar.client().expect("get r:a\r\n", "VALUE r:a 0 3\r\none\r\nEND\r\n");
}

#[test]
fn a_check_that_connects_tells_a_holder_from_a_server_without_queues() {
    let place = tempfile::tempdir().unwrap();
    let (holder, plain) = (holder(place.path(), "reserve: 1m"), Leash::embedded());
    let check = |address: &str| {
        let file = place.path().join("sidecar.yaml");
        let route = "routes: [{prefix: '', queue: {pool: holders}}]";
        std::fs::write(&file, format!("pools: {{holders: {{servers: ['{address}']}}}}\n{route}\n")).unwrap();
        let output = run(Command::new(binary()).args(["check", "--connect"]).arg(&file), "");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (is_ok, said) = check(holder.address());
    assert!(is_ok && said.contains(", keeps queues\n"), "{said}");
    let (is_ok, said) = check(plain.address());
    assert!(!is_ok && said.contains("it keeps no queues; write the address of a leash"), "{said}");
}
