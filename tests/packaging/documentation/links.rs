//! Links between the documents lead somewhere: to a file that is there, and to a heading that it has. So do the names
//! of documents that sources, alerts and the chart mention.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::documents::{documents, named};
use support::repository::here;

use super::text::prose;

/// The anchor that a heading gets: its letters in lower case, hyphens for spaces, and no other sign.
pub fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    heading.chars().filter(is_kept).collect::<String>().to_lowercase().replace(' ', "-")
}

fn headings(text: &str) -> impl Iterator<Item = &str> {
    prose(text).filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
}

pub fn links(text: &str) -> Vec<String> {
    let text = prose(text).collect::<Vec<_>>().join("\n");
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(link, _)| link.to_string()).collect()
}

/// The file in the repository that a link leads to, and the heading in it. None for a page elsewhere.
fn target(document: &Path, link: &str) -> Option<(PathBuf, Option<String>)> {
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, rest)| (file, Some(rest.to_string())));
    let path = match file {
        _ if file.starts_with("https://") => return None,
        "" => document.to_path_buf(),
        file => document.parent().unwrap().join(file),
    };
    Some((path, heading))
}

fn is_there((path, heading): &(PathBuf, Option<String>)) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    path.exists() && heading.as_ref().is_none_or(|wanted| headings(&text).any(|heading| anchor(heading) == *wanted))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for document in documents() {
        let links = links(&fs::read_to_string(&document).unwrap());
        let leads_nowhere = |link: &&String| target(&document, link).is_some_and(|target| !is_there(&target));
        broken.extend(links.iter().filter(leads_nowhere).map(|link| format!("{}: {link}", named(&document))));
    }
    assert!(broken.is_empty(), "these lead nowhere:\n{}", broken.join("\n"));
}

/// The book holds what is in `docs` and nothing else, so a relative link to another file would lead nowhere there.
#[test]
fn pages_of_the_book_link_to_nothing_outside_of_it_but_the_web() {
    let book = here("docs").canonicalize().unwrap();
    for document in documents().iter().filter(|document| document.starts_with(here("docs"))) {
        for link in links(&fs::read_to_string(document).unwrap()) {
            let (file, _) = link.split_once('#').unwrap_or((&link, ""));
            if file.is_empty() || file.starts_with("https://") {
                continue;
            }
            let path = document.parent().unwrap().join(file).canonicalize();
            assert!(path.is_ok_and(|path| path.starts_with(&book)), "{}: {link}", named(document));
        }
    }
}

#[test]
fn no_two_headings_of_a_document_share_an_anchor() {
    for document in documents().iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        let text = fs::read_to_string(document).unwrap();
        let mut anchors = BTreeSet::new();
        for heading in headings(&text) {
            assert!(anchors.insert(anchor(heading)), "{}: {heading}", named(document));
        }
    }
}

#[test]
fn documents_that_other_files_mention_are_there() {
    let mut files: Vec<PathBuf> =
        ["config.example.yaml", "book.toml", "Cargo.toml", "Dockerfile", ".ci/run", ".cargo/config.toml"]
            .map(here)
            .into();
    for folder in ["src", "tests", "helm", "packaging", "fuzz", "benches"] {
        below(&here(folder), &mut files);
    }
    let (mut found, mut broken) = (0, Vec::new());
    // the examples of this test are no documents
    for file in files.iter().filter(|file| !file.ends_with("documentation/links.rs")) {
        let text = fs::read_to_string(file).unwrap_or_default();
        for mention in mentions(&text) {
            found += 1;
            if !is_there(&target(&here("README.md"), mention).unwrap()) {
                broken.push(format!("{}: {mention}", named(file)));
            }
        }
    }
    assert!(found > 30, "only {found} were found");
    assert!(broken.is_empty(), "these are not there:\n{}", broken.join("\n"));
}

/// Names of documents in a text that is no document: `docs/….md`, with the heading if one is named.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '#');
    let words = text.split(move |c: char| !is_part(c)).map(|word| word.trim_end_matches(['.', '#']));
    let words = words.filter_map(|word| Some(&word[word.find("docs/")?..]));
    words.filter(|word| word.split('#').next().is_some_and(|path| path.ends_with(".md")))
}

/// The sources below a folder, without what is built or installed there.
fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true if path.ends_with("target") || path.ends_with("corpus") => {}
            true => below(&path, files),
            false => files.push(path),
        }
    }
}

#[test]
fn anchors_are_those_that_a_reader_of_markdown_makes() {
    assert_eq!(anchor("What the client sees when …"), "what-the-client-sees-when-");
    assert_eq!(anchor("Give a dead server's keys to `another` pool?"), "give-a-dead-servers-keys-to-another-pool");
    assert_eq!(anchor("Allow flush_all"), "allow-flush_all");
}

#[test]
fn links_and_mentions_are_found_and_led_to_their_files() {
    let text = "[a](b.md#c) and [d](https://e.org)\n```text\n[no](no.md)\n```\n";
    assert_eq!(links(text), ["b.md#c", "https://e.org"]);
    let page = here("docs/guide/page.md");
    assert_eq!(target(&page, "https://e.org"), None);
    assert_eq!(target(&page, "../x.md#y"), Some((here("docs/guide/../x.md"), Some("y".to_string()))));
    let text = "see `docs/a/b.md`, https://e.org/main/docs/c.md#d. And docs/images.";
    assert_eq!(mentions(text).collect::<Vec<_>>(), ["docs/a/b.md", "docs/c.md#d"]);
}
