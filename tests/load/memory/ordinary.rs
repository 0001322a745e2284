//! What is asked of a leash in service before others make trouble: what it holds once all of that is over is where it should
//! be again when the others have gone, too.

use support::{Client, Leash};

/// How many clients there are.
const CLIENTS: usize = 64;
/// How often each writes and reads its small values.
const ROUNDS: usize = 5;
const SMALL: [usize; 3] = [100, 1_000, 10_000];
const LARGE: usize = 500_000;
/// How many keys some gets have.
const TOGETHER: usize = 50;

/// Has clients ask, one after the other, while all of them are connected, and leave; then somebody scrapes it.
pub fn service(leash: &Leash) {
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| leash.client()).collect();
    for _ in 0..ROUNDS {
        for (number, client) in clients.iter_mut().enumerate() {
            SMALL.iter().for_each(|&length| keeps(client, &key(number, length), length));
        }
    }
    let all: String = (0..TOGETHER).map(|number| hit(&key(number, SMALL[0]), SMALL[0])).collect();
    let keys: Vec<String> = (0..TOGETHER).map(|number| key(number, SMALL[0])).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        keeps(client, &key(number, LARGE), LARGE);
        client.expect(format!("get {}\r\n", keys.join(" ")), format!("{all}END\r\n"));
        client.expect(format!("touch {} 60\r\n", key(number, SMALL[0])), "TOUCHED\r\n");
        client.expect(format!("mg {} s\r\n", key(number, SMALL[0])), format!("HD s{}\r\n", SMALL[0]));
        client.expect(format!("get ordinary:none:{number}\r\n"), "END\r\n");
        client.expect(format!("incr ordinary:none:{number} 1\r\n"), "NOT_FOUND\r\n");
    }
    for (number, client) in clients.iter_mut().enumerate() {
        SMALL.iter().for_each(|&length| client.expect(format!("delete {}\r\n", key(number, length)), "DELETED\r\n"));
    }
    leash.page("/metrics");
}

fn key(client: usize, length: usize) -> String {
    format!("ordinary:{client}:{length}")
}

fn hit(key: &str, length: usize) -> String {
    format!("VALUE {key} 0 {length}\r\n{}\r\n", "v".repeat(length))
}

fn keeps(client: &mut Client, key: &str, length: usize) {
    client.expect(format!("set {key} 0 0 {length}\r\n{}\r\n", "v".repeat(length)), "STORED\r\n");
    client.expect(format!("get {key}\r\n"), format!("{}END\r\n", hit(key, length)));
}
