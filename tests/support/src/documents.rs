//! The documents that people read: the README and its neighbours, the pages of the book, the chart's README.

use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::{here, root};

/// All of them, in the order of their paths.
pub fn documents() -> Vec<PathBuf> {
    let mut documents = markdown(root());
    documents.extend(markdown(&here("helm")));
    below(&here("docs"), &mut documents);
    documents.sort();
    documents
}

/// How a document is called in a message.
pub fn named(document: &Path) -> String {
    document.strip_prefix(root()).unwrap_or(document).display().to_string()
}

fn below(folder: &Path, documents: &mut Vec<PathBuf>) {
    documents.extend(markdown(folder));
    for path in entries(folder).filter(|path| path.is_dir()) {
        below(&path, documents);
    }
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    entries(folder).filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())
}
