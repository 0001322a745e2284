//! No file that is shipped leads to a place on the web that nobody here controls: whoever publishes leash says where its
//! repository, its images and its runbooks are.

use std::fs;
use std::path::{Path, PathBuf};

use support::documents::named;
use support::repository::here;

/// The places that would be taken for ours, if anybody registered the name.
const NOBODYS: [&str; 4] =
    ["github.com/leash-cache", "ghcr.io/leash-cache", "docker.io/leash-cache", "https://leash-cache.github.io"];

fn shipped() -> Vec<PathBuf> {
    let files =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "Cargo.toml", "book.toml", "compose.yaml", "Dockerfile"];
    let mut files: Vec<PathBuf> = files.map(here).into();
    ["helm", "packaging", "docs", "src", ".github"].iter().for_each(|folder| below(&here(folder), &mut files));
    files
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { below(&path, files) } else { files.push(path) }
    }
}

fn leads_to_nobody(text: &str) -> bool {
    NOBODYS.iter().any(|place| text.contains(place))
}

#[test]
fn no_address_that_nobody_here_controls_is_shipped() {
    let files = shipped();
    assert!(files.len() > 300, "only {} files were looked at", files.len());
    let is_wrong = |path: &&PathBuf| leads_to_nobody(&String::from_utf8_lossy(&fs::read(path).unwrap()));
    let wrong: Vec<String> = files.iter().filter(is_wrong).map(|path| named(path)).collect();
    assert!(wrong.is_empty(), "these name a place that is nobody's: {wrong:?}");
    assert!(leads_to_nobody("runbook_url: https://github.com/leash-cache/leash/blob/main/docs/operations/alerts.md"));
}
