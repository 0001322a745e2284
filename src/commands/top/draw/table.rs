//! Tables: columns as wide as what stands in them, figures to the right.

use ratatui::text::{Line, Span};

use super::style::QUIET;

/// More of a word than this is not shown.
const WIDEST: usize = 32;
const GAP: usize = 2;

/// A column, and what it tells of an item.
pub(super) struct Column<T> {
    head: &'static str,
    is_figure: bool,
    of: fn(&T) -> Option<Span<'static>>,
}

impl<T> Column<T> {
    /// Of words.
    pub(super) const fn words(head: &'static str, of: fn(&T) -> Option<Span<'static>>) -> Column<T> {
        Column { head, is_figure: false, of }
    }

    /// Of figures.
    pub(super) const fn figures(head: &'static str, of: fn(&T) -> Option<Span<'static>>) -> Column<T> {
        Column { head, is_figure: true, of }
    }
}

/// The head and one line an item. A column that tells of no item is left out.
pub(super) fn table<T>(columns: &[Column<T>], items: &[&T]) -> (Line<'static>, Vec<Line<'static>>) {
    let mut head = Line::default();
    let mut lines = vec![Line::default(); items.len()];
    for column in columns {
        let cells: Vec<Option<Span>> = items.iter().map(|item| (column.of)(item).map(shortened)).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let title = Span::styled(column.head, QUIET);
        let width = cells.iter().flatten().chain([&title]).map(Span::width).max().unwrap_or(0);
        put(&mut head, title, width, column.is_figure);
        for (line, cell) in lines.iter_mut().zip(cells) {
            put(line, cell.unwrap_or_default(), width, column.is_figure);
        }
    }
    (head, lines)
}

fn put(line: &mut Line<'static>, cell: Span<'static>, width: usize, is_figure: bool) {
    let pad = width.saturating_sub(cell.width());
    let gap = if line.spans.is_empty() { 0 } else { GAP };
    let (before, after) = if is_figure { (gap + pad, 0) } else { (gap, pad) };
    line.push_span(Span::raw(" ".repeat(before)));
    line.push_span(cell);
    line.push_span(Span::raw(" ".repeat(after)));
}

fn shortened(cell: Span<'static>) -> Span<'static> {
    if cell.width() <= WIDEST {
        return cell;
    }
    let mut text = String::new();
    for c in cell.content.chars() {
        text.push(c);
        if Span::raw(&*text).width() >= WIDEST {
            text.pop();
            break;
        }
    }
    Span::styled(text + "…", cell.style)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<String>; 3] = [
        Column::words("name", |text| Some(text.clone().into())),
        Column::figures("bytes", |text| (!text.is_empty()).then(|| text.len().to_string().into())),
        Column::words("never", |_| None),
    ];

    fn lines(items: &[&str]) -> Vec<String> {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        let (head, lines) = table(&COLUMNS, &items.iter().collect::<Vec<_>>());
        [head].iter().chain(&lines).map(|line| line.to_string().trim_end().to_string()).collect()
    }

    #[test]
    fn columns_line_up_whatever_the_width_of_a_character() {
        assert_eq!(lines(&["a", "日本", ""]), ["name  bytes", "a         1", "日本      6", ""]);
    }

    #[test]
    fn long_words_are_cut_and_said_to_be() {
        let cut = lines(&["日".repeat(40).as_str()]).remove(1);
        assert!(cut.starts_with(&format!("{}…", "日".repeat(15))) && cut.ends_with("120"), "{cut}");
    }
}
