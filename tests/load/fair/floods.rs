//! Floods: clients that pipeline without end whatever costs leash more than it costs them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;

use support::memcached::signal;
use support::{Leash, Memcached};

use support::turn::alone;

use super::latency::Victim;

/// What one client sends again and again until this goes.
struct Flood {
    stream: TcpStream,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    /// Reads all that comes back.
    fn of(leash: &Leash, request: &str) -> Flood {
        let mut flood = Flood::unread(leash, request);
        let mut stream = flood.stream.try_clone().unwrap();
        flood.threads.push(std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 20];
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
        }));
        flood
    }

    /// Reads nothing.
    fn unread(leash: &Leash, request: &str) -> Flood {
        let stream = TcpStream::connect(leash.address()).unwrap();
        let mut writes = stream.try_clone().unwrap();
        let text = request.repeat((1 << 20) / request.len() + 1);
        let writer = std::thread::spawn(move || while writes.write_all(text.as_bytes()).is_ok() {});
        Flood { stream, threads: vec![writer] }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

/// One worker, so that all meet on it.
fn house() -> (Memcached, Leash) {
    let server = Memcached::start();
    let address = server.address();
    let yaml = format!(
        "workers: 1\npools: {{main: {{servers: ['{address}']}}, here: {{servers: [embedded]}}}}\nroutes: [{{prefix: '', pool: \
         main}}, {{prefix: 'here:', pool: here}}]"
    );
    (server, Leash::with_config(&yaml))
}

/// A victim beside two clients that do nothing but ask this, reading the replies or not.
fn is_well_beside(what: &str, request: &str) {
    let _alone = alone();
    let (_server, leash) = house();
    let mut victim = Victim::of(&leash);
    let alone = victim.p99();
    for (how, flood) in [("", Flood::of as fn(&Leash, &str) -> Flood), (", unread", Flood::unread)] {
        let floods = [flood(&leash, request), flood(&leash, request)];
        victim.is_as_well_as(alone, &format!("{what}{how}"));
        drop(floods);
    }
}

#[test]
fn a_small_get_is_as_fast_beside_floods_of_stats() {
    is_well_beside("stats", "stats\r\n");
    is_well_beside("stats servers", "stats servers\r\n");
}

#[test]
fn a_small_get_is_as_fast_beside_floods_of_what_leash_answers_itself() {
    is_well_beside("version", "version\r\n");
    is_well_beside("mn", "mn\r\n");
    is_well_beside("hits of the embedded store", "get here:a\r\n");
}

#[test]
fn a_small_get_is_as_fast_beside_floods_that_are_never_answered() {
    is_well_beside("quiet verbosity", "verbosity 1 noreply\r\n");
    is_well_beside("quiet gets", "mg missing v q\r\n");
}

#[test]
fn a_small_get_is_as_fast_beside_floods_of_what_is_refused() {
    is_well_beside("junk", "junk\r\n");
    is_well_beside("empty lines", "\r\n");
    is_well_beside("keys that are too long", &format!("get {}\r\n", "k".repeat(251)));
    is_well_beside("values that are too large", &format!("set a 0 0 {}\r\n{}\r\n", 2 << 20, "v".repeat(2 << 20)));
}

#[test]
fn a_small_get_is_as_fast_beside_gets_of_very_many_keys() {
    let keys: String = (0..10_000).map(|n| format!(" {n}")).collect();
    is_well_beside("gets of 10,000 keys", &format!("get{keys}\r\n"));
    let keys: String = (0..6_000).map(|n| format!(" here:{n}")).collect();
    is_well_beside("gets of 6,000 keys of the embedded store", &format!("get{keys}\r\n"));
}

#[test]
fn a_get_of_many_keys_is_one_reply_however_many_are_in_flight() {
    let server = Memcached::start();
    let yaml = |in_flight| {
        let pools = format!("pools: {{main: {{servers: ['{}']}}, here: {{servers: [embedded]}}}}", server.address());
        let routes = "routes: [{prefix: '', pool: main}, {prefix: 'here:', pool: here}]";
        format!("workers: 1\n{pools}\n{routes}\nlimits: {{in_flight: {in_flight}}}")
    };
    for in_flight in [1, 7, 1024] {
        let leash = Leash::with_config(&yaml(in_flight));
        let mut client = leash.client();
        let keys: Vec<String> =
            (0..5_000).map(|n| if n % 3 == 0 { format!("here:{n}") } else { format!("there:{n}") }).collect();
        let sets: String = keys.iter().step_by(7).map(|key| format!("set {key} 0 0 5\r\n{key:.5}\r\n")).collect();
        client.expect(sets, "STORED\r\n".repeat(keys.len().div_ceil(7)));
        let hits: String = keys.iter().step_by(7).map(|key| format!("VALUE {key} 0 5\r\n{key:.5}\r\n")).collect();
        let asked = format!("get missing\r\nget {}\r\nset after 0 0 1\r\n1\r\nget after missing\r\n", keys.join(" "));
        client.expect(asked, format!("END\r\n{hits}END\r\nSTORED\r\nVALUE after 0 1\r\n1\r\nEND\r\n"));
        // Another configuration, and an end, in the middle of it.
        client.send(format!("get {}\r\n", keys.join(" ")).repeat(3));
        leash.configure(yaml(in_flight + 1));
        signal(leash.pid(), "HUP");
        client.finish_sending();
        let replies = String::from_utf8(client.read_to_end().unwrap()).unwrap();
        assert!(replies == format!("{hits}END\r\n").repeat(3), "{in_flight} in flight: {} bytes", replies.len());
    }
}

#[test]
fn stats_know_of_all_that_was_answered_before() {
    let (_server, leash) = house();
    let mut client = leash.client();
    for hits in 1..=20 {
        client.send("set a 0 0 1\r\n1\r\nget a\r\nincr a 1\r\nstats\r\nversion\r\n");
        client.expect("", "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n2\r\n");
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| line != "END") {
            lines.push(String::from_utf8(client.read_line().unwrap()).unwrap().trim_end().to_string());
        }
        for figure in ["cmd_set", "get_hits", "incr_hits"] {
            assert!(lines.contains(&format!("STAT {figure} {hits}")), "{figure} {hits} in {lines:#?}");
        }
        assert!(String::from_utf8(client.read_line().unwrap()).unwrap().starts_with("VERSION"));
    }
}
