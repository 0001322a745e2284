//! Parts of the sheet, and how they share the room there is: all of them show their beginning before one shows its end.

use ratatui::text::{Line, Span};

use super::style::QUIET;
use crate::readable::number;

/// A part: what stands at its top, and items that are shown whole or not at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// What stands at its top.
    pub head: Vec<Line<'static>>,
    /// One item after the other, each of some lines; what is first matters most.
    pub items: Vec<Vec<Line<'static>>>,
}

/// The lines of the parts that have room, with a gap between two parts where there is room for all.
pub(super) fn fit(parts: Vec<Part>, room: usize) -> Vec<Line<'static>> {
    let full = parts.iter().map(Part::height).sum::<usize>() + parts.len().saturating_sub(1);
    if full <= room {
        let lines: Vec<Vec<Line>> = parts.into_iter().map(|part| part.cut(usize::MAX)).collect();
        return lines.join(&Line::default());
    }
    let mut later: usize = parts.iter().map(Part::least).sum();
    let mut lines = Vec::new();
    for part in parts {
        let left = room - lines.len();
        later -= part.least();
        lines.extend(part.clone().cut(left.saturating_sub(later).max(part.least()).min(left)));
    }
    lines
}

impl Part {
    /// A part of a few lines that belong together.
    pub(super) fn of(head: Vec<Line<'static>>) -> Part {
        Part { head, items: Vec::new() }
    }

    /// The same, no longer fresh.
    pub(super) fn dimmed(mut self) -> Part {
        for line in self.head.iter_mut().chain(self.items.iter_mut().flatten()) {
            *line = std::mem::take(line).patch_style(QUIET);
        }
        self
    }

    fn height(&self) -> usize {
        self.head.len() + self.items.iter().map(Vec::len).sum::<usize>()
    }

    /// Its top, its first item, and how many more there are.
    fn least(&self) -> usize {
        let more = usize::from(self.items.len() > 1);
        self.head.len() + self.items.first().map_or(0, Vec::len) + more
    }

    /// At most so many lines of it.
    fn cut(self, room: usize) -> Vec<Line<'static>> {
        if self.height() <= room {
            return self.head.into_iter().chain(self.items.into_iter().flatten()).collect();
        }
        let (mut lines, mut left) = (self.head, self.items.len());
        for item in self.items {
            if lines.len() + item.len() >= room {
                break;
            }
            lines.extend(item);
            left -= 1;
        }
        if left > 0 {
            lines.push(Line::from(Span::styled(format!("and {} more", number(left as u64)), QUIET)));
        }
        lines.truncate(room);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(name: &str, items: usize, lines: usize) -> Part {
        let item = |n| (0..lines).map(|_| Line::from(format!("{name}{n}"))).collect();
        Part { head: vec![Line::from(name.to_string())], items: (0..items).map(item).collect() }
    }

    fn fitted(parts: Vec<Part>, room: usize) -> String {
        fit(parts, room).iter().map(Line::to_string).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn every_part_shows_its_beginning_before_one_shows_its_end() {
        let parts = || vec![part("a", 4, 1), part("b", 2, 2)];
        assert_eq!(fitted(parts(), 11), "a|a0|a1|a2|a3||b|b0|b0|b1|b1");
        assert_eq!(fitted(parts(), 10), "a|a0|a1|a2|a3|b|b0|b0|b1|b1");
        assert_eq!(fitted(parts(), 9), "a|a0|a1|a2|a3|b|b0|b0|and 1 more");
        assert_eq!(fitted(parts(), 8), "a|a0|a1|and 2 more|b|b0|b0|and 1 more");
        assert_eq!(fitted(parts(), 4), "a|a0|and 3 more|b");
        assert_eq!(fitted(parts(), 1), "a");
        assert_eq!(fitted(parts(), 0), "");
        assert_eq!(fitted(vec![], 0), "");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_room(sizes in prop::collection::vec((0usize..9, 1usize..4), 0..6), room in 0usize..40) {
            let parts: Vec<Part> = sizes.iter().map(|(items, lines)| part("p", *items, *lines)).collect();
            let full = parts.iter().map(Part::height).sum::<usize>();
            let lines = fit(parts, room).len();
            prop_assert!(lines <= room && (full < room || lines > 0 || room == 0 || full == 0));
        }
    }
}
