//! No rehash: a server that dies takes its own keys only, gets the same ones back, and a change of the list of servers
//! moves no more than it must. Measured by hits through leash and by what `leash route` says.

use std::collections::HashMap;
use std::process::Command;

use support::{BOUND, Client, Leash, Memcached, leash::binary, wait_until};

const KEYS: usize = 100_000;
/// Keys a pipelined write or a get carries.
const BATCH: usize = 500;

fn key(number: usize) -> String {
    format!("key:{number}")
}

/// Sets every key to its own number.
fn fill(client: &mut Client) {
    for start in (0..KEYS).step_by(BATCH) {
        let batch = start..start + BATCH;
        let sets: String =
            batch.clone().map(|n| format!("set {} 0 0 {}\r\n{n}\r\n", key(n), n.to_string().len())).collect();
        client.expect(sets, "STORED\r\n".repeat(BATCH));
    }
}

/// Which keys hit; a hit must be the key's own value.
fn hits(client: &mut Client) -> Vec<bool> {
    let mut hits = vec![false; KEYS];
    for start in (0..KEYS).step_by(BATCH) {
        let keys: Vec<String> = (start..start + BATCH).map(key).collect();
        client.send(format!("get {}\r\n", keys.join(" ")));
        loop {
            let line = String::from_utf8(client.read_line().expect("a reply")).unwrap();
            if line == "END\r\n" {
                break;
            }
            let number: usize = line.split(' ').nth(1).unwrap().trim_start_matches("key:").parse().unwrap();
            let value = String::from_utf8(client.read_line().expect("a value")).unwrap();
            assert_eq!(value.trim_end(), number.to_string(), "the value of another key");
            hits[number] = true;
        }
    }
    hits
}

/// Which keys a server holds, asked without leash.
fn held_by(server: &Memcached) -> Vec<bool> {
    hits(&mut Client::connect(&server.address()))
}

#[test]
fn a_dead_server_takes_its_own_keys_only_and_gets_the_same_back() {
    let mut servers = Memcached::start_many(8);
    let leash = Leash::with_servers(&servers);
    let mut client = leash.client();
    fill(&mut client);
    assert!(hits(&mut client).iter().all(|&hit| hit), "a key misses while all servers live");

    let own = held_by(&servers[3]);
    let share = own.iter().filter(|&&own| own).count() as f64 / KEYS as f64;
    assert!((share * 8.0 - 1.0).abs() < 0.15, "the server holds {share}, not about an eighth");

    servers[3].kill();
    let now = hits(&mut client);
    for n in 0..KEYS {
        assert_eq!(now[n], !own[n], "key {n}: a key of the dead server misses, any other hits");
    }

    servers[3].restart();
    let mine = (0..KEYS).find(|&n| own[n]).unwrap();
    wait_until("the server is used again", BOUND, || {
        client.ask(format!("set {} 0 0 {}\r\n{mine}\r\n", key(mine), mine.to_string().len())) == "STORED"
    });
    fill(&mut client);
    assert!(hits(&mut client).iter().all(|&hit| hit), "a key misses although all servers live again");
    assert!(held_by(&servers[3]) == own, "the server came back to other keys than it had");
}

/// Where `leash route` sends each key: key -> server. Nothing is sent, so the servers need not exist.
fn routes(servers: &[&str], keys: &[String]) -> HashMap<String, String> {
    let mut routes = HashMap::new();
    for batch in keys.chunks(5000) {
        let mut command = Command::new(binary());
        command.arg("route").args(batch);
        for server in servers {
            command.args(["--server", server]);
        }
        let output = command.output().expect("leash route runs");
        assert!(output.status.success(), "leash route: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let names = |line: &str| servers.iter().filter(|server| line.contains(**server)).count();
        let lines: Vec<&str> = text.lines().filter(|line| names(line) == 1).collect();
        assert_eq!(lines.len(), batch.len(), "one line with one server a key, not:\n{}", &text[..text.len().min(2000)]);
        for (key, line) in batch.iter().zip(lines) {
            assert!(line.contains(key.as_str()), "{line} is about {key}");
            let server = servers.iter().find(|server| line.contains(**server)).unwrap();
            routes.insert(key.clone(), server.to_string());
        }
    }
    routes
}

fn moved(before: &HashMap<String, String>, after: &HashMap<String, String>) -> usize {
    before.iter().filter(|(key, server)| after[*key] != **server).count()
}

#[test]
fn a_server_removed_from_the_list_moves_its_own_keys_only() {
    let keys: Vec<String> = (0..KEYS / 5).map(key).collect();
    let eight = ["m0:11211", "m1:11211", "m2:11211", "m3:11211", "m4:11211", "m5:11211", "m6:11211", "m7:11211"];
    let without: Vec<&str> = eight.into_iter().filter(|name| *name != "m3:11211").collect();
    let (before, after) = (routes(&eight, &keys), routes(&without, &keys));
    for key in &keys {
        if before[key] != "m3:11211" {
            assert_eq!(before[key], after[key], "{key} moved although its server stayed");
        }
    }
    let share = moved(&before, &after) as f64 / keys.len() as f64;
    assert!((share * 8.0 - 1.0).abs() < 0.15, "{share} of the keys moved, not about an eighth");
}

#[test]
fn an_added_server_takes_its_share_and_moves_nothing_between_the_others() {
    let keys: Vec<String> = (0..KEYS / 5).map(key).collect();
    for count in [1, 3, 8] {
        let names: Vec<String> = (0..=count).map(|n| format!("m{n}:11211")).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let (before, after) = (routes(&all[..count], &keys), routes(&all, &keys));
        for key in &keys {
            assert!(after[key] == before[key] || after[key] == all[count], "{key} moved between two old servers");
        }
        let share = moved(&before, &after) as f64 / keys.len() as f64;
        let fair = 1.0 / (count + 1) as f64;
        assert!((share / fair - 1.0).abs() < 0.15, "{share} of the keys moved to the new server, fair is {fair}");
    }
}

#[test]
fn the_order_of_the_list_moves_no_key() {
    let keys: Vec<String> = (0..2000).map(key).collect();
    let one = routes(&["m0:11211", "m1:11211", "m2:11211"], &keys);
    let other = routes(&["m2:11211", "m0:11211", "m1:11211"], &keys);
    assert_eq!(moved(&one, &other), 0);
}

#[test]
fn what_leash_route_says_is_where_the_key_goes() {
    let servers = Memcached::start_many(4);
    let leash = Leash::with_servers(&servers);
    let addresses: Vec<String> = servers.iter().map(Memcached::address).collect();
    let names: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let keys: Vec<String> = (0..500).map(key).collect();
    let routes = routes(&names, &keys);
    let mut client = leash.client();
    for key in &keys {
        client.expect(format!("set {key} 0 0 1\r\nx\r\n"), "STORED\r\n");
        let server = servers.iter().find(|server| server.address() == routes[key]).unwrap();
        assert!(Client::connect(&server.address()).get(key).unwrap().is_some(), "{key} is not at {}", routes[key]);
    }
    for key in keys.iter().take(20) {
        let page = leash.page(&format!("/route?key={key}"));
        assert!(page.contains(&routes[key]), "the admin page says otherwise about {key}: {page}");
    }
}
