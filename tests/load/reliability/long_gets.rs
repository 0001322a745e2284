//! Clients that ask for a hundred thousand keys at once, again and again: as a get, and as gets that they pipeline.

use std::time::Duration;

use support::rig::{Beside, Flood, Reading};
use support::{Leash, Memcached, pause};

use super::house::{alone, go_on, promised};
use crate::many_keys::{KEYS, key, store};

/// How long each lasts in the short form.
const TIME: Duration = Duration::from_secs(1);

/// What is asked for without end, and by how many.
fn words() -> Vec<(&'static str, usize, String)> {
    let keys = (0..KEYS).map(key);
    let get = keys.clone().fold("get".to_string(), |line, key| line + " " + &key) + "\r\n";
    let pipelined = keys.fold(String::new(), |lines, key| lines + "mg " + &key + " v q\r\n");
    vec![
        ("a get of 100,000 keys", 1, get.clone()),
        ("two of them", 2, get),
        ("100,000 meta gets that are pipelined", 1, pipelined),
    ]
}

#[test]
fn small_gets_are_answered_beside_gets_of_very_many_keys() {
    let _alone = alone();
    let servers: Vec<Memcached> = (0..3).map(|_| Memcached::start()).collect();
    let addresses: Vec<String> = servers.iter().map(|server| format!("'{}'", server.address())).collect();
    let beside = Beside::start();
    let mut unbearable = Vec::new();
    for (way, pool) in [
        ("over one server", &*addresses[0]),
        ("over three servers", &addresses.join(", ")),
        ("on the embedded store", "embedded"),
    ] {
        let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {{servers: [{pool}]}}}}\n"));
        store(&leash);
        let ((), quiet) = beside.feels(&leash, || pause(TIME));
        for (what, clients, words) in words() {
            let (_, felt) = beside.feels(&leash, || {
                let flood = Flood::start(leash.address(), clients, words, Reading::All);
                go_on(TIME);
                flood.stop()
            });
            println!("{way}, beside {what}: {felt}; alone {}", quiet.gets);
            let floor = promised(Duration::from_millis(5), Duration::from_millis(100));
            let livez = promised(Duration::from_millis(100), Duration::from_millis(500));
            unbearable.extend(felt.judge(&quiet, floor, livez).err().map(|why| format!("{way}, {what}: {why}")));
        }
    }
    assert!(unbearable.is_empty(), "{}", unbearable.join("\n"));
}
