//! No public name stands for two types: whoever reads it knows which without looking at the imports.
//!
//! What was written in the configuration and what it means after the check have one name on purpose: one thing, at two
//! stages, each in a folder that says which.

use std::collections::BTreeMap;

use crate::paths::words;
use crate::source::{Source, sources};

/// Each name that is declared more than once, with the folders that do.
fn twins(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut declared = BTreeMap::<String, Vec<String>>::new();
    for source in sources {
        for name in public_types(&source.code) {
            declared.entry(name).or_default().push(folder(&source.file));
        }
    }
    for folders in declared.values_mut() {
        folders.sort();
        let is_checked = folders.iter().any(|folder| folder == "config");
        folders.retain(|folder| !is_checked || folder != "config/written");
    }
    declared.retain(|_, folders| folders.len() > 1);
    declared
}

/// The room of a file; of a command, its own folder, and of the configuration as it was written, the one of that.
fn folder(file: &str) -> String {
    let parts: Vec<&str> = file.split('/').collect();
    match parts.as_slice() {
        ["commands", command, _, ..] => format!("commands/{command}"),
        ["config", "written", ..] => "config/written".to_string(),
        [room, ..] => room.trim_end_matches(".rs").to_string(),
        [] => String::new(),
    }
}

/// The types that `code` declares for others, be it only those of their own folder.
fn public_types(code: &str) -> Vec<String> {
    let words = words(code);
    (0..words.len()).filter_map(|at| declared(&words[at..])).map(str::to_string).collect()
}

/// The type that `words` declare, if they begin with `pub` or with `words!`, the macro that declares the words of
/// metrics.
fn declared(words: &[String]) -> Option<&str> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|known| known == word);
    let name = if is(0, "words") && is(1, "!") && is(2, "{") {
        3
    } else if is(0, "pub") {
        let visibility = if is(1, "(") { words.iter().position(|word| word == ")")? } else { 0 };
        let kind = words.get(visibility + 1)?.as_str();
        ["struct", "enum", "trait", "union", "type"].contains(&kind).then_some(visibility + 2)?
    } else {
        return None;
    };
    words.get(name).map(String::as_str).filter(|name| name.starts_with(char::is_uppercase))
}

#[test]
fn no_public_name_stands_for_two_types() {
    let found = twins(&sources());
    let told = found.iter().map(|(name, folders)| format!("{name} is declared in {}", folders.join(" and in ")));
    assert!(found.is_empty(), "one name, one meaning:\n{}", told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_planted_twin_is_found_in_any_file() {
    let sources = sources();
    let tree = Source::new("route/tree.rs", "pub struct Tree {}");
    for source in sources.iter().filter(|source| source.file != "route/tree.rs") {
        let text = format!("#[cfg(test)]\nmod tests;\n{}\npub(super) enum Tree {{}}\n", source.text);
        let found = twins(&[tree.clone(), Source::new(&source.file, &text)]);
        assert!(found.contains_key("Tree"), "a second Tree in src/{} was not seen", source.file);
    }
}

#[test]
fn types_are_seen_however_they_are_declared_and_only_those_for_others() {
    let names = |text| public_types(&Source::new("route/tree.rs", text).code).join(" ");
    assert_eq!(names("pub(in crate::route) struct A<'a>(u8);\npub(crate) trait B {}\npub type C = u8;"), "A B C");
    assert_eq!(
        names("words! {\n    /// What became of it.\n    Outcome {\n        Hit = \"hit\",\n    }\n}"),
        "Outcome"
    );
    assert_eq!(names("struct A;\npub fn b() {}\nmacro_rules! words { () => { pub enum $name {} } }"), "");
    assert_eq!(names("#[cfg(test)]\nmod tests {\n    pub struct A;\n}"), "");
}
