//! No public name stands for two types: whoever reads it knows which without looking at the imports.
//!
//! What was written in the configuration and what it means after the check have one name on purpose: one thing, at two
//! stages, each in a folder that says which.

use std::collections::BTreeMap;

use crate::paths::words;
use crate::source::{Source, sources};

/// Names that still have two meanings: the folders that declare them, and why. No other name may, nor any other folder.
const TWINS: &[(&str, &[&str], &str)] = &[
    ("Asked", &["admin", "downstream"], TO_RENAME),
    ("Client", &["commands/demo", "route"], OF_A_COMMAND),
    ("Column", &["admin", "commands/top"], OF_A_COMMAND),
    ("Command", &["commands/cli", "protocol"], OF_A_COMMAND),
    ("Entry", &["commands/warm", "route"], OF_A_COMMAND),
    ("Holder", &["runtime", "upstream"], TO_RENAME),
    ("Limits", &["admin", "config"], TO_RENAME),
    ("Line", &["commands/warm", "protocol"], OF_A_COMMAND),
    ("Origin", &["config", "upstream"], TO_RENAME),
    ("Pending", &["downstream", "upstream"], TO_RENAME),
    ("Place", &["admin", "upstream"], TO_RENAME),
    ("Plan", &["commands/demo", "commands/top", "commands/warm"], OF_A_COMMAND),
    ("Pool", &["admin", "config"], AS_SHOWN),
    ("Progress", &["commands/demo", "commands/warm", "upstream"], OF_A_COMMAND),
    ("Record", &["commands/warm", "upstream"], OF_A_COMMAND),
    ("Refusal", &["commands/warm", "protocol"], OF_A_COMMAND),
    ("Report", &["commands/demo", "commands/warm"], OF_A_COMMAND),
    ("Route", &["admin", "commands/cli", "config"], AS_SHOWN),
    ("Server", &["admin", "config", "upstream"], AS_SHOWN),
    ("Slot", &["hash", "upstream"], TO_RENAME),
    ("Source", &["admin", "commands/warm", "config"], TO_RENAME),
    ("Spool", &["config", "upstream"], AS_SHOWN),
    ("Tally", &["commands/demo", "commands/warm"], OF_A_COMMAND),
];

/// Two things. One of them is to get another name.
const TO_RENAME: &str = "two things";
/// A command is a program of its own, and nothing else of the house names what is in its folder.
const OF_A_COMMAND: &str = "a command's own";
/// One thing of the configuration, as another room has or shows it.
const AS_SHOWN: &str = "one thing, in the configuration and beyond";

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

/// The type that `words` declare, if they begin with `pub` or with `words!`, the macro that declares the words of metrics.
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
fn no_public_name_stands_for_two_types_but_those_that_are_known() {
    let found = twins(&sources());
    let known: BTreeMap<&str, &[&str]> = TWINS.iter().map(|(name, folders, _)| (*name, *folders)).collect();
    let new: Vec<String> = found
        .iter()
        .filter(|(name, folders)| known.get(name.as_str()).is_none_or(|known| *known != folders.as_slice()))
        .map(|(name, folders)| format!("{name} is declared in {}", folders.join(" and in ")))
        .collect();
    assert!(new.is_empty(), "one name, one meaning:\n{}", new.join("\n"));
    let gone: Vec<&str> = known.into_keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(gone.is_empty(), "these have one meaning now, take them off the list: {gone:?}");
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
