//! Problems: what is wrong with a configuration, where, and what to write instead.
//!
//! Everything that reads the configuration collects its complaints here and goes on, so that one run names them all.

use std::fmt;
use std::sync::Arc;

/// More problems than this are counted, not listed: people do not read further.
const LISTED: usize = 100;

/// A position in a file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextPosition {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where something was written: file, position, dotted path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigPlace {
    /// The file's name as it was given, or `command line`.
    pub file: Arc<str>,
    /// The position, unless there is none (the command line, a file that cannot be read).
    pub mark: Option<TextPosition>,
    /// The dotted path (`pools.main.servers[1].weight`), empty at the top.
    pub path: String,
}

/// One problem, or one warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub place: ConfigPlace,
    /// What is wrong, and the cure.
    pub text: String,
}

/// All problems of one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    /// What must not be shown of the value at a place, and what is shown instead.
    masks: Vec<(String, String, String)>,
}

impl ConfigPlace {
    /// The top of a file.
    pub fn top(file: &str) -> ConfigPlace {
        ConfigPlace { file: file.into(), mark: None, path: String::new() }
    }

    /// The value of `key` in the map that is here.
    pub fn key(&self, key: &str, mark: Option<TextPosition>) -> ConfigPlace {
        let dot = if self.path.is_empty() { "" } else { "." };
        ConfigPlace { file: self.file.clone(), mark, path: format!("{}{dot}{}", self.path, plain(key)) }
    }

    /// The element `index` of the list that is here.
    pub fn index(&self, index: usize, mark: Option<TextPosition>) -> ConfigPlace {
        ConfigPlace { file: self.file.clone(), mark, path: format!("{}[{index}]", self.path) }
    }
}

impl Problems {
    /// Only one problem, and nothing else can be said.
    pub fn only(place: ConfigPlace, text: impl AsRef<str>) -> Problems {
        Problems { list: vec![Problem { place, text: escaped(text.as_ref()) }], masks: Vec::new() }
    }

    /// Adds one. Its text may quote what a file holds, a path for example: it is made fit for a terminal here, for all who add.
    pub fn add(&mut self, place: &ConfigPlace, text: impl AsRef<str>) {
        let masks = self.masks.iter().filter(|(path, ..)| *path == place.path);
        let text = masks.fold(escaped(text.as_ref()), |text, (_, value, shown)| text.replace(value, shown));
        self.list.push(Problem { place: place.clone(), text });
    }

    /// From now on what is added about the value at `place` shows `shown` instead of `value`, which may be a secret.
    pub(super) fn mask(&mut self, place: &ConfigPlace, value: &str, shown: &str) {
        if !value.is_empty() {
            self.masks.push((place.path.clone(), plain(value), plain(shown)));
        }
    }

    /// Adds that `key` is missing from the map at `place`, unless its value, a misspelling of it or what stands
    /// beside instead of below it was complained about.
    pub fn missing(&mut self, place: &ConfigPlace, key: &str, cure: &str) {
        let absent = place.key(key, place.mark);
        let told = [format!("did you mean {key}?"), format!("indent it below {key}")];
        let known = |p: &Problem| {
            let above = p.place.path == place.path && p.place.mark == place.mark;
            let beside = p.place.path.starts_with(&place.path) && told.iter().any(|told| p.text.ends_with(told));
            above || beside || p.place.path == absent.path
        };
        if !self.list.iter().any(known) {
            self.add(&absent, format!("missing; {cure}"));
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in the order of the file.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|problem| problem.place.mark);
        self.list
    }

    /// The same problems in the order of the file.
    pub fn sorted(self) -> Problems {
        Problems { list: self.into_sorted(), masks: Vec::new() }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.place.file)?;
        if let Some(TextPosition { line, column }) = self.place.mark {
            write!(f, "{line}:{column}:")?;
        }
        if !self.place.path.is_empty() {
            write!(f, " {}:", self.place.path)?;
        }
        write!(f, " {}", self.text)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.list.iter().take(LISTED).enumerate() {
            let line_end = if n == 0 { "" } else { "\n" };
            write!(f, "{line_end}{problem}")?;
        }
        match self.list.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Problems {}

/// What was written, fit for one line of a terminal or a log: control characters escaped, long texts cut.
pub(crate) fn plain(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => escaped(&text[..end]) + "…",
        None => escaped(text),
    }
}

/// A text of one line whose control characters are escaped.
fn escaped(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// The end of a message about an unknown word: the nearest valid one, or all of them.
pub(crate) fn instead<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let valid: Vec<&str> = valid.into_iter().collect();
    match nearest(word, &valid) {
        Some(near) => format!("did you mean {}?", plain(near)),
        None if valid.is_empty() => "there is none to choose from".into(),
        None => format!("valid here: {}", valid.iter().map(|v| plain(v)).collect::<Vec<_>>().join(", ")),
    }
}

/// The valid word that was probably meant: a third of its letters may be wrong. Spelling `-` for `_` is no mistake.
fn nearest<'a>(word: &str, valid: &[&'a str]) -> Option<&'a str> {
    let spelling = |word: &str| word.chars().take(100).collect::<String>().to_lowercase().replace('-', "_");
    let word = spelling(word);
    let distance = |other: &str| strsim::osa_distance(&word, &spelling(other));
    let near = |other: &str| distance(other) <= (word.len().max(other.len()) / 3).max(1);
    valid.iter().copied().filter(|other| near(other)).min_by_key(|other| distance(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        assert_eq!(instead("server", ["servers", "hash"]), "did you mean servers?");
        assert_eq!(instead("connect-timeout", ["connect_timeout"]), "did you mean connect_timeout?");
        assert_eq!(instead("banana", ["servers", "hash"]), "valid here: servers, hash");
    }

    #[test]
    fn a_terminal_is_safe_from_what_a_file_holds() {
        assert_eq!(plain("a\x1b[31m\n"), "a\\u{1b}[31m\\n");
        assert_eq!(plain(&"x".repeat(200)).chars().count(), 81);
    }

    #[test]
    fn problems_come_one_per_line_and_end_in_a_count() {
        let mut problems = Problems::default();
        for line in 1..=102 {
            problems.add(&ConfigPlace::top("f.yaml").key("a", Some(TextPosition { line, column: 3 })), "wrong");
        }
        let text = problems.to_string();
        assert!(text.starts_with("f.yaml:1:3: a: wrong\nf.yaml:2:3: a: wrong\n"));
        assert!(text.ends_with("\nand 2 more"));
    }
}
