//! What decides knows no socket, reads no clock and rolls no dice: time and chance are its arguments.

use crate::source::{Source, sources};

/// Files and folders that decide, beside the `decide` of each policy.
const DECIDERS: &[&str] = &[
    "protocol/",
    "hash/",
    "readable/",
    "route/prefix.rs",
    "queue/fifo.rs",
    "queue/holder/",
    "queue/journal/",
    "queue/line.rs",
    "queue/order.rs",
    "queue/places.rs",
    "queue/record.rs",
    "runtime/frames/",
    "origin/surplus.rs",
    "upstream/health.rs",
    "upstream/outage.rs",
    "upstream/spacing.rs",
    "upstream/spool/format.rs",
    "upstream/spool/format_1.rs",
    "upstream/spool/version.rs",
    "discovery/cluster.rs",
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

/// Whether a file decides. What a policy decides is found by its name, so that a new policy is not forgotten.
fn decides(file: &str) -> bool {
    let is_of_policy = file.split('/').any(|part| ["decide", "decide.rs"].contains(&part));
    is_of_policy || DECIDERS.iter().any(|decider| file.starts_with(decider))
}

fn faults(source: &Source) -> Vec<String> {
    if !decides(&source.file) {
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

#[test]
fn what_a_policy_decides_is_known_by_its_name() {
    let found = |file: &str| faults(&Source::new(file, "fn late() { Instant::now(); }\n")).len();
    let files = ["route/new/decide.rs", "route/new/decide/ttl.rs", "route/new/decide/mod.rs", "route/new/mod.rs"];
    assert_eq!(files.map(found), [1, 1, 1, 0]);
    let policies = ["gutter/decide.rs", "migration/decide/", "refresh/decide/"];
    let sources = sources();
    let is_there = |policy: &&str| sources.iter().any(|source| source.file.starts_with(&format!("route/{policy}")));
    assert!(policies.iter().all(is_there), "the policies of the house keep what they decide under that name");
}
