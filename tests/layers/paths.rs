//! The paths that code names, and the files behind them.

use std::collections::BTreeMap;

use crate::source::Source;

/// A path from the root of the crate: `[route, tree, Tree]`.
pub type Path = Vec<String>;

/// The paths into this crate that `source` names, in `use` or anywhere else.
pub fn named(source: &Source) -> Vec<Path> {
    let (words, mut paths) = (words(&source.code), Vec::new());
    for at in 0..words.len() {
        let is_begun = words.get(at + 1).is_some_and(|word| word == "::");
        let goes_on = at > 0 && words[at - 1] == "::";
        if is_begun && !goes_on && ["crate", "leash", "super", "self"].contains(&words[at].as_str()) {
            let mut rest = &words[at..];
            tree(&mut rest, Vec::new(), &mut paths);
        }
    }
    paths.iter().filter_map(|path| from_root(path, &source.module())).collect()
}

/// Names and the signs between them, `::` as one.
pub fn words(code: &str) -> Vec<String> {
    let mut words = Vec::<String>::new();
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            let mut word = c.to_string();
            while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                word.push(next);
            }
            words.push(word);
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            words.push("::".to_string());
        } else if !c.is_whitespace() {
            words.push(c.to_string());
        }
    }
    words
}

/// Reads one tree of a `use`, `a::{b, c::d}`, off the front of `words`.
fn tree(words: &mut &[String], mut path: Path, paths: &mut Vec<Path>) {
    while let [word, rest @ ..] = *words {
        *words = rest;
        match word.as_str() {
            "{" => return group(words, &path, paths),
            "::" => {}
            "*" => break,
            name if name.starts_with(|c: char| c.is_alphanumeric() || c == '_') => path.push(name.to_string()),
            _ => break,
        }
        if words.first().is_none_or(|next| next != "::") && word != "::" {
            break;
        }
    }
    paths.push(path);
}

fn group(words: &mut &[String], path: &Path, paths: &mut Vec<Path>) {
    while let [word, rest @ ..] = *words {
        match word.as_str() {
            "}" => {
                *words = rest;
                return;
            }
            "," => *words = rest,
            "as" => *words = rest.get(1..).unwrap_or_default(),
            _ => tree(words, path.clone(), paths),
        }
    }
}

/// `path` as seen from `module`; `None` where it leads out of the crate.
fn from_root(path: &Path, module: &[&str]) -> Option<Path> {
    let climbs = path.iter().take_while(|word| *word == "super").count();
    let rest = &path[climbs..];
    let base: &[&str] = match (climbs, rest.first()?.as_str()) {
        (0, "crate" | "leash") => return Some(joined(&[], &rest[1..])),
        (0, "self") => return Some(joined(module, &rest[1..])),
        (0, _) => return None,
        _ => module.get(..module.len().checked_sub(climbs)?)?,
    };
    Some(joined(base, rest))
}

fn joined(base: &[&str], rest: &[String]) -> Path {
    base.iter().map(|word| word.to_string()).chain(rest.iter().cloned()).filter(|word| word != "self").collect()
}

/// Which file holds what a path names.
pub struct Files {
    /// By module.
    files: BTreeMap<Path, String>,
    /// What modules hand on from others: the path it has there, and where it is from.
    handed_on: BTreeMap<Path, Path>,
}

impl Files {
    /// The files of `sources`.
    pub fn new(sources: &[Source]) -> Files {
        let (mut files, mut handed_on) = (BTreeMap::new(), BTreeMap::new());
        for source in sources {
            let module: Path = source.module().iter().map(|word| word.to_string()).collect();
            for path in handed(source) {
                let own = [module.clone(), path.last().cloned().into_iter().collect()].concat();
                handed_on.insert(own, path);
            }
            files.insert(module, source.file.clone());
        }
        Files { files, handed_on }
    }

    /// The file that defines what `path` names, as far as that is seen.
    pub fn of(&self, path: &Path) -> Option<&str> {
        let mut path = path.clone();
        // What is handed on may have been handed on before; no chain is longer than the house is deep.
        for _ in 0..6 {
            let Some((len, from)) = (1..=path.len()).find_map(|len| Some((len, self.handed_on.get(&path[..len])?)))
            else {
                break;
            };
            path = [from.clone(), path[len..].to_vec()].concat();
        }
        let module = (0..=path.len()).rev().find_map(|len| self.files.get(&path[..len]));
        module.map(String::as_str)
    }
}

/// The paths that a file names in a `pub use` of something of its own.
fn handed(source: &Source) -> Vec<Path> {
    let module = source.module();
    let mut handed = Vec::new();
    for statement in source.code.split(';').map(str::trim) {
        let Some((visibility, tree)) = statement.rsplit_once("use ") else { continue };
        if !visibility.trim_start().contains("pub") || visibility.contains('{') {
            continue;
        }
        let tree = tree.trim_start_matches("self::");
        let begins = if tree.starts_with("crate::") || tree.starts_with("super::") { "" } else { "self::" };
        let used = Source::new(&source.file, &format!("use {begins}{tree};"));
        handed.extend(named(&used).into_iter().filter(|path| path.len() > module.len()));
    }
    handed
}

#[test]
fn paths_are_found_however_they_are_written() {
    let found = |file, code| {
        let mut paths: Vec<String> = named(&Source::new(file, code)).iter().map(|path| path.join("::")).collect();
        paths.sort();
        paths.join(" ")
    };
    assert_eq!(found("upstream/server.rs", "use crate::route::Tree;"), "route::Tree");
    assert_eq!(
        found("upstream/server.rs", "use crate::{route, config::{self, Pool as P}};"),
        "config config::Pool route"
    );
    assert_eq!(found("upstream/server.rs", "let x = crate::downstream::reply();"), "downstream::reply");
    assert_eq!(found("upstream/server.rs", "use super::super::route::Tree;"), "route::Tree");
    assert_eq!(
        found("upstream/server.rs", "use super::queue::{Queue, Slot};"),
        "upstream::queue::Queue upstream::queue::Slot"
    );
    assert_eq!(found("upstream/mod.rs", "use super::route::Tree;"), "route::Tree");
    assert_eq!(found("upstream/spool/mod.rs", "use self::file::File;"), "upstream::spool::file::File");
    assert_eq!(found("upstream/server.rs", "use std::io::{self, Read};"), "");
}

#[test]
fn what_is_handed_on_is_found_where_it_is_defined() {
    let files = Files::new(&[
        Source::new("route/mod.rs", "pub use tree::Tree;\npub(crate) use refresh::{Refresh, Win};"),
        Source::new("route/tree.rs", ""),
        Source::new("route/refresh/mod.rs", "pub use self::win::Win;"),
        Source::new("route/refresh/win.rs", ""),
    ]);
    let of = |path: &str| files.of(&path.split("::").map(str::to_string).collect());
    assert_eq!(of("route::Tree"), Some("route/tree.rs"));
    assert_eq!(of("route::Win::new"), Some("route/refresh/win.rs"));
    assert_eq!(of("route::Refresh"), Some("route/refresh/mod.rs"));
    assert_eq!(of("route::step"), Some("route/mod.rs"));
}
