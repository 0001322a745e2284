//! What decides knows no socket, reads no clock and rolls no dice: time and chance are its arguments.

use crate::source::{Source, sources};

/// Files and folders that decide.
const DECIDERS: &[&str] = &[
    "protocol/",
    "hash/",
    "readable/",
    "route/gutter/decide.rs",
    "route/migration/decide/",
    "route/refresh/decide/",
    "route/prefix.rs",
    "runtime/frames.rs",
    "upstream/health.rs",
    "upstream/outage.rs",
    "upstream/spool/format.rs",
    "upstream/spool/format_1.rs",
    "upstream/spool/version.rs",
    "explain/destination.rs",
    "explain/finding.rs",
    "explain/words.rs",
    "admin/model/",
    "admin/page/",
    "admin/status/history.rs",
    "admin/status/losses.rs",
    "admin/status/phases.rs",
    "metrics/busiest/prefix.rs",
    "metrics/busiest/reservoir.rs",
    "metrics/busiest/recent.rs",
    "commands/demo/ledger.rs",
    "commands/top/answer.rs",
    "commands/top/draw/",
    "commands/top/screen.rs",
    "commands/warm/journal/record.rs",
    "commands/warm/metadump.rs",
    "commands/warm/pace.rs",
    "commands/warm/plan.rs",
    "commands/warm/filter.rs",
    "commands/warm/tally.rs",
    "commands/warm/window.rs",
];

/// What they must not name.
const OUTSIDE: &[&str] =
    &["tokio", "std::net", "Instant::now", "SystemTime::now", "std::fs", "rand::rng", "rand::random"];

fn faults(source: &Source) -> Vec<String> {
    if !DECIDERS.iter().any(|decider| source.file.starts_with(decider)) {
        return Vec::new();
    }
    let named = OUTSIDE.iter().filter(|word| source.code.contains(*word));
    named.map(|word| format!("src/{} names {word}", source.file)).collect()
}

#[test]
fn what_decides_knows_no_socket_and_reads_no_clock() {
    let wrong: Vec<String> = sources().iter().flat_map(faults).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_decider_is_there() {
    let sources = sources();
    let gone: Vec<_> =
        DECIDERS.iter().filter(|decider| !sources.iter().any(|source| source.file.starts_with(**decider))).collect();
    assert!(gone.is_empty(), "no such files: {gone:?}");
}

#[test]
fn a_decider_that_reads_the_clock_is_found_whatever_opens_its_file() {
    let health = "//! Health.\n\n#[cfg(test)]\nmod tests;\n\nfn late() { Instant::now(); }\n";
    assert_eq!(faults(&Source::new("upstream/health.rs", health)), ["src/upstream/health.rs names Instant::now"]);
    assert!(faults(&Source::new("upstream/server.rs", health)).is_empty());
}
