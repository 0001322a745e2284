//! memcached's `stats` command, answered with leash's own figures under memcached's names.
//!
//! Enough for memcached-tool, for client libraries and for the Prometheus memcached_exporter. What leash has no such
//! thing as is 0 where tools expect a line, and left out elsewhere. Nothing here reads a clock or a counter.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

use super::process::Process;
use super::totals::{Figure, ServerTotals, Totals};
use super::words::ServerState;

/// Where the figures come from.
pub trait Source {
    /// All of them, now.
    fn snapshot(&self) -> Snapshot;
    /// Sets the totals back to 0.
    fn reset(&self);
}

/// What `stats` tells, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// As `version` answers it, digits first.
    pub version: String,
    /// Seconds since 1970.
    pub unix_time: u64,
    /// Time since the start.
    pub uptime: Duration,
    /// What the kernel knows about the process.
    pub process: Process,
    /// Counts.
    pub totals: Totals,
    /// What is in embedded stores.
    pub embedded: Embedded,
    /// What was configured.
    pub settings: Settings,
    /// All servers, in the order of the configuration.
    pub servers: Vec<Server>,
}

/// The content of the embedded stores, summed up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded {
    /// Items.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Items dropped to make room.
    pub evictions: u64,
}

/// The part of the configuration that memcached has, too.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Bytes the embedded stores may take; 0 without one.
    pub max_bytes: u64,
    /// Clients at a time.
    pub max_connections: u64,
    /// The first TCP listener.
    pub tcp: Option<std::net::SocketAddr>,
    /// The first Unix listener.
    pub unix: Option<String>,
    /// Worker threads.
    pub workers: u64,
    /// The longest value.
    pub max_item: u64,
    /// Whether `flush_all` does something on any route.
    pub flush_enabled: bool,
}

/// One server, as `stats servers` tells it.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its pool.
    pub pool: String,
    /// Its name.
    pub name: String,
    /// Its address as written.
    pub address: String,
    /// Its health.
    pub state: ServerState,
    /// Its traffic.
    pub traffic: ServerTotals,
}

/// Answers `stats` with what stood behind it on the line.
///
/// `stats` · `stats settings` · `stats servers` · `stats reset` are leash's own; the other subjects of memcached are
/// answered as by one that is empty; what memcached does not know is an `ERROR`.
pub fn answer(arguments: &[u8], source: &dyn Source) -> Vec<u8> {
    let words: Vec<&[u8]> = arguments.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => general(&source.snapshot()),
        [b"settings", ..] => settings(&source.snapshot().settings),
        [b"servers"] => servers(&source.snapshot().servers),
        [b"reset", ..] => {
            source.reset();
            b"RESET\r\n".to_vec()
        }
        [b"slabs", ..] => Lines::new().stat("active_slabs", 0).stat("total_malloced", 0).end(),
        [b"sizes", ..] => Lines::new().stat("sizes_status", "disabled").end(),
        [b"detail", b"on" | b"off"] => b"OK\r\n".to_vec(),
        [b"detail", b"dump"] | [b"items" | b"conns" | b"extstore", ..] | [b"cachedump", _, _, ..] => Lines::new().end(),
        [b"detail", ..] => b"CLIENT_ERROR usage: stats detail on|off|dump\r\n".to_vec(),
        [b"cachedump", ..] => b"CLIENT_ERROR bad command line\r\n".to_vec(),
        _ => b"ERROR\r\n".to_vec(),
    }
}

fn general(now: &Snapshot) -> Vec<u8> {
    let mut lines = Lines::new();
    put_process(&mut lines, now);
    put_connections(&mut lines, now);
    let connections = [Figure::TotalConnections, Figure::RejectedConnections];
    for figure in Figure::ALL.into_iter().filter(|figure| !connections.contains(figure)) {
        lines.stat(figure.name(), now.totals.get(figure));
    }
    put_memory(&mut lines, now);
    lines.end()
}

fn put_process(lines: &mut Lines, now: &Snapshot) {
    lines
        .stat("pid", std::process::id())
        .stat("uptime", now.uptime.as_secs())
        .stat("time", now.unix_time)
        .stat("version", &now.version)
        .stat("libevent", "none")
        .stat("pointer_size", usize::BITS)
        .stat("rusage_user", format_args!("{:.6}", now.process.user.as_secs_f64()))
        .stat("rusage_system", format_args!("{:.6}", now.process.system.as_secs_f64()));
}

fn put_connections(lines: &mut Lines, now: &Snapshot) {
    lines
        .stat("max_connections", now.settings.max_connections)
        .stat("curr_connections", now.totals.curr_connections)
        .stat("total_connections", now.totals.get(Figure::TotalConnections))
        .stat("rejected_connections", now.totals.get(Figure::RejectedConnections))
        .stat("connection_structures", now.totals.curr_connections)
        .stat("accepting_conns", 1)
        .stat("threads", now.settings.workers);
    for nothing in [
        "response_obj_oom",
        "response_obj_count",
        "response_obj_bytes",
        "read_buf_oom",
        "get_expired",
        "get_flushed",
        "auth_cmds",
        "auth_errors",
        "listen_disabled_num",
        "time_in_listen_disabled_us",
        "conn_yields",
    ] {
        lines.stat(nothing, 0);
    }
}

fn put_memory(lines: &mut Lines, now: &Snapshot) {
    lines
        .stat("limit_maxbytes", now.settings.max_bytes)
        .stat("bytes", now.embedded.bytes)
        .stat("curr_items", now.embedded.items)
        .stat("evictions", now.embedded.evictions);
    for nothing in [
        "hash_power_level",
        "hash_bytes",
        "hash_is_expanding",
        "malloc_fails",
        "slab_global_page_pool",
        "expired_unfetched",
        "evicted_unfetched",
        "evicted_active",
        "reclaimed",
        "crawler_reclaimed",
        "crawler_items_checked",
        "lru_crawler_starts",
        "lrutail_reflocked",
        "moves_to_cold",
        "moves_to_warm",
        "moves_within_lru",
        "direct_reclaims",
        "lru_bumps_dropped",
    ] {
        lines.stat(nothing, 0);
    }
}

fn settings(settings: &Settings) -> Vec<u8> {
    let mut lines = Lines::new();
    lines
        .stat("maxbytes", settings.max_bytes)
        .stat("maxconns", settings.max_connections)
        .stat("tcpport", settings.tcp.map_or(0, |address| address.port()))
        .stat("udpport", 0)
        .stat("inter", settings.tcp.map_or("NULL".to_string(), |address| address.ip().to_string()))
        .stat("domain_socket", settings.unix.as_deref().unwrap_or("NULL"))
        .stat("num_threads", settings.workers)
        .stat("item_size_max", settings.max_item)
        .stat("flush_enabled", if settings.flush_enabled { "yes" } else { "no" });
    for (name, value) in [
        ("verbosity", "0"),
        ("oldest", "0"),
        ("evictions", "on"),
        ("stat_key_prefix", ":"),
        ("detail_enabled", "no"),
        ("cas_enabled", "yes"),
        ("binding_protocol", "ascii"),
        ("auth_enabled_sasl", "no"),
        ("auth_enabled_ascii", "no"),
        ("maxconns_fast", "yes"),
        ("hash_algorithm", "xxh3"),
        ("slab_reassign", "no"),
        ("lru_crawler", "no"),
        ("lru_maintainer_thread", "no"),
        ("lru_segmented", "no"),
        ("dump_enabled", "no"),
        ("shutdown_command", "no"),
        ("ssl_enabled", "no"),
    ] {
        lines.stat(name, value);
    }
    lines.end()
}

fn servers(servers: &[Server]) -> Vec<u8> {
    let (mut seen, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for server in servers {
        if !seen.insert(&server.name) {
            repeated.insert(&server.name);
        }
    }
    let mut lines = Lines::new();
    for server in servers {
        // Clients put the lines into a map, where a name in two pools would hide one of them.
        let qualified = repeated.contains(&server.name);
        let name = if qualified { format!("{}/{}", server.pool, server.name) } else { server.name.clone() };
        put_server(&mut lines, &name, server);
    }
    lines.end()
}

fn put_server(lines: &mut Lines, name: &str, server: &Server) {
    let traffic = &server.traffic;
    let mut stat = |what: &str, value: &dyn Display| {
        lines.stat(&format!("{name}:{what}"), value);
    };
    stat("pool", &server.pool);
    stat("address", &server.address);
    stat("state", &server.state.name());
    for (what, count) in [
        ("requests", traffic.requests),
        ("failures", traffic.failures),
        ("in_flight", traffic.in_flight),
        ("connections", traffic.connections),
        ("reconnects", traffic.reconnects),
        ("desync", traffic.desync),
        ("retries", traffic.retries),
        ("bytes_read", traffic.bytes_read),
        ("bytes_written", traffic.bytes_written),
    ] {
        stat(what, &count);
    }
}

/// `STAT` lines up to their `END`.
struct Lines(Vec<u8>);

impl Lines {
    fn new() -> Lines {
        Lines(Vec::with_capacity(2048))
    }

    fn stat(&mut self, name: &str, value: impl Display) -> &mut Lines {
        write!(self.0, "STAT {name} {value}\r\n").expect("memory takes every write");
        self
    }

    fn end(&mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"END\r\n");
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Default)]
    struct Fixed {
        snapshot: Snapshot,
        resets: Cell<u32>,
    }

    impl Source for Fixed {
        fn snapshot(&self) -> Snapshot {
            self.snapshot.clone()
        }
        fn reset(&self) {
            self.resets.set(self.resets.get() + 1);
        }
    }

    fn server(pool: &str, name: &str) -> Server {
        let traffic = ServerTotals { requests: 7, failures: 1, ..ServerTotals::default() };
        let (pool, name, address) = (pool.to_string(), name.to_string(), format!("{name}:11211"));
        Server { pool, name, address, state: ServerState::Suspect, traffic }
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
        fixed.snapshot.version = "1.6.0-leash-0.1.0".to_string();
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
        assert_eq!((stats["rusage_user"], stats["version"]), ("1.250000", "1.6.0-leash-0.1.0"));
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
            ("cachedump 1", "CLIENT_ERROR bad command line\r\n"),
            ("slabs", "STAT active_slabs 0\r\nSTAT total_malloced 0\r\nEND\r\n"),
            ("sizes", "STAT sizes_status disabled\r\nEND\r\n"),
            ("detail dump", "END\r\n"),
            ("detail on", "OK\r\n"),
            ("detail", usage),
            ("detail maybe", usage),
            ("noreply", "ERROR\r\n"),
            ("Items", "ERROR\r\n"),
        ] {
            assert_eq!(ask(arguments, &Fixed::default()), expected, "stats {arguments}");
        }
    }
}
