//! `stats` as tools read it.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::*;
use crate::metrics::QueueCounts;

#[derive(Default)]
struct Fixed {
    snapshot: StatsSnapshot,
    queues: Vec<QueueStats>,
    resets: Cell<u32>,
}

impl StatsSource for Fixed {
    fn snapshot(&self) -> StatsSnapshot {
        self.snapshot.clone()
    }
    fn queues(&self) -> Vec<QueueStats> {
        self.queues.clone()
    }
    fn reset(&self) {
        self.resets.set(self.resets.get() + 1);
    }
}

fn server(pool: &str, name: &str) -> ServerStats {
    let traffic = ServerTotals { requests: 7, failures: 1, ..ServerTotals::default() };
    let (pool, name, address) = (pool.to_string(), name.to_string(), format!("{name}:11211"));
    ServerStats { pool, name, address, version: Some("1.6.18".into()), state: ServerState::Suspect, traffic }
}

fn ask(arguments: &str, source: &Fixed) -> String {
    String::from_utf8(answer(arguments.as_bytes(), source)).expect("text")
}

/// The lines as a client reads them: none may hide another.
fn read(reply: &str) -> BTreeMap<&str, &str> {
    let body = reply.strip_suffix("END\r\n").expect("END");
    let mut read = BTreeMap::new();
    for line in body.split_terminator("\r\n") {
        let (name, value) = line.strip_prefix("STAT ").and_then(|line| line.split_once(' ')).expect("STAT n v");
        assert!(read.insert(name, value).is_none(), "{name} twice");
    }
    read
}

#[test]
fn what_the_exporter_and_memcached_tool_read_is_there() {
    let mut fixed = Fixed::default();
    fixed.snapshot.process.user = Duration::from_millis(1_250);
    let reply = ask("", &fixed);
    let stats = read(&reply);
    for command in ["get", "delete", "incr", "decr", "cas", "touch"] {
        assert_eq!(stats[&*format!("{command}_hits")], "0");
        assert_eq!(stats[&*format!("{command}_misses")], "0");
    }
    let numbers = "pid uptime time cas_badval cmd_flush cmd_set cmd_get cmd_touch rusage_user rusage_system bytes \
        limit_maxbytes curr_items total_items bytes_read bytes_written curr_connections total_connections \
        rejected_connections conn_yields listen_disabled_num evictions reclaimed store_too_large store_no_memory \
        lru_crawler_starts direct_reclaims crawler_items_checked crawler_reclaimed moves_to_cold moves_to_warm \
        moves_within_lru accepting_conns threads max_connections";
    for name in numbers.split_ascii_whitespace() {
        assert!(stats[name].parse::<f64>().is_ok(), "{name}");
    }
    assert_eq!(stats["rusage_user"], "1.250000");
    assert_eq!((stats["version"], stats["leash_version"]), ("1.6.18", env!("CARGO_PKG_VERSION")));
}

#[test]
fn settings_tell_the_limits_and_the_listener() {
    let mut fixed = Fixed::default();
    fixed.snapshot.settings.max_connections = 1024;
    fixed.snapshot.settings.tcp = "127.0.0.1:11211".parse().ok();
    let reply = ask("settings", &fixed);
    let settings = read(&reply);
    assert_eq!((settings["maxconns"], settings["tcpport"], settings["inter"]), ("1024", "11211", "127.0.0.1"));
    assert_eq!((settings["domain_socket"], settings["flush_enabled"]), ("NULL", "no"));
}

#[test]
fn servers_are_told_by_name_and_by_pool_where_the_name_is_not_enough() {
    let mut fixed = Fixed::default();
    fixed.snapshot.servers = vec![server("main", "m0"), server("main", "m1"), server("spare", "m0")];
    let reply = ask("servers", &fixed);
    let stats = read(&reply);
    assert_eq!((stats["m1:address"], stats["m1:state"]), ("m1:11211", "suspect"));
    assert_eq!((stats["m1:requests"], stats["m1:failures"]), ("7", "1"));
    assert_eq!((stats["main/m0:pool"], stats["spare/m0:pool"]), ("main", "spare"));
}

#[test]
fn queues_are_told_by_name_and_to_clients_of_kestrel_with_all_else() {
    let queue = |name: &str, is_kestrel| QueueStats {
        name: name.into(),
        is_kestrel,
        figures: QueueFigures {
            waiting: 3,
            reserved: 2,
            bytes: 500,
            age: Duration::from_millis(61_500),
            counts: QueueCounts { put: 9, taken: 6, ..QueueCounts::default() },
            ..QueueFigures::default()
        },
    };
    let fixed = Fixed { queues: vec![queue("jobs", false), queue("mail:x", true)], ..Fixed::default() };
    let reply = ask("queues", &fixed);
    let stats = read(&reply);
    assert_eq!((stats["queues"], stats["jobs:waiting"], stats["jobs:reserved"]), ("2", "3", "2"));
    assert_eq!((stats["jobs:age"], stats["mail:x:put"], stats["mail:x:taken"]), ("61", "9", "6"));
    let reply = ask("", &fixed);
    let stats = read(&reply);
    assert_eq!((stats["queue_mail:x_items"], stats["queue_mail:x_open_transactions"]), ("3", "2"));
    assert_eq!((stats["queue_mail:x_age"], stats["queue_mail:x_total_items"]), ("61500", "9"));
    assert!(!reply.contains("jobs"), "it is no queue of Kestrel's");
}

#[test]
fn no_name_of_a_queue_ends_a_line() {
    let name = b"a b\r\nSTAT pid 1\r\nEND\r\n\xc3\xbc".to_vec();
    let fixed =
        Fixed { queues: vec![QueueStats { name, is_kestrel: true, ..QueueStats::default() }], ..Fixed::default() };
    let reply = ask("queues", &fixed);
    let stats = read(&reply);
    assert_eq!(stats.len(), 12, "{reply}");
    assert_eq!(stats["a\\x20b\\x0d\\x0aSTAT\\x20pid\\x201\\x0d\\x0aEND\\x0d\\x0aü:put"], "0");
    assert_ne!(read(&ask("", &fixed))["pid"], "1");
}

#[test]
fn reset_is_done_and_said() {
    let fixed = Fixed::default();
    assert_eq!(ask("reset", &fixed), "RESET\r\n");
    assert_eq!(fixed.resets.get(), 1);
}

#[test]
fn other_subjects_are_answered_as_by_an_empty_memcached() {
    let usage = "CLIENT_ERROR usage: stats detail on|off|dump\r\n";
    for (arguments, expected) in [
        ("items", "END\r\n"),
        ("conns", "END\r\n"),
        ("  items  ", "END\r\n"),
        ("cachedump 1 100", "END\r\n"),
        ("cachedump x 1", "CLIENT_ERROR bad command line format\r\n"),
        ("cachedump 1 x", "CLIENT_ERROR bad command line format\r\n"),
        ("cachedump 99 1", "CLIENT_ERROR Illegal slab id\r\n"),
        ("cachedump 1", "CLIENT_ERROR bad command line\r\n"),
        ("slabs", "STAT active_slabs 0\r\nSTAT total_malloced 0\r\nEND\r\n"),
        ("sizes", "STAT sizes_status disabled\r\nEND\r\n"),
        ("detail dump", "END\r\n"),
        ("detail on", "OK\r\n"),
        ("detail", usage),
        ("detail maybe", usage),
        ("queues", "STAT queues 0\r\nEND\r\n"),
        ("noreply", "ERROR\r\n"),
        ("Items", "ERROR\r\n"),
    ] {
        assert_eq!(ask(arguments, &Fixed::default()), expected, "stats {arguments}");
    }
}
