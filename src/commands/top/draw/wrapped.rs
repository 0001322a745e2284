//! Sentences, broken between words where the line ends.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The lines of it. A word that is longer than a line stays whole.
pub(super) fn wrapped(text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let mut lines: Vec<Span> = Vec::new();
    for word in text.split_whitespace() {
        let word = Span::styled(word.to_string(), style);
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                let longer = format!("{} {}", line.content, word.content);
                line.content = longer.into();
            }
            _ => lines.push(word),
        }
    }
    lines.into_iter().map(Line::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_their_words_allow() {
        let lines = |text, width| wrapped(text, width, Style::new()).iter().map(Line::to_string).collect::<Vec<_>>();
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("日本 日本 x", 9), ["日本 日本", "x"]);
        assert_eq!(lines("unbreakable a", 3), ["unbreakable", "a"]);
        assert_eq!(lines("one two", 0), ["one", "two"]);
        assert!(lines("  ", 5).is_empty());
    }
}
