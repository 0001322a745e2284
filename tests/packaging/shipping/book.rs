//! The book can be built, and its links lead somewhere for whoever reads it in a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::repository::here;

use super::passes;

/// Pages that mdBook makes by itself: all chapters in one, and the one for addresses that are not there.
const MADE: [&str; 2] = ["print.html", "404.html"];

#[test]
fn the_book_builds_and_each_of_its_links_leads_to_a_page_and_a_heading() {
    let directory = tempfile::tempdir().unwrap();
    let mut mdbook = Command::new(here("target/venv/bin/mdbook"));
    let said = passes(mdbook.arg("build").arg(here("")).arg("--dest-dir").arg(directory.path()));
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let mut pages = Vec::new();
    html(directory.path(), &mut pages);
    assert!(pages.len() > 30, "{pages:?}");
    let broken: Vec<String> = pages.iter().flat_map(|page| broken(page)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_broken_link_of_the_book_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("a.html");
    fs::write(directory.path().join("b.html"), r#"<h2 id="there">"#).unwrap();
    let text = r##"<a href="b.html"><a href="b.html#there"><a href="https://e.org/"><a href="#x" id="x">"##;
    fs::write(&page, text).unwrap();
    assert_eq!(broken(&page), Vec::<String>::new());
    fs::write(&page, r##"<a href="c.html"><a href="b.html#gone"><a href="#y"><img src="d.png">"##).unwrap();
    assert_eq!(broken(&page).len(), 4);
}

fn html(folder: &Path, pages: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => html(&path, pages),
            false if MADE.iter().any(|made| path.ends_with(made)) => {}
            false if path.extension().is_some_and(|extension| extension == "html") => pages.push(path),
            false => {}
        }
    }
}

/// The links of a page that lead nowhere, with the page.
fn broken(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let links = ["href=\"", "src=\""].iter().flat_map(|name| text.split(*name).skip(1));
    let links = links.filter_map(|rest| rest.split('"').next());
    let own = links.filter(|link| !link.contains(':'));
    own.filter(|link| !leads_somewhere(page, link)).map(|link| format!("{}: {link}", page.display())).collect()
}

fn leads_somewhere(page: &Path, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_path_buf() } else { page.parent().unwrap().join(file) };
    let has = |anchor: &str| fs::read_to_string(&target).is_ok_and(|text| text.contains(&format!("id=\"{anchor}\"")));
    target.exists() && (anchor.is_empty() || has(anchor))
}
