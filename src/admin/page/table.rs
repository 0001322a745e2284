//! Tables that stay readable on a phone: each cell carries the name of its column, so that a row can become a card.

use super::{Attributes, Html, bar, grade, titled};
use crate::admin::model::Grade;
use crate::readable::counted;

/// A column: its label, and whether it holds figures.
pub(super) struct Heading(pub &'static str, pub bool);

/// A cell: text, or something that writes itself.
pub(super) enum Cell {
    /// Text.
    Text(String),
    /// Text over a smaller line of text.
    Over(String, String),
    /// How something is, the word for it, and a smaller line of text if there is more to say.
    Graded(Grade, &'static str, Option<String>),
    /// What is not there.
    Nothing,
    /// A bar that is filled to this share.
    Bar(f64),
}

/// Writes a table of at most `most` rows and says how many more there are.
pub(super) fn write<T>(html: &mut Html, columns: &[Heading], rows: &[T], most: usize, cells: impl Fn(&T) -> Vec<Cell>) {
    html.element("table", &[], |html| {
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| columns.iter().for_each(|column| head(html, column)));
        });
        html.element("tbody", &[], |html| {
            for row in rows.iter().take(most) {
                html.element("tr", &[], |html| {
                    columns.iter().zip(cells(row)).for_each(|(column, each)| cell(html, column, &each));
                });
            }
        });
    });
}

/// `and 48 more servers`, where that many are not shown.
pub(super) fn more(html: &mut Html, all: usize, most: usize, thing: &str) {
    if let Some(hidden) = all.checked_sub(most).filter(|hidden| *hidden > 0) {
        html.element("p", &[("class", "more")], |html| {
            html.text(&format!("and {} in better shape; ", counted(hidden, &format!("more {thing}"))));
            html.words("a", &[("href", "status")], "all of them as JSON");
        });
    }
}

fn head(html: &mut Html, column: &Heading) {
    html.words("th", &attributes(column, &[("scope", "col")]), &titled(column.0));
}

fn cell(html: &mut Html, column: &Heading, cell: &Cell) {
    let title = titled(column.0);
    html.element("td", &attributes(column, &[("data-label", &title)]), |html| match cell {
        Cell::Text(text) => html.text(text),
        Cell::Over(text, below) => {
            html.element("span", &[], |html| {
                html.text(text);
                html.words("small", &[], below);
            });
        }
        Cell::Graded(how, word, None) => grade::write(html, *how, word),
        Cell::Graded(how, word, Some(below)) => {
            html.element("span", &[], |html| {
                grade::write(html, *how, word);
                html.words("small", &[], below);
            });
        }
        Cell::Nothing => html.words("span", &[("class", "nothing")], "–"),
        Cell::Bar(share) => bar::write(html, *share, None),
    });
}

fn attributes<'a>(column: &Heading, more: Attributes<'a>) -> Vec<(&'static str, &'a str)> {
    let figure = column.1.then_some(("class", "figure"));
    more.iter().copied().chain(figure).collect()
}
