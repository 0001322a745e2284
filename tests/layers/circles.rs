//! No files of a room go round in a circle: each can be read knowing only those it names.
//!
//! A folder's `mod.rs` and what is below it count as one on the way in and out of each other: it opens the folder, and
//! its parts belong to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Files, named};
use crate::source::{Source, sources};

type Graph<'s> = BTreeMap<&'s str, BTreeSet<&'s str>>;

fn circles(sources: &[Source]) -> Vec<String> {
    let files = Files::new(sources);
    let mut graph = Graph::new();
    for source in sources {
        let others = named(source).into_iter().filter_map(|path| files.of(&path).map(str::to_string));
        let known = others.filter(|other| is_apart(&source.file, other));
        let known = known.filter_map(|other| sources.iter().find(|source| source.file == other)).map(|s| &*s.file);
        graph.insert(&source.file, known.collect());
    }
    let mut circles = BTreeSet::new();
    for file in graph.keys() {
        let circle: Vec<&str> =
            reached(&graph, file).into_iter().filter(|other| reached(&graph, other).contains(file)).collect();
        if !circle.is_empty() {
            circles.insert(circle.join(", "));
        }
    }
    circles.into_iter().collect()
}

/// Whether one of two files of a room is not the other's opening page.
fn is_apart(file: &str, other: &str) -> bool {
    let opens = |file: &str, other: &str| file.strip_suffix("mod.rs").is_some_and(|folder| other.starts_with(folder));
    let room = |file: &str| file.split_once('/').map(|(room, _)| room.to_string());
    file != other && room(file).is_some() && room(file) == room(other) && !opens(file, other) && !opens(other, file)
}

fn reached<'s>(graph: &Graph<'s>, from: &str) -> BTreeSet<&'s str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for other in graph.get(file).into_iter().flatten() {
            if reached.insert(*other) {
                next.push(other);
            }
        }
    }
    reached
}

#[test]
fn no_files_of_a_room_go_round_in_a_circle() {
    let found = circles(&sources());
    assert!(found.is_empty(), "each of these names the others:\n{}", found.join("\n"));
}

#[test]
fn a_planted_circle_is_found() {
    let of = |pairs: &[(&str, &str)]| {
        circles(&pairs.iter().map(|(file, text)| Source::new(file, text)).collect::<Vec<_>>()).join("; ")
    };
    let opening = ("route/mod.rs", "pub use tree::Tree;\nuse self::entry::Entry;");
    let tree = ("route/tree.rs", "use super::entry::Entry;");
    assert_eq!(of(&[opening, tree, ("route/entry.rs", "use super::Tree;")]), "route/entry.rs, route/tree.rs");
    assert_eq!(of(&[opening, tree, ("route/entry.rs", "use super::Step;")]), "");
    assert_eq!(
        of(&[opening, tree, ("route/entry.rs", "#[cfg(test)]\nmod tests {\n    use super::super::Tree;\n}")]),
        ""
    );
}
