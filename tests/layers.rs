//! The house keeps its shape: who may import whom, how long a file may be, and that each says what it is.
//!
//! Reads the sources as text. Arrows go down only: downstream -> route -> upstream -> protocol.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file before its tests.
const LONGEST: usize = 300;

/// Modules of the crate and which others their files may name. What is not listed is the top of the house: it may name
/// everything (main, lib, app, worker, shared, and what only wires things together).
const MAY_NAME: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("hash", &[]),
    // its words for commands and failures are the protocol's
    ("metrics", &["protocol"]),
    ("config", &[]),
    // pure deciders: time and chance are arguments
    ("refresh", &["protocol"]),
    ("migration", &["protocol"]),
    ("gutter", &["protocol"]),
    // who asks for a lease, across workers
    ("leases", &["protocol", "refresh"]),
    // small base modules for everybody above the protocol
    ("clock", &["protocol"]),
    ("net", &["protocol"]),
    ("memory", &["protocol"]),
    ("logging", &["protocol"]),
    // files that are read a piece at a time
    ("pieces", &[]),
    ("turn", &["protocol", "clock"]),
    ("aside", &[]),
    ("upstream", &["protocol", "hash", "config", "metrics", "clock", "net", "turn", "memory", "logging", "pieces"]),
    (
        "route",
        &[
            "upstream",
            "protocol",
            "hash",
            "config",
            "metrics",
            "clock",
            "net",
            "turn",
            "memory",
            "refresh",
            "migration",
            "gutter",
            "leases",
        ],
    ),
    (
        "downstream",
        &[
            "aside", "busiest", "route", "upstream", "protocol", "config", "metrics", "clock", "net", "turn", "memory",
            "logging",
        ],
    ),
    // what people are shown, as data
    ("overview", &["config", "metrics", "readable"]),
    // draws the model; what it says of a key is what `leash route` says
    ("page", &["overview", "config", "metrics", "explain", "readable"]),
    // its samples are filled downstream and shown by the status
    ("busiest", &["overview"]),
    // one more sidecar, without clients
    (
        "warm",
        &[
            "route",
            "shared",
            "upstream",
            "protocol",
            "hash",
            "config",
            "metrics",
            "net",
            "turn",
            "memory",
            "refresh",
            "migration",
            "readable",
            "placement",
            "pieces",
        ],
    ),
    // asks over a socket, like anybody else
    ("fetch", &["config"]),
    // its callers are clients: what they see comes over a socket
    ("demo", &["app", "config", "readable"]),
    ("top", &["fetch", "overview", "config", "metrics", "readable", "logging"]),
    // how figures are told
    ("readable", &[]),
];

/// Files that may name one module more than their own may.
const EXCEPTIONS: &[(&str, &str)] = &[
    // the one file of the tree that knows there is a configuration
    ("route/build.rs", "shared"),
];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let mut sources: Vec<(String, String)> = files
        .iter()
        .map(|file| (file.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(file).unwrap()))
        .collect();
    sources.sort();
    sources
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The first module of a file's path: `route/tree.rs` -> `route`, `clock.rs` -> `clock`.
fn module(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The part of a file that ships: without the tests at its end.
fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

/// The modules of the crate that code names: `crate::x`, `leash::x`, and `super::` paths that lead out of the module.
fn named(file: &str, text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for line in before_tests(text).lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        let code = line.split("//").next().unwrap();
        for path in ["crate::", "leash::"] {
            for (at, _) in code.match_indices(path) {
                let rest = &code[at + path.len()..];
                if let Some(group) = rest.strip_prefix('{') {
                    let inner = group.split('}').next().unwrap();
                    named.extend(inner.split(',').map(first_word).filter(|word| !word.is_empty()));
                } else {
                    named.insert(first_word(rest));
                }
            }
        }
        let depth = file.matches('/').count() + usize::from(!file.ends_with("mod.rs") && file.contains('/'));
        for (at, _) in code.match_indices("super::") {
            let rest = &code[at..];
            let climbs = rest.split("::").take_while(|word| *word == "super").count();
            let starts_here = !code[..at].ends_with("super::");
            if starts_here && climbs >= depth.max(1) {
                named.insert(first_word(rest.trim_start_matches("super::")));
            }
        }
    }
    named
}

fn first_word(path: &str) -> String {
    path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn arrows_go_down_only() {
    let sources = sources();
    let modules: BTreeSet<&str> = sources.iter().map(|(file, _)| module(file)).collect();
    let mut wrong = Vec::new();
    for (file, text) in &sources {
        let own = module(file);
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == own) else { continue };
        for other in named(file, text) {
            if EXCEPTIONS.contains(&(file.as_str(), other.as_str())) {
                continue;
            }
            if other != own && modules.contains(other.as_str()) && !allowed.contains(&other.as_str()) {
                wrong.push(format!("src/{file}: {own} must not know {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_path_that_leads_upwards_is_found() {
    let found = |file, code| named(file, code).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(found("upstream/server.rs", "use crate::route::Tree;"), "route");
    assert_eq!(found("upstream/server.rs", "use crate::{route, config::Pool};"), "config route");
    assert_eq!(found("upstream/server.rs", "let x = crate::downstream::reply();"), "downstream");
    assert_eq!(found("upstream/server.rs", "use super::super::route::Tree;"), "route");
    assert_eq!(found("upstream/server.rs", "use super::queue::Queue;"), "");
    assert_eq!(found("upstream/mod.rs", "use super::route::Tree;"), "route");
    assert_eq!(found("upstream/server.rs", "// crate::route is far away"), "");
    assert_eq!(found("upstream/server.rs", "#[cfg(test)]\nmod tests { use crate::route; }"), "");
}

/// Modules and files that decide: time and chance are their arguments, they touch no socket and no file.
const DECIDERS: &[&str] = &[
    "protocol/",
    "hash/",
    "refresh/",
    "refresh.rs",
    "migration/",
    "migration.rs",
    "gutter.rs",
    "upstream/health.rs",
    "demo/ledger.rs",
    "overview/",
    "busiest/prefix.rs",
    "busiest/reservoir.rs",
    "busiest/recent.rs",
    "status/history.rs",
    "status/phases.rs",
    "warm/metadump.rs",
    "warm/pace.rs",
    "warm/plan.rs",
    "warm/sieve.rs",
    "warm/tally.rs",
    "warm/window.rs",
    "warm/journal/record.rs",
    "readable.rs",
    "top/answer.rs",
    "top/screen.rs",
    "top/draw/",
];

#[test]
fn what_decides_knows_no_socket_and_reads_no_clock() {
    let mut wrong = Vec::new();
    let decides = |file: &str| DECIDERS.iter().any(|name| file.starts_with(name)) && !file.contains("tests");
    for (file, text) in sources().iter().filter(|(file, _)| decides(file)) {
        for word in ["tokio", "std::net", "Instant::now", "SystemTime::now", "std::fs", "rand::rng"] {
            let code = before_tests(text).lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.into_iter().any(|line| line.contains(word)) {
                wrong.push(format!("src/{file} names {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent: Vec<String> =
        sources().iter().filter(|(_, text)| !text.starts_with("//!")).map(|(file, _)| format!("src/{file}")).collect();
    assert!(silent.is_empty(), "these do not open with //!: {}", silent.join(", "));
}

#[test]
fn no_file_is_longer_than_300_lines() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(file, text)| (file, before_tests(text).lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(file, lines)| format!("src/{file}: {lines}"))
        .collect();
    assert!(long.is_empty(), "too long: {}", long.join(", "));
}

#[test]
fn leash_writes_no_unsafe_code() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    assert!(
        lib.contains("#![forbid(unsafe_code)]") || lib.contains("#![deny(unsafe_code)]"),
        "src/lib.rs allows unsafe"
    );
}
