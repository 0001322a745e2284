//! Draws how something is: its shape in its colour, alone before a sentence or with a word.

use super::Html;
use crate::admin::model::Grade;

/// What gives a grade its colour.
pub(super) fn class(grade: Grade) -> &'static str {
    match grade {
        Grade::Good => "good",
        Grade::Fair => "fair",
        Grade::Bad => "bad",
    }
}

/// Writes the shape of a grade and a word for it.
pub(super) fn write(html: &mut Html, grade: Grade, word: &str) {
    html.element("span", &[("class", &format!("state {}", class(grade)))], |html| {
        html.words("span", &[("aria-hidden", "true")], grade.shape());
        html.text(&format!(" {word}"));
    });
}

/// Writes the shape of a grade before a sentence that says what it means.
pub(super) fn mark(html: &mut Html, grade: Grade) {
    html.words("span", &[("aria-hidden", "true"), ("class", class(grade))], grade.shape());
    html.text(" ");
}
