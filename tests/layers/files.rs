//! What holds for each file by itself.

use std::fs;
use std::path::Path;

use crate::source::{Source, sources};

/// Lines of a file before its tests.
const LONGEST: usize = 300;

fn lines(source: &Source) -> usize {
    let tests = source.text.find("#[cfg(test)]\nmod tests {").unwrap_or(source.text.len());
    source.text[..tests].lines().count()
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent: Vec<String> =
        sources().into_iter().filter(|source| !source.text.starts_with("//!")).map(|source| source.file).collect();
    assert!(silent.is_empty(), "these do not open with //!: {}", silent.join(", "));
}

#[test]
fn no_file_is_longer_than_300_lines() {
    let sources = sources();
    let long = sources.iter().filter(|source| lines(source) > LONGEST);
    let long: Vec<String> = long.map(|source| format!("src/{}: {}", source.file, lines(source))).collect();
    assert!(long.is_empty(), "too long: {}", long.join(", "));
}

#[test]
fn a_long_file_is_seen_though_its_tests_are_declared_at_its_top() {
    let long = format!("//! Long.\n\n#[cfg(test)]\nmod tests;\n{}", "\n".repeat(LONGEST));
    assert!(lines(&Source::new("a/b.rs", &long)) > LONGEST);
}

#[test]
fn no_target_of_leash_has_unsafe_code() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let lints = manifest.split_once("[workspace.lints.rust]\n").map_or("", |(_, lints)| lints);
    assert!(lints.starts_with("unsafe_code = \"forbid\"\n"), "Cargo.toml allows unsafe code");
    assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "leash does not take the lints of its workspace");
}
