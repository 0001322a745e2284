//! The README stays short, and the book in `docs` has a place for each of its pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use support::documents::documents;
use support::repository::{here, read};

use super::links::links;
use super::text::prose;

/// What somebody reads to the end who does not know yet whether leash is for them.
const README_BYTES: usize = 14_000;

#[test]
fn the_readme_is_short_enough_to_be_read_to_its_end() {
    let length = read("README.md").len();
    assert!(length <= README_BYTES, "README.md has {length} bytes, put the rest into the book");
}

#[test]
fn the_summary_lists_every_page_of_the_book_once() {
    let listed = links(&read("docs/SUMMARY.md"));
    let pages: BTreeSet<PathBuf> = listed.iter().map(|page| here("docs").join(page)).collect();
    assert_eq!(pages.len(), listed.len(), "a page is listed twice");
    let is_page = |path: &PathBuf| path.starts_with(here("docs")) && !path.ends_with("SUMMARY.md");
    assert_eq!(pages, documents().into_iter().filter(is_page).collect());
}

#[test]
fn every_page_has_one_title_and_the_summary_calls_it_so() {
    let summary = read("docs/SUMMARY.md");
    for page in links(&summary) {
        let text = fs::read_to_string(here("docs").join(&page)).unwrap();
        let titles: Vec<&str> = prose(&text).filter_map(|line| line.strip_prefix("# ")).collect();
        assert_eq!(titles.len(), 1, "{page} has the titles {titles:?}");
        assert!(text.starts_with("# "), "{page} does not begin with its title");
        assert!(summary.contains(&format!("[{}]({page})", titles[0])), "{page} is called {} there", titles[0]);
    }
}
