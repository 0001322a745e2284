//! Links between the documents lead somewhere: to a file that is there, and to a heading that it has.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::text::{here, read};

fn documents() -> Vec<PathBuf> {
    let mut documents: Vec<PathBuf> = ["", "docs", "helm"]
        .iter()
        .flat_map(|folder| fs::read_dir(here(folder)).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    documents.sort();
    documents
}

/// The lines of a document that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The anchor that a heading gets: its letters in lower case, hyphens for spaces, and no other sign.
fn anchor(heading: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    heading.chars().filter(is_kept).collect::<String>().to_lowercase().replace(' ', "-")
}

fn headings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let levels = |line: &str| line.bytes().take_while(|byte| *byte == b'#').count();
    prose(text).filter(|line| line.starts_with('#')).map(move |line| (levels(line), line[levels(line)..].trim()))
}

fn links(text: &str) -> Vec<String> {
    let text = prose(text).collect::<Vec<_>>().join("\n");
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(link, _)| link.to_string()).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text).iter().filter(|link| !link.starts_with("https://")) {
            let (file, wanted) = link.split_once('#').map_or((link.as_str(), None), |(file, rest)| (file, Some(rest)));
            let target = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            let has = |wanted| {
                let text = fs::read_to_string(&target).unwrap_or_default();
                headings(&text).any(|(_, heading)| anchor(heading) == wanted)
            };
            if !target.exists() || wanted.is_some_and(|wanted| !has(wanted)) {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "these lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn no_two_headings_of_a_document_share_an_anchor() {
    for document in documents().iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        let text = fs::read_to_string(document).unwrap();
        let mut anchors = BTreeSet::new();
        for (_, heading) in headings(&text) {
            assert!(anchors.insert(anchor(heading)), "{}: {heading}", document.display());
        }
    }
}

#[test]
fn the_contents_of_the_readme_name_every_chapter() {
    let text = read("README.md");
    let contents = links(text.split("\n## ").next().unwrap());
    for (_, chapter) in headings(&text).filter(|(level, _)| *level == 2) {
        assert!(contents.contains(&format!("#{}", anchor(chapter))), "{chapter} is not in the contents");
    }
}

#[test]
fn anchors_are_those_that_a_reader_of_markdown_makes() {
    assert_eq!(anchor("What the client sees when …"), "what-the-client-sees-when-");
    assert_eq!(anchor("Give a dead server's keys to `another` pool?"), "give-a-dead-servers-keys-to-another-pool");
    assert_eq!(anchor("Allow flush_all"), "allow-flush_all");
}
