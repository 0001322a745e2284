//! The table of every series: name, kind, labels, help. Names are a promise to dashboards and alerts.

use prometheus::proto::MetricType;

/// Declares the table.
macro_rules! series {
    ($($variant:ident, $name:literal, $kind:ident, [$($label:literal),*], $help:literal;)*) => {
        /// A metric family of leash.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the help text of each is its documentation")]
        pub enum Series { $(#[doc = $help] $variant,)* }

        impl Series {
            /// All of them, in the order in which they are written out.
            pub const ALL: [Series; [$($name),*].len()] = [$(Series::$variant),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Series::$variant => $name),* }
            }

            /// Its kind.
            pub const fn kind(self) -> MetricType {
                match self { $(Series::$variant => MetricType::$kind),* }
            }

            /// The names of its labels.
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Series::$variant => &[$($label),*]),* }
            }

            /// What it means.
            pub const fn help(self) -> &'static str {
                match self { $(Series::$variant => $help),* }
            }
        }
    };
}

#[rustfmt::skip]
series! {
    Requests, "leash_requests_total", COUNTER, ["route", "class", "outcome"], "Requests of clients, one for each key, by what became of them.";
    Duration, "leash_request_duration_seconds", HISTOGRAM, ["route", "class"], "Time from a request's arrival to its answer.";
    Leases, "leash_leases_total", COUNTER, ["route", "outcome"], "Leases by what became of them; one that expires was counted as granted or unasked before.";
    RefusedSets, "leash_refused_sets_total", COUNTER, ["route", "reason"], "Sets of winners that were not kept, by reason.";
    StaleAge, "leash_stale_age_seconds", HISTOGRAM, ["route"], "How long past their stale date values were when they were served; the count is the stale values served.";
    Regeneration, "leash_regeneration_seconds", HISTOGRAM, ["route"], "Time from telling a winner to regenerate to its set.";
    ColdWaits, "leash_cold_waits_total", COUNTER, ["route", "outcome"], "Waits for a cold value, by how they ended.";
    ColdWaiters, "leash_cold_waiters", GAUGE, ["route"], "Requests that are waiting for a cold value.";
    EarlyRefreshes, "leash_early_refreshes_total", COUNTER, ["route"], "Regenerations begun before the stale date.";
    Loads, "leash_loads_total", COUNTER, ["route", "outcome"], "Loads by what became of them.";
    LoadsSpared, "leash_loads_spared_total", COUNTER, ["route"], "Callers that found nothing and were answered by a load that another caller had begun.";
    LoadSeconds, "leash_load_seconds", HISTOGRAM, ["route"], "Time from ordering a value from a loader that was called to its answer, waiting for its turn included.";
    LoadsInFlight, "leash_loads_in_flight", GAUGE, ["route"], "Calls to a loader that are under way.";
    LoadsMost, "leash_loads_max_in_flight", GAUGE, ["route"], "How many calls to a loader may be under way (max_in_flight).";
    LoadsWaiting, "leash_loads_waiting", GAUGE, ["route"], "Calls to a loader that wait for their turn.";
    LoaderHeldBack, "leash_loader_held_back", GAUGE, ["route"], "Whether a loader fails and is asked only now and then (1).";
    LoaderTimeout, "leash_loader_timeout_seconds", GAUGE, ["route"], "How long a call to a loader may take (timeout).";
    MigrationReads, "leash_migration_reads_total", COUNTER, ["route", "source"], "Reads on a route that migrates, by the pool the value came from.";
    Backfills, "leash_backfills_total", COUNTER, ["route", "outcome"], "Items read in the old pool, by what became of bringing them over to the new one.";
    Queues, "leash_queues", GAUGE, ["route"], "Queues of which anything is known.";
    QueueDepth, "leash_queue_depth", GAUGE, ["route", "queue"], "Messages that wait; told by name of the longest queues, and of all others together.";
    QueueReserved, "leash_queue_reserved", GAUGE, ["route", "queue"], "Messages that consumers have and have not acknowledged.";
    QueueBytes, "leash_queue_bytes", GAUGE, ["route", "queue"], "Bytes of both on the disk.";
    QueueHeadAge, "leash_queue_head_age_seconds", GAUGE, ["route", "queue"], "How long the oldest message that waits has been there; 0 if none waits.";
    QueueWaiters, "leash_queue_waiters", GAUGE, ["route", "queue"], "Consumers that wait for a message.";
    QueuePut, "leash_queue_put_total", COUNTER, ["route"], "Messages taken into queues.";
    QueueTaken, "leash_queue_taken_total", COUNTER, ["route"], "Messages handed out, each time they were.";
    QueueRedelivered, "leash_queue_redelivered_total", COUNTER, ["route"], "Messages given back into their places.";
    QueueExpired, "leash_queue_expired_total", COUNTER, ["route"], "Messages that were over before a consumer came.";
    QueueDead, "leash_queue_dead_total", COUNTER, ["route"], "Messages moved away because they were given back too often (max_redeliveries).";
    QueueDamaged, "leash_queue_damaged_total", COUNTER, ["route"], "Messages lost because the disk could not read them any more.";
    QueueRefused, "leash_queue_refused_total", COUNTER, ["route", "cause"], "Messages that were not taken, by cause.";
    QueueDiskBytes, "leash_queue_disk_bytes", GAUGE, ["route"], "Bytes of the files of queues.";
    QueueDiskRefuses, "leash_queue_disk_refuses", GAUGE, ["route"], "Whether the disk of queues refuses to work (1).";
    QueueDamagedFiles, "leash_queue_damaged_files", GAUGE, ["route"], "Files of queues that leash found damaged, cut short or missing when it began.";
    QueueDamagedCopies, "leash_queue_damaged_copies", GAUGE, ["route"], "Copies of damaged files of queues that are kept beside them, for people.";
    Failures, "leash_failures_total", COUNTER, ["pool", "server", "cause"], "Requests a server did not answer, by cause.";
    UpstreamRequests, "leash_upstream_requests_total", COUNTER, ["pool", "server"], "Requests sent to a server.";
    UpstreamSeconds, "leash_upstream_request_seconds", SUMMARY, ["pool", "server"], "Time from sending a request to a server to its reply.";
    ServerLatency, "leash_server_latency_seconds", HISTOGRAM, ["pool", "server"], "The same, told with metrics.per_server: histogram.";
    UpstreamInFlight, "leash_upstream_in_flight", GAUGE, ["pool", "server"], "Requests sent to a server and not yet answered.";
    UpstreamConnections, "leash_upstream_connections", GAUGE, ["pool", "server"], "Open connections to a server.";
    UpstreamReconnects, "leash_upstream_reconnects_total", COUNTER, ["pool", "server"], "Connections to a server made anew after one was lost.";
    UpstreamDesync, "leash_upstream_desync_total", COUNTER, ["pool", "server"], "Connections closed because the server said something that was not asked.";
    UpstreamRetries, "leash_upstream_retries_total", COUNTER, ["pool", "server"], "Requests sent again because their connection had died.";
    LateMessages, "leash_upstream_late_messages_total", COUNTER, ["pool", "server"], "Messages of queues that a holder handed out after request_timeout, and that were given back.";
    UpstreamBytesRead, "leash_upstream_bytes_read_total", COUNTER, ["pool", "server"], "Bytes received from a server.";
    UpstreamBytesWritten, "leash_upstream_bytes_written_total", COUNTER, ["pool", "server"], "Bytes sent to a server.";
    ServerUp, "leash_server_up", GAUGE, ["pool", "server"], "Whether requests are sent to a server (1) or it is down (0).";
    ServerState, "leash_server_state", GAUGE, ["pool", "server", "state"], "A server's health: 1 for the state it is in, 0 for the others.";
    ServerInfo, "leash_server_info", GAUGE, ["pool", "server", "version"], "Always 1; the version of memcached that a server has told.";
    GutterRequests, "leash_gutter_requests_total", COUNTER, ["pool", "server"], "Requests that went to the gutter because their server was down.";
    SpoolKeys, "leash_spool_keys", GAUGE, ["pool", "server"], "Deletes that wait for a server.";
    SpoolOldest, "leash_spool_oldest_seconds", GAUGE, ["pool", "server"], "How long the oldest delete that waits for a server has waited; 0 if none waits.";
    SpoolReplayed, "leash_spool_replayed_total", COUNTER, ["pool", "server"], "Deletes that a server was told of when it was back.";
    SpoolSkipped, "leash_spool_skipped_total", COUNTER, ["pool", "server"], "Deletes that were not needed any more, since their server had come back empty.";
    SpoolDropped, "leash_spool_dropped_total", COUNTER, ["pool", "server", "reason"], "Deletes that were to wait for a server and are lost, by reason.";
    SpoolRefused, "leash_spool_refused", GAUGE, ["pool", "server"], "Deletes that a server refuses although it is back; their keys miss until it takes them.";
    SpoolFileFailing, "leash_spool_file_failing", GAUGE, ["pool", "server"], "Whether deletes that wait for a server are in memory only, because its spool's file cannot be written (1).";
    SpoolFileFailures, "leash_spool_file_failures_total", COUNTER, ["pool", "server"], "Times that the file of a server's spool could not be opened or written.";
    PoolBlackout, "leash_pool_blackout", GAUGE, ["pool"], "Whether all servers of a pool of several look down at once (1), as they do when this machine has lost its network.";
    PoolBlackouts, "leash_pool_blackouts_total", COUNTER, ["pool"], "Times that all servers of a pool of several looked down at once.";
    DownstreamConnections, "leash_downstream_connections", GAUGE, [], "Open connections of clients.";
    DownstreamMost, "leash_downstream_max_connections", GAUGE, [], "How many connections of clients there may be (limits.connections).";
    DownstreamAccepted, "leash_downstream_accepted_total", COUNTER, [], "Connections of clients accepted.";
    DownstreamRefused, "leash_downstream_refused_total", COUNTER, [], "Connections of clients refused because there were too many.";
    DownstreamDropped, "leash_downstream_dropped_total", COUNTER, ["reason"], "Connections closed on clients that asked nothing or took no replies, by reason.";
    DownstreamErrors, "leash_downstream_protocol_errors_total", COUNTER, ["kind"], "Mistakes of clients in the protocol, by kind.";
    DownstreamBytesRead, "leash_downstream_bytes_read_total", COUNTER, [], "Bytes received from clients.";
    DownstreamBytesWritten, "leash_downstream_bytes_written_total", COUNTER, [], "Bytes sent to clients.";
    PoolFingerprint, "leash_pool_fingerprint", GAUGE, ["pool", "fingerprint"], "Always 1; a pool with two fingerprints in a fleet is configured in two ways.";
    RouteInfo, "leash_route_info", GAUGE, ["route", "from", "to", "phase"], "Always 1; the pools that a route moves from and to, which are the same one where it does not migrate.";
    BuildInfo, "leash_build_info", GAUGE, ["version"], "Always 1; the version of leash.";
    ConfigRoutes, "leash_config_routes", GAUGE, [], "Routes in the configuration.";
    ConfigReloads, "leash_config_reloads_total", COUNTER, ["outcome"], "Reloads of the configuration, by outcome.";
    ConfigReloadSuccessful, "leash_config_last_reload_successful", GAUGE, [], "Whether the last reload was taken (1) or refused (0); 1 before the first.";
    ConfigLoaded, "leash_config_last_reload_success_timestamp_seconds", GAUGE, [], "When the configuration in force was loaded, in Unix time.";
    ConfigNeedsRestart, "leash_config_restart_pending", GAUGE, [], "Whether the last reload left something to the next restart (1).";
    DiscoveryQuestions, "leash_discovery_questions_total", COUNTER, ["pool", "outcome"], "Questions for the servers of a pool, by whether they were answered.";
    EmbeddedItems, "leash_embedded_items", GAUGE, ["pool"], "Items in the embedded store.";
    EmbeddedBytes, "leash_embedded_bytes", GAUGE, ["pool"], "Bytes in the embedded store.";
    EmbeddedEvictions, "leash_embedded_evictions_total", COUNTER, ["pool"], "Items the embedded store dropped to make room.";
    Workers, "leash_workers", GAUGE, [], "Worker threads.";
    BufferBytes, "leash_buffer_bytes", GAUGE, [], "Bytes that clients and servers make leash hold: what has not arrived whole, what waits for a reply, for its turn or to leave, and its tables.";
    MemoryShed, "leash_memory_shed_total", COUNTER, ["what"], "What was given up because limits.memory was held: clients, replies, requests, steps of requests, and values of servers.";
    BufferMost, "leash_buffer_max_bytes", GAUGE, [], "How many bytes that may be (limits.memory).";
    ProcessBegun, "process_start_time_seconds", GAUGE, [], "When leash started, in Unix time.";
    ProcessCpu, "process_cpu_seconds_total", COUNTER, [], "CPU time of the process, user and system.";
    ProcessMemory, "process_resident_memory_bytes", GAUGE, [], "Resident memory of the process.";
    ProcessVirtual, "process_virtual_memory_bytes", GAUGE, [], "Virtual memory of the process.";
    ProcessFds, "process_open_fds", GAUGE, [], "Open file descriptors of the process.";
    ProcessMostFds, "process_max_fds", GAUGE, [], "How many file descriptors the process may have open.";
    ProcessThreads, "process_threads", GAUGE, [], "Threads of the process.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for series in Series::ALL {
            let name = series.name();
            assert!(name.starts_with("leash_") || name.starts_with("process_"), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert_eq!(series.kind() == MetricType::COUNTER, name.ends_with("_total"), "{name}");
            assert!(series.help().ends_with('.'), "{name}");
        }
    }
}
