//! The sources as what ships: without tests, comments and strings.

use std::fs;
use std::path::Path;

/// One file of `src`.
#[derive(Clone)]
pub struct Source {
    /// Its path below `src`: `route/tree.rs`.
    pub file: String,
    /// As it stands on disk.
    pub text: String,
    /// What of it ships.
    pub code: String,
}

impl Source {
    /// The file at `file` with `text` in it.
    pub fn new(file: &str, text: &str) -> Source {
        Source { file: file.to_string(), text: text.to_string(), code: without_prose(&without_tests(text)) }
    }

    /// The module it is: `route/tree.rs` -> `[route, tree]`, `route/mod.rs` -> `[route]`.
    pub fn module(&self) -> Vec<&str> {
        let path = self.file.trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if ["lib", "main"].contains(&path) { Vec::new() } else { path.split('/').collect() }
    }

    /// The room it is in; `lib` and `main` are in none.
    pub fn room(&self) -> Option<&str> {
        self.file.split_once('/').map(|(room, _)| room)
    }
}

/// All files of `src` that ship, in order.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    collect(&root, &root, &mut sources);
    sources.sort_by(|one, other| one.file.cmp(&other.file));
    sources
}

fn collect(root: &Path, directory: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().to_string();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if file.ends_with(".rs") && !is_test(&file) {
            sources.push(Source::new(&file, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Files of tests are declared behind `#[cfg(test)]` and named after that.
fn is_test(file: &str) -> bool {
    file.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// `text` without the items marked `#[cfg(test)]`, wherever they stand: what follows them ships.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.extend([line, "\n"]);
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let first = lines.by_ref().find(|line| !line.trim_start().starts_with("#[")).unwrap_or("");
        if !first.trim_end().ends_with(';') && !first.trim_end().ends_with('}') {
            lines.by_ref().find(|line| *line == end);
        }
    }
    kept
}

/// `code` without comments and what stands in quotes.
fn without_prose(code: &str) -> String {
    let mut kept = String::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut rest = line;
        while let Some((before, quoted)) = rest.split_once('"') {
            kept.push_str(before);
            let end = quoted.match_indices('"').find(|(at, _)| !quoted[..*at].ends_with('\\'));
            rest = end.map_or("", |(at, _)| &quoted[at + 1..]);
        }
        kept.push_str(rest.split("//").next().unwrap());
        kept.push('\n');
    }
    kept
}

#[test]
fn only_the_tests_of_a_file_are_cut_out() {
    let ships = |text| Source::new("upstream/health.rs", text).code.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ships("#[cfg(test)]\nmod tests;\n\nuse tokio::time;\n"), "use tokio::time;");
    assert_eq!(ships("a();\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    b();\n}\nc();\n"), "a(); c();");
    assert_eq!(
        ships("impl A {\n    #[cfg(test)]\n    fn t() {\n        b();\n    }\n    fn s() {}\n}\n"),
        "impl A { fn s() {} }"
    );
    assert_eq!(ships("// crate::route\na(\"crate::route\", \"\\\"x\"); // more\n"), "a(, );");
}
