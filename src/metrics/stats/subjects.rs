//! What each subject of `stats` is answered with, line for line.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::super::totals::StatsFigure;
use super::queues::put_kestrel;
use super::{Lines, QueueStats, ServerStats, Settings, StatsSnapshot};
use crate::protocol::VERSION;

/// `stats`: the process, its connections, what was asked of it, its memory, and queues for clients of Kestrel.
pub(super) fn general(now: &StatsSnapshot, queues: &[QueueStats]) -> Vec<u8> {
    let mut lines = Lines::new();
    put_process(&mut lines, now);
    put_connections(&mut lines, now);
    let connections = [StatsFigure::TotalConnections, StatsFigure::RejectedConnections];
    for figure in StatsFigure::ALL.into_iter().filter(|figure| !connections.contains(figure)) {
        lines.stat(figure.name(), now.totals.get(figure));
    }
    put_memory(&mut lines, now);
    queues.iter().filter(|queue| queue.is_kestrel).for_each(|queue| put_kestrel(&mut lines, queue));
    lines.end()
}

fn put_process(lines: &mut Lines, now: &StatsSnapshot) {
    lines
        .stat("pid", std::process::id())
        .stat("uptime", now.uptime.as_secs())
        .stat("time", now.unix_time)
        .stat("version", VERSION)
        .stat("leash_version", env!("CARGO_PKG_VERSION"))
        .stat("libevent", "none")
        .stat("pointer_size", usize::BITS)
        .stat("rusage_user", format_args!("{:.6}", now.process.user.as_secs_f64()))
        .stat("rusage_system", format_args!("{:.6}", now.process.system.as_secs_f64()));
}

fn put_connections(lines: &mut Lines, now: &StatsSnapshot) {
    lines
        .stat("max_connections", now.settings.max_connections)
        .stat("curr_connections", now.totals.curr_connections)
        .stat("total_connections", now.totals.get(StatsFigure::TotalConnections))
        .stat("rejected_connections", now.totals.get(StatsFigure::RejectedConnections))
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

fn put_memory(lines: &mut Lines, now: &StatsSnapshot) {
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

/// `stats settings`.
pub(super) fn settings(settings: &Settings) -> Vec<u8> {
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
        .stat("flush_enabled", yes_or_no(settings.flush_enabled))
        .stat("auth_enabled_sasl", yes_or_no(settings.has_users))
        .stat("auth_enabled_ascii", yes_or_no(settings.has_users))
        .stat("queues_enabled", yes_or_no(settings.keeps_queues));
    for (name, value) in [
        ("verbosity", "0"),
        ("oldest", "0"),
        ("evictions", "on"),
        ("stat_key_prefix", ":"),
        ("detail_enabled", "no"),
        ("cas_enabled", "yes"),
        ("binding_protocol", "auto-negotiate"),
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

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// `stats servers`, which memcached does not have.
pub(super) fn servers(servers: &[ServerStats]) -> Vec<u8> {
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

fn put_server(lines: &mut Lines, name: &str, server: &ServerStats) {
    let traffic = &server.traffic;
    let mut stat = |what: &str, value: &dyn Display| {
        lines.stat(&format!("{name}:{what}"), value);
    };
    stat("pool", &server.pool);
    stat("address", &server.address);
    stat("state", &server.state.name());
    if let Some(version) = &server.version {
        stat("version", version);
    }
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
