//! The map in docs/design/architecture.md has every room of the house, and no other.

use std::collections::BTreeSet;
use std::fs;

use support::repository::{here, read};

use super::text::{between, quoted, rows};

/// `app.rs` and the folder `app` are one module.
fn module(name: &str) -> String {
    name.trim_start_matches("src/").trim_end_matches('/').trim_end_matches(".rs").to_string()
}

#[test]
fn the_map_has_every_file_and_folder_of_src_and_no_other() {
    let text = read("docs/design/architecture.md");
    let rooms = rows(between(&text, "\n## The rooms\n", "\n### "));
    let told: Vec<&str> = rooms.iter().flat_map(|row| quoted(row[0])).collect();
    let missing: Vec<_> =
        told.iter().filter(|name| !here("src").join(name.trim_start_matches("src/")).exists()).collect();
    assert!(missing.is_empty(), "docs/design/architecture.md names {missing:?}");
    let there = fs::read_dir(here("src")).unwrap().map(|entry| entry.unwrap().file_name());
    let there: BTreeSet<String> = there.map(|name| module(&name.to_string_lossy())).collect();
    assert_eq!(told.into_iter().map(module).collect::<BTreeSet<_>>(), there);
}
