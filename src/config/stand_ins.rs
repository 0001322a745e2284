//! `${env:NAME}` in a value stands for a variable of the environment, `${file:PATH}` for what a file holds: for secrets,
//! and for what differs between machines that share a configuration. Not in keys, which are names.
//!
//! A path is that of a file beside the configuration, unless it is absolute. Of its content one line end is cut off. What
//! a value stands for is not read again.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::yaml::{Value, YamlNode};

/// A file that holds more is no value.
const LONGEST: u64 = 64 << 10;

/// A piece of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValuePiece<'w> {
    /// This text.
    Text(&'w str),
    /// What the variable of this name holds.
    Variable(&'w str),
    /// What the file at this path holds.
    Content(&'w str),
}

/// A value as it counts, from one as it was `written` in the file of this name; `None` where nothing stands for another.
pub(super) fn expanded(written: &str, configuration: &str) -> Result<Option<String>, String> {
    let pieces = pieces(written)?;
    if pieces.iter().all(|piece| matches!(piece, ValuePiece::Text(_))) {
        return Ok(None);
    }
    let values = pieces.into_iter().map(|piece| match piece {
        ValuePiece::Text(text) => Ok(text.to_string()),
        ValuePiece::Variable(name) => variable(name),
        ValuePiece::Content(path) => content(&beside(configuration, path)),
    });
    values.collect::<Result<String, String>>().map(Some)
}

/// The files that stand for values anywhere below `node`.
pub(super) fn files(node: &YamlNode, configuration: &str) -> Vec<PathBuf> {
    match &node.value {
        Value::Text(text) => {
            let pieces = pieces(text).unwrap_or_default().into_iter();
            let paths = pieces.filter_map(|piece| match piece {
                ValuePiece::Content(path) => Some(beside(configuration, path)),
                ValuePiece::Text(_) | ValuePiece::Variable(_) => None,
            });
            paths.collect()
        }
        Value::List(list) => list.iter().flat_map(|node| files(node, configuration)).collect(),
        Value::Map(map) => map.iter().flat_map(|(_, node)| files(node, configuration)).collect(),
        Value::Empty | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn pieces(written: &str) -> Result<Vec<ValuePiece<'_>>, String> {
    let (mut pieces, mut rest) = (Vec::new(), written);
    while let Some(start) = [rest.find("${env:"), rest.find("${file:")].into_iter().flatten().min() {
        let (before, after) = rest.split_at(start);
        let (piece, after) = stand_in(after)?;
        pieces.extend([ValuePiece::Text(before), piece]);
        rest = after;
    }
    pieces.push(ValuePiece::Text(rest));
    Ok(pieces)
}

/// The one that `text` begins with, and what is behind it.
fn stand_in(text: &str) -> Result<(ValuePiece<'_>, &str), String> {
    let inner = |begin: &str| text.strip_prefix(begin).map(|rest| rest.split_once('}'));
    match (inner("${env:"), inner("${file:")) {
        (Some(Some((name, after))), _) if is_name(name) => Ok((ValuePiece::Variable(name), after)),
        (_, Some(Some((path, after)))) if is_path(path) => Ok((ValuePiece::Content(path), after)),
        (Some(_), _) => Err("${env: is not followed by the name of a variable and }; write ${env:NAME}".into()),
        _ => Err("${file: is not followed by a path and }; write ${file:token.txt}".into()),
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.bytes().all(is_part) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn is_path(path: &str) -> bool {
    !path.is_empty() && !path.contains(['\0', '\n', '{'])
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|why| match why {
        std::env::VarError::NotPresent => {
            format!("the environment has no variable {name}; set it, or write the value")
        }
        std::env::VarError::NotUnicode(_) => format!("the variable {name} of the environment is not UTF-8"),
    })
}

/// The standard input and the command line are beside what the working directory has.
fn beside(configuration: &str, path: &str) -> PathBuf {
    Path::new(configuration).parent().unwrap_or(Path::new("")).join(path)
}

fn content(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let bytes = read(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("{shown} is longer than 64 KiB; write the path of a file that holds the value alone"));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8, as a value must be"))?;
    if text.ends_with('\n') {
        text.pop();
        text.truncate(text.strip_suffix('\r').unwrap_or(&text).len());
    }
    Ok(text)
}

/// A byte more than is allowed, so that a longer file is known as such. What is no file may keep its reader waiting.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml;
    use ValuePiece::{Content, Text, Variable};

    #[test]
    fn what_stands_for_another_value_is_told_from_text() {
        assert_eq!(pieces("plain $A ${A}"), Ok(vec![Text("plain $A ${A}")]));
        assert_eq!(pieces("${env:A}"), Ok(vec![Text(""), Variable("A"), Text("")]));
        let both = vec![Text("Bearer "), Content("a/b.txt"), Text("-"), Variable("A_2"), Text("!")];
        assert_eq!(pieces("Bearer ${file:a/b.txt}-${env:A_2}!"), Ok(both));
    }

    #[test]
    fn what_is_misspelt_is_told_with_what_to_write() {
        for wrong in ["${env:", "${env:A", "${env:}", "${env:2A}", "${env:A-B}", "${env: A}", "${env:${file:a}}"] {
            assert!(pieces(wrong).unwrap_err().starts_with("${env: is not followed"), "{wrong}");
        }
        for wrong in ["${file:", "${file:a", "${file:}", "${file:${env:A}}", "${file:a\nb}"] {
            assert!(pieces(wrong).unwrap_err().starts_with("${file: is not followed"), "{wrong}");
        }
        let missing = "the environment has no variable B_2; set it, or write the value";
        assert_eq!(expanded("${env:B_2}", "c.yaml"), Err(missing.into()));
    }

    #[test]
    fn the_content_of_a_file_beside_the_configuration_is_a_value_less_one_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let configuration = directory.path().join("c.yaml").display().to_string();
        let holds = |content: &[u8]| {
            fs::write(directory.path().join("secret"), content).unwrap();
            expanded("x ${file:secret}", &configuration)
        };
        let cases: [(&[u8], &str); 6] = [
            (b"one", "one"),
            (b"one\n", "one"),
            (b"one\r\n", "one"),
            (b"one\n\n", "one\n"),
            (b"one\r", "one\r"),
            (b"", ""),
        ];
        for (content, value) in cases {
            assert_eq!(holds(content), Ok(Some(format!("x {value}"))), "{content:?}");
        }
        assert_eq!(holds(b"${env:A}\n"), Ok(Some("x ${env:A}".into())), "not read again");
        assert!(holds(b"\xff").unwrap_err().ends_with("secret is not UTF-8, as a value must be"));
        assert!(holds(&vec![b'x'; LONGEST as usize]).is_ok());
        assert!(holds(&vec![b'x'; LONGEST as usize + 1]).unwrap_err().contains("is longer than 64 KiB"));
        let absolute = format!("${{file:{}}}", directory.path().join("secret").display());
        fs::write(directory.path().join("secret"), "two").unwrap();
        assert_eq!(expanded(&absolute, "elsewhere/c.yaml"), Ok(Some("two".into())));
    }

    #[test]
    fn what_is_no_file_is_refused_and_never_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let configuration = directory.path().join("c.yaml").display().to_string();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let told = |path: &str| expanded(&format!("${{file:{path}}}"), &configuration).unwrap_err();
        assert!(told("pipe").ends_with("pipe cannot be read: it is no ordinary file"), "{}", told("pipe"));
        assert!(told(".").contains("no ordinary file") && told("/dev/zero").contains("no ordinary file"));
        assert!(told("gone").ends_with("gone cannot be read: No such file or directory (os error 2)"));
    }

    #[test]
    fn all_files_of_a_configuration_are_found() {
        let text = "a: {b: ['${file:x}', 1, {c: 'y ${file:/y} ${file:z}'}], '${file:key}': '${env:A}'}\nd: '${file:'\n";
        let found = files(&yaml::read(text).unwrap(), "/etc/leash/c.yaml");
        assert_eq!(found, ["/etc/leash/x", "/y", "/etc/leash/z"].map(PathBuf::from));
    }
}
