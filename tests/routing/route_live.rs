//! "Where does this key go, and what is there?": `leash route --live` and `/route?key=&live=1`, over a real memcached
//! and a real leash, and on its embedded store. And that looking changes nothing.

use std::io::Write;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::NamedTempFile;

use support::leash::binary;
use support::{BOUND, Client, Leash, Memcached, wait_until};

/// Bit 31: the item's last `grace` seconds are stale time.
const MARKED: u32 = 1 << 31;

/// A leash in front of these servers, and the same file for `leash route`.
struct House {
    leash: Leash,
    file: NamedTempFile,
}

impl House {
    fn new(pool: &str, route: &str) -> House {
        let yaml =
            format!("workers: 1\npools:\n  main: {{{pool}}}\nroutes:\n  - {{prefix: \"\", pool: main, {route}}}\n");
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(yaml.as_bytes()).unwrap();
        House { leash: Leash::with_config(&yaml), file }
    }

    fn over(server: &Memcached, route: &str) -> House {
        House::new(&format!("servers: [\"{}\"]", server.address()), route)
    }

    fn run(&self, more: &[&str]) -> Output {
        Command::new(binary())
            .args(["route", "--config"])
            .arg(self.file.path())
            .args(more)
            .output()
            .expect("leash runs")
    }

    /// What a look from outside found, and the exit code.
    fn route(&self, key: &str) -> (Value, i32) {
        let output = self.run(&["--live", "--json", key]);
        let place = serde_json::from_slice(&output.stdout).expect("one object a line");
        (place, output.status.code().unwrap())
    }

    /// What a look from outside found in an item that can be asked.
    fn live(&self, key: &str) -> Value {
        let (mut place, code) = self.route(key);
        assert_eq!(code, 0, "{place}");
        place["live"].take()
    }

    /// What a look through the admin page found.
    fn page(&self, key: &str) -> Value {
        let page = self.leash.page(&format!("/route?key={key}&live=1"));
        serde_json::from_str::<Value>(&page).expect("JSON")[0]["live"].take()
    }
}

const REFRESH: &str = "refresh: {grace: 60s, lease: 10s}";

/// Seconds, and the clock may tick between two looks.
#[track_caller]
fn about(value: &Value, seconds: i64) {
    let told = value.as_i64().unwrap_or_else(|| panic!("{value} is no number of seconds"));
    assert!((told - seconds).abs() <= 2, "{told}s, not about {seconds}s");
}

#[test]
fn without_a_look_the_policies_and_the_lease_s_key_are_told_and_nobody_is_asked() {
    let file = NamedTempFile::new().unwrap();
    let route = "namespace: 'shop:', refresh: {cold_wait: 1500ms, jitter: 12.5%, early: {}}";
    let yaml =
        format!("pools: {{main: {{servers: ['127.0.0.1:1']}}}}\nroutes: [{{prefix: '', pool: main, {route}}}]\n");
    std::fs::write(file.path(), yaml).unwrap();
    let run = |more: &[&str]| {
        let output = Command::new(binary()).args(["route", "--config"]).arg(file.path()).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&["a"]);
    let policies =
        "sent as shop:a  refresh grace 60s lease 10s cold_wait 1500ms jitter 12.5% early beta 1.0  pool main";
    assert!(text.contains(policies), "{text}");
    let place: Value = serde_json::from_str(&run(&["--json", "a"])).unwrap();
    let expected = serde_json::json!({
        "grace": 60, "lease": 10, "cold_wait": 1.5, "jitter": 0.125, "early": { "beta": 1.0 }, "marker_bit": 31,
    });
    assert_eq!(place["refresh"], expected);
    assert_eq!(place["sent_as"], "shop:a");
    let lease = place["lease"].as_str().unwrap();
    assert!(lease.starts_with("leash:lease:") && lease.len() == "leash:lease:".len() + 32, "{lease}");
    assert_eq!(place.get("live"), None);
}

#[test]
fn a_key_is_fresh_stale_unjudged_or_missing() {
    let server = Memcached::start();
    let house = House::over(&server, REFRESH);
    let mut client = house.leash.client();
    client.expect("set fresh 7 100 5\r\nhello\r\n", "STORED\r\n");
    client.expect("add added 0 50 1\r\n1\r\n", "STORED\r\n");
    // Ten seconds past its stale date, as another sidecar stored it.
    let mut direct = Client::connect(&server.address());
    direct.expect(format!("set stale {} 50 5\r\nhello\r\n", MARKED | 7), "STORED\r\n");

    for look in [House::live, House::page] {
        let fresh = look(&house, "fresh");
        assert_eq!((&fresh["state"], &fresh["is_marked"]), (&"fresh".into(), &true.into()), "{fresh}");
        assert_eq!((&fresh["size"], &fresh["client_flags"]), (&5.into(), &7.into()), "{fresh}");
        assert_eq!((&fresh["was_read"], &fresh["lease"]["state"]), (&false.into(), &"free".into()), "{fresh}");
        about(&fresh["stale_in"], 100);
        about(&fresh["ttl"], 100);
        let stale = look(&house, "stale");
        assert_eq!((&stale["state"], &stale["client_flags"]), (&"stale".into(), &7.into()), "{stale}");
        about(&stale["stale_since"], 10);
        about(&stale["served_for"], 50);
        assert_eq!(stale["ttl"], 0);
        let added = look(&house, "added");
        assert_eq!((&added["state"], &added["is_marked"]), (&"unjudged".into(), &false.into()), "{added}");
        about(&added["ttl"], 50);
        let missing = look(&house, "missing");
        assert_eq!((&missing["state"], &missing["lease"]["state"]), (&"missing".into(), &"free".into()));
        assert_eq!(missing.get("size"), None);
    }
    let text = String::from_utf8(house.run(&["--live", "fresh", "stale", "missing"]).stdout).unwrap();
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(paragraphs.len(), 3, "{text}");
    assert!(paragraphs[0].contains("\n  fresh for ") && paragraphs[0].contains("\n  5 bytes  client flags 7  TTL "));
    assert!(paragraphs[1].contains("\n  stale since 1") && paragraphs[1].contains("\n  the lease is free"), "{text}");
    assert!(paragraphs[2].contains("\n  no item\n") && !text.contains("hello"), "{text}");
}

#[test]
fn a_lease_is_free_then_taken_then_revoked_by_a_delete() {
    let server = Memcached::start();
    let house = House::over(&server, "namespace: 'shop:', refresh: {grace: 60s, lease: 10s}");
    let mut direct = Client::connect(&server.address());
    direct.expect(format!("set shop:k {MARKED} 50 3\r\nold\r\n"), "STORED\r\n");
    let mut client = house.leash.client();
    assert_eq!(house.page("k")["lease"], serde_json::json!({ "state": "free", "won_here": false }));
    client.expect("get k\r\n", "END\r\n");
    for (look, won_here) in [(house.live("k"), None), (house.page("k"), Some(&true.into()))] {
        assert_eq!((&look["state"], &look["lease"]["state"]), (&"stale".into(), &"taken".into()), "{look}");
        assert_eq!(look["lease"].get("won_here"), won_here);
        about(&look["lease"]["ttl"], 10);
    }
    client.expect("delete k\r\n", "NOT_FOUND\r\n");
    for (look, won_here) in [(house.live("k"), None), (house.page("k"), Some(&false.into()))] {
        assert_eq!((&look["state"], &look["lease"]["state"]), (&"missing".into(), &"revoked".into()), "{look}");
        assert_eq!(look["lease"].get("won_here"), won_here);
    }
    // Under the keys it tells, the server has the item and the lease.
    client.expect("set k 0 50 3\r\nnew\r\n", "STORED\r\n");
    let (place, _) = house.route("k");
    assert_eq!(place["sent_as"], "shop:k");
    direct.expect("mg shop:k k\r\n", "HD kshop:k\r\n");
    direct.expect(format!("mg {} v\r\n", place["lease"].as_str().unwrap()), "VA 7\r\nrevoked\r\n");
}

#[test]
fn a_look_leaves_everything_as_it_was() {
    let server = Memcached::start();
    let house = House::over(&server, REFRESH);
    let mut direct = Client::connect(&server.address());
    direct.expect(format!("set k {MARKED} 50 3\r\nold\r\n"), "STORED\r\n");
    let before = direct.ask("mg k c h u\r\n");
    house.live("k");
    house.page("k");
    assert_eq!(direct.ask("mg k c h u\r\n"), before, "neither read nor changed");
    house.leash.client().expect("get k\r\n", "END\r\n");
    // The connections of a look end with it.
    let connections = |client: &mut Client| {
        client.send("stats\r\n");
        let mut found = None;
        loop {
            let line = String::from_utf8(client.read_line().unwrap()).unwrap();
            match line.strip_prefix("STAT curr_connections ") {
                Some(number) => found = number.trim().parse::<u32>().ok(),
                None if line == "END\r\n" => return found.unwrap(),
                None => {}
            }
        }
    };
    let open = connections(&mut direct);
    for _ in 0..5 {
        house.page("k");
    }
    wait_until("their connections are closed", BOUND, || connections(&mut direct) <= open);
}

/// memcached gives its win token to the first `mg` after `md I`, whatever that asks.
#[test]
fn a_look_does_not_keep_the_token_of_an_item_that_was_invalidated() {
    let server = Memcached::start();
    let house = House::over(&server, REFRESH);
    let mut client = house.leash.client();
    client.expect("set k 0 100 3\r\nold\r\n", "STORED\r\n");
    for look in [House::live, House::page] {
        client.expect("md k I\r\n", "HD\r\n");
        let told = look(&house, "k");
        assert_eq!((&told["state"], told.get("error")), (&"invalidated".into(), None), "{told}");
        about(&told["ttl"], 100);
        client.expect("mg k s\r\n", "HD s3 X W\r\n");
        assert_eq!(look(&house, "k")["state"], "invalidated");
        client.expect("mg k s\r\n", "HD s3 Z X\r\n");
    }
}

#[test]
fn a_server_that_is_gone_or_silent_is_named_and_the_others_answer() {
    let mut servers = Memcached::start_many(2);
    let (gone, there) = (servers[0].address(), servers[1].address());
    let pool = format!("servers: [\"{gone}\", \"{there}\"], request_timeout: 400ms, failures: 1");
    let house = House::new(&pool, REFRESH);
    let keys: Vec<String> = (0..20).map(|n| format!("key:{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let look = |why: &str| {
        let begun = Instant::now();
        let output = house.run(&[&["--live", "--json"], &keys[..]].concat());
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?} for all keys together", begun.elapsed());
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).unwrap();
        let (mut asked, mut unasked) = (0, 0);
        for place in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            if place["server"] == *gone {
                assert_eq!(place["live"]["error"], format!("server {gone}: {why}"));
                unasked += 1;
            } else {
                assert_eq!(place["live"]["state"], "missing");
                asked += 1;
            }
        }
        assert!(asked > 0 && unasked > 0 && asked + unasked == keys.len());
        text.lines().position(|line| line.contains(why)).unwrap()
    };
    servers[0].freeze();
    look("no reply in time");
    servers[0].thaw();
    servers[0].kill();
    let one = look("cannot connect");
    let text = String::from_utf8(house.run(&["--live", keys[one]]).stdout).unwrap();
    assert!(text.ends_with(&format!("\n  not known: server {gone}: cannot connect\n")), "{text}");
    // What people asked for is not held against the server, however impatient the pool is.
    assert_eq!(house.page(keys[one])["state"], "unknown");
    assert!(house.leash.page("/metrics").contains(&format!("leash_server_up{{pool=\"main\",server=\"{gone}\"}} 1")));
}

#[test]
fn the_embedded_store_is_asked_inside_and_cannot_be_from_outside() {
    let house = House::new("servers: [embedded]", REFRESH);
    let mut client = house.leash.client();
    client.expect("set k 3 1 3\r\nold\r\n", "STORED\r\n");
    client.expect("set fresh 3 100 3\r\nnew\r\n", "STORED\r\n");
    wait_until("the value is stale", BOUND, || house.page("k")["state"] == "stale");
    let stale = house.page("k");
    about(&stale["served_for"], 59);
    assert_eq!((&stale["client_flags"], &stale["lease"]["state"]), (&3.into(), &"free".into()), "{stale}");
    client.expect("get k\r\n", "END\r\n");
    let won = house.page("k");
    assert_eq!((&won["lease"]["state"], &won["lease"]["won_here"]), (&"taken".into(), &true.into()), "{won}");
    client.expect("set k 3 100 3\r\nnew\r\n", "STORED\r\n");
    assert_eq!(house.page("k")["lease"], serde_json::json!({ "state": "free", "won_here": false }));
    assert_eq!(
        (house.page("fresh")["state"].take(), house.page("none")["state"].take()),
        ("fresh".into(), "missing".into())
    );
    client.expect("md fresh I\r\n", "HD\r\n");
    assert_eq!(house.page("fresh")["state"], "invalidated");
    client.expect("mg fresh s\r\n", "HD s3 X W\r\n");

    let (place, code) = house.route("k");
    assert_eq!((code, &place["live"]["state"]), (1, &"unknown".into()));
    let why = place["live"]["error"].as_str().unwrap();
    assert!(why.contains("inside the leash that serves") && why.contains("&live=1"), "{why}");
}

#[test]
fn a_route_without_refresh_has_items_without_stale_dates() {
    let server = Memcached::start();
    let house = House::over(&server, "allow_flush: true");
    house.leash.client().expect(format!("set k {MARKED} 0 3\r\nold\r\n"), "STORED\r\n");
    let (place, code) = house.route("k");
    let live = &place["live"];
    assert_eq!((code, &live["state"], &live["client_flags"]), (0, &"there".into(), &MARKED.into()), "{place}");
    assert_eq!((&live["ttl"], live.get("lease"), place.get("lease")), (&Value::Null, None, None), "{place}");
}

#[test]
fn a_page_looks_at_many_keys_but_not_at_too_many() {
    let server = Memcached::start();
    let house = House::over(&server, REFRESH);
    let keys = |n: usize| (0..n).map(|n| format!("key={n}&")).collect::<String>();
    let page = house.leash.page(&format!("/route?{}live=1", keys(100)));
    let places: Vec<Value> = serde_json::from_str(&page).unwrap();
    assert_eq!(places.len(), 100);
    assert!(places.iter().enumerate().all(|(n, place)| place["key"].as_str() == Some(&n.to_string())));
    assert!(places.iter().all(|place| place["live"]["state"] == "missing" && place["state"] == "up"));
    let mut client = Client::connect(house.leash.admin());
    client.send(format!("GET /route?{}live=1 HTTP/1.1\r\nHost: leash\r\nConnection: close\r\n\r\n", keys(101)));
    let answer = String::from_utf8(client.read_to_end().unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("100 at a time with live=1"), "{answer}");
}
