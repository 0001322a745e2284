//! YAML text -> [`YamlNode`]s with positions. The only file that knows which YAML library is used.
//!
//! `visit` says how the positions are found. The library is archived, so what is relied on there cannot change under
//! us, and the tests below hold it.
//!
//! Maps keep their entries in order, twice written keys included. Anchors, tags, several documents and files over
//! [`MAX_SIZE`] are refused: a configuration says what it means, where it means it.

mod visit;

use super::problem::TextPosition;
use serde::de::DeserializeSeed;
use visit::{NodeSeed, Reading};

/// The longest text that is read, in bytes.
pub(super) const MAX_SIZE: usize = 1 << 20;

const START: TextPosition = TextPosition { line: 1, column: 1 };
/// More open brackets than this are not looked at; serde_yaml itself stops at 128 levels.
const MAX_OPEN: usize = 1000;
const TOO_DEEP: &str = "nested too deeply";
const NO_KEY: &str = "a key must be plain text; quote it if it holds [, { or ?";
const ALIAS: &str = "anchors and aliases (& and *) are not allowed; write the value out";

/// A value, and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct YamlNode {
    /// Where: for a map or list, its key if it has one, else the first thing in it.
    pub mark: TextPosition,
    /// What.
    pub value: Value,
}

/// What YAML can hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    Empty,
    /// A plain `true` or `false`.
    Bool(bool),
    /// A plain number, in decimal.
    Number(String),
    /// Any other plain scalar, and all quoted ones.
    Text(String),
    /// A list.
    List(Vec<YamlNode>),
    /// A map: all entries in the order of the file.
    Map(Vec<(YamlKey, YamlNode)>),
}

/// The key of a map's entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct YamlKey {
    /// Where.
    pub mark: TextPosition,
    /// As written.
    pub text: String,
}

/// Why a text is not YAML that leash reads, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct YamlRefusal {
    /// The position, where there is one.
    pub mark: Option<TextPosition>,
    /// The reason.
    pub text: String,
}

/// Reads one document. An empty text is [`Value::Empty`].
pub(super) fn read(text: &str) -> Result<YamlNode, YamlRefusal> {
    if text.len() > MAX_SIZE {
        let text = format!("the file holds {} bytes, more than the 1MiB that is read", text.len());
        return Err(YamlRefusal { mark: None, text });
    }
    if opens_too_deep(text) {
        return Err(YamlRefusal { mark: None, text: TOO_DEEP.into() });
    }
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(first) = documents.next() else {
        return Ok(YamlNode { mark: START, value: Value::Empty });
    };
    let node = document(first, text)?;
    let Some(second) = documents.next() else { return Ok(node) };
    let mark = Some(document(second, text)?.mark);
    Err(YamlRefusal { mark, text: "a second document begins before this; a configuration is one document".into() })
}

/// The text of `bytes`, or where it stops being UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, YamlRefusal> {
    std::str::from_utf8(bytes).map_err(|e| {
        let good = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
        let line_start = good.rfind('\n').map_or(0, |at| at + 1);
        let mark =
            TextPosition { line: good.matches('\n').count() + 1, column: good[line_start..].chars().count() + 1 };
        YamlRefusal { mark: Some(mark), text: "not UTF-8 from here on; save the file as UTF-8".into() }
    })
}

/// libyaml takes time in the square of the open brackets: a minute for a megabyte of them. Brackets in comments and
/// quotes are counted too, but no real file leaves so many of them open.
fn opens_too_deep(text: &str) -> bool {
    let depth = text.bytes().scan(0_usize, |depth, byte| {
        match byte {
            b'[' | b'{' => *depth += 1,
            b']' | b'}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    depth.max() > Some(MAX_OPEN)
}

fn document(from: serde_yaml::Deserializer<'_>, text: &str) -> Result<YamlNode, YamlRefusal> {
    let mut reading = Reading::of(text.len());
    NodeSeed(&mut reading).deserialize(from).map_err(|e| {
        let mark = e.location().map(|at| TextPosition { line: at.line(), column: at.column() });
        match reading.refusal() {
            Some(own) => YamlRefusal { mark: own.mark.or(mark), text: own.text },
            None => YamlRefusal { mark, text: complaint(&e.to_string(), mark, text) },
        }
    })
}

/// The parser's complaint, without the position that stands before it anyway, and with a cure where one is known.
fn complaint(message: &str, mark: Option<TextPosition>, text: &str) -> String {
    let at = |m: TextPosition| text.lines().nth(m.line - 1)?.chars().nth(m.column - 1);
    if message.contains("recursion limit") || message.contains("repetition limit") {
        return TOO_DEEP.into();
    }
    if message.contains("expected plain text") {
        return NO_KEY.into();
    }
    if message.contains("unknown anchor") {
        return ALIAS.into();
    }
    if mark.and_then(at) == Some('\t') {
        return "a tab; YAML is indented with spaces".into();
    }
    let own = mark.map(|m| format!(" at line {} column {}", m.line, m.column)).unwrap_or_default();
    format!("not YAML: {}", message.replacen(&own, "", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, usize, String) {
        let refusal = read(text).unwrap_err();
        let mark = refusal.mark.unwrap();
        (mark.line, mark.column, refusal.text)
    }

    fn map(node: &YamlNode) -> &[(YamlKey, YamlNode)] {
        let Value::Map(map) = &node.value else { panic!("not a map: {node:?}") };
        map
    }

    fn place(mark: TextPosition) -> (usize, usize) {
        (mark.line, mark.column)
    }

    #[test]
    fn every_scalar_knows_its_place_and_its_kind() {
        let text = "a: 1\nb:\n  - x\n  - \"2\"\n  - {c: true, d: [], ü: ~}\ne: # nothing\nf: |\n  long\n  text\n";
        let node = read(text).unwrap();
        let top = map(&node);
        assert_eq!(place(top[0].1.mark), (1, 4));
        assert_eq!(top[0].1.value, Value::Number("1".into()));
        assert_eq!(place(top[1].1.mark), (2, 1), "a list stands where its key does");
        let Value::List(b) = &top[1].1.value else { panic!() };
        assert_eq!((place(b[0].mark), &b[0].value), ((3, 5), &Value::Text("x".into())));
        assert_eq!((place(b[1].mark), &b[1].value), ((4, 5), &Value::Text("2".into())));
        let inner = map(&b[2]);
        assert_eq!(place(b[2].mark), (5, 6));
        assert_eq!((place(inner[0].1.mark), &inner[0].1.value), ((5, 9), &Value::Bool(true)));
        assert_eq!((place(inner[2].0.mark), place(inner[2].1.mark)), ((5, 22), (5, 25)), "columns are characters");
        assert_eq!(top[2].1.value, Value::Empty);
        assert_eq!(top[3].1.value, Value::Text("long\ntext\n".into()));
    }

    #[test]
    fn a_key_written_twice_is_there_twice() {
        let node = read("a: 1\nb: 2\na: 3\n").unwrap();
        let keys: Vec<_> = map(&node).iter().map(|(key, _)| (key.text.as_str(), key.mark.line)).collect();
        assert_eq!(keys, [("a", 1), ("b", 2), ("a", 3)]);
    }

    #[test]
    fn nothing_is_empty() {
        for text in ["", "# only a comment\n", "---\n", "~", "\u{feff}"] {
            assert_eq!(read(text).unwrap().value, Value::Empty, "{text:?}");
        }
    }

    #[test]
    fn aliases_are_refused_where_they_stand() {
        assert_eq!(refused("a: &x 5\nb: *x\n"), (2, 1, ALIAS.into()));
        assert_eq!(refused("- &x 5\n- *x\n").2, ALIAS);
        assert_eq!(refused("a: &x {b: 1}\nc: *x\n"), (2, 1, ALIAS.into()));
        assert_eq!(refused("a: &x k\n*x : 1\n").2, ALIAS);
        assert_eq!(refused("a: *nowhere\n"), (1, 4, ALIAS.into()));
    }

    #[test]
    fn a_bomb_of_aliases_does_not_go_off() {
        let bomb = |first: &str| {
            let level = |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
            format!("a0: &a0 {first}\n{}", (1..30).map(level).collect::<String>())
        };
        assert_eq!(refused(&bomb("lol")).2, ALIAS);
        assert_eq!(refused(&bomb("[]")).2, ALIAS);
        assert_eq!(refused("&a [*a]").2, ALIAS);
        assert_eq!(refused(&"[".repeat(MAX_OPEN)).2, TOO_DEEP);
        assert_eq!(read(&"[".repeat(MAX_SIZE)).unwrap_err().text, TOO_DEEP);
    }

    #[test]
    fn what_is_not_one_plain_document_is_refused() {
        assert_eq!(refused("a: 1\n---\nb: 2\n").0, 3);
        assert_eq!(refused("a: 1\n\tb: 2\n"), (2, 1, "a tab; YAML is indented with spaces".into()));
        assert_eq!(refused("a: !secret x\n").0, 1);
        assert!(refused("a: !secret x\n").2.starts_with("YAML tags"));
        assert_eq!(refused("? [a]\n: 1\n").2, NO_KEY);
        assert_eq!(refused("{a: 1}: 2\n").2, NO_KEY);
        let (line, _, text) = refused("a: [1, 2\nb: 3\n");
        assert_eq!(
            (line, text.as_str()),
            (2, "not YAML: did not find expected ',' or ']', while parsing a flow sequence at line 1 column 4")
        );
        assert!(read(&" ".repeat(MAX_SIZE + 1)).unwrap_err().text.contains("1MiB"));
        assert_eq!(utf8(b"a: 1\nb\xff: 2").unwrap_err().mark, Some(TextPosition { line: 2, column: 2 }));
    }
}
