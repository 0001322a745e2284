//! How words look that mean something. Each says itself what it means, so nothing is lost without colours.

use ratatui::style::{Color, Modifier, Style};

use crate::admin::model::Grade;

/// Nothing in particular.
pub(super) const PLAIN: Style = Style::new();
/// A title, or what to look at first.
pub(super) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// For readers who look for it.
pub(super) const QUIET: Style = Style::new().add_modifier(Modifier::DIM);
/// As it should be.
pub(super) const GOOD: Style = Style::new().fg(Color::Green);
/// Not yet as it should be.
pub(super) const CARE: Style = Style::new().fg(Color::Yellow);
/// The operator should act.
pub(super) const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);

/// How a word looks that says how something is.
pub(super) const fn of(grade: Grade) -> Style {
    match grade {
        Grade::Good => GOOD,
        Grade::Fair => CARE,
        Grade::Bad => BAD,
    }
}
