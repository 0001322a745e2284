//! No test ends before its end because the machine lacks something. Only `needs::has` may end one: it fails the test
//! unless somebody said before that this machine may lack the thing.

use std::fs;
use std::path::{Path, PathBuf};

use support::repository::{here, root};

/// The tests of a source that return, but for the answer of `needs::has`: each by its name.
fn that_return(source: &str) -> Vec<&str> {
    let attributes = ["#[test]\n", "#[tokio::test"].into_iter().flat_map(|attribute| source.match_indices(attribute));
    let tests = attributes.filter_map(|(at, _)| {
        let rest = &source[at..];
        let begun = rest.lines().find(|line| line.trim_start().trim_start_matches("async ").starts_with("fn "))?;
        let name = begun.split_once("fn ")?.1.split('(').next()?;
        let indent = &begun[..begun.len() - begun.trim_start().len()];
        let end = rest.find(&format!("\n{indent}}}")).unwrap_or(rest.len());
        Some((name, &rest[..end]))
    });
    tests.filter(|(_, body)| returns(body)).map(|(name, _)| name).collect()
}

/// Whether a body returns in a statement that does not ask `needs::has`, and not from a closure of its own.
fn returns(body: &str) -> bool {
    body.match_indices("return").any(|(at, word)| {
        let (before, after) = (&body[..at], &body[at + word.len()..]);
        let is_word = before.ends_with([' ', '\n', '{']) && after.trim_start().starts_with([';', '}']);
        let is_code = !before.rsplit('\n').next().unwrap_or_default().contains(['"', '/', '`']);
        let statement = before.rsplit(';').next().unwrap_or_default();
        is_word && is_code && !is_in_closure(before) && !statement.contains("needs::has(")
    })
}

/// Whether a closure or an async block that begins in `before` is still open at its end.
fn is_in_closure(before: &str) -> bool {
    let mut open = Vec::new();
    for (at, sign) in before.char_indices() {
        match sign {
            '{' => open.push(["|", "async", "move"].iter().any(|begin| before[..at].trim_end().ends_with(begin))),
            '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.contains(&true)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

#[test]
fn no_test_ends_early_and_green() {
    let mut files = Vec::new();
    ["src", "tests"].iter().for_each(|folder| sources(&here(folder), &mut files));
    assert!(files.len() > 300, "only {} files", files.len());
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("early_ends.rs")) {
        let (text, name) = (fs::read_to_string(file).unwrap(), file.strip_prefix(root()).unwrap().display());
        found.extend(that_return(&text).iter().map(|test| format!("{name}: {test}")));
    }
    assert!(found.is_empty(), "these may end before their end:\n{}", found.join("\n"));
}

#[test]
fn a_test_that_skips_is_found() {
    let test = |body: &str| format!("#[test]\nfn planted() {{\n{body}\n}}\n\nfn other() {{\n    return;\n}}\n");
    for skips in [
        "    if !tool_is_there() {\n        return;\n    }",
        "    let Some(tool) = tool() else { return };",
        "    let x = needs::has(\"a\", b);\n    if !x {\n        return;\n    }",
        "    if skips() { return }",
    ] {
        assert_eq!(that_return(&test(skips)), ["planted"], "{skips}");
    }
    assert_eq!(
        that_return("    #[tokio::test(start_paused = true)]\n    async fn slow() {\n        return;\n    }\n"),
        ["slow"]
    );
    for ends in [
        "    if !needs::has(\"tool\", &mut Command::new(\"tool\")) {\n        return;\n    }",
        "    let near = |at| {\n        if at > 1 { return }\n        count();\n    };",
        "    returned();\n    is_return();",
        "    // return\n    say(\"many happy return s\");",
    ] {
        assert_eq!(that_return(&test(ends)), [""; 0], "{ends}");
    }
}
