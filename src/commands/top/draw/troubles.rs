//! What is wrong, the worst first.

use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{PLAIN, of};
use super::wrapped::wrapped;
use crate::admin::model::{Overview, Trouble};

/// How far the lines below the first are moved to the right.
const INDENT: usize = 2;

/// All of it; nothing while all is well.
pub(super) fn troubles(overview: &Overview, width: usize) -> Option<Part> {
    let items: Vec<Vec<Line>> = overview.troubles.iter().map(|trouble| item(trouble, width)).collect();
    (!items.is_empty()).then(|| Part { head: Vec::new(), items })
}

fn item(trouble: &Trouble, width: usize) -> Vec<Line<'static>> {
    let (grade, room) = (trouble.grade(), width.saturating_sub(INDENT));
    let mut lines = indented(wrapped(&trouble.text, room, of(grade)));
    if let Some(first) = lines.first_mut() {
        first.spans[0] = Span::styled(format!("{:INDENT$}", grade.shape()), of(grade));
    }
    lines.extend(trouble.details.iter().flat_map(|detail| indented(wrapped(detail, room, PLAIN))));
    lines
}

fn indented(lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
    let moved = |line: Line<'static>| Line::from_iter([Span::raw(" ".repeat(INDENT))].into_iter().chain(line.spans));
    lines.into_iter().map(moved).collect()
}
