//! Which keys there are, and what the words mean.

use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{PLAIN, QUIET, STRONG};
use super::wrapped::wrapped;
use crate::admin::model::labels;
use crate::commands::top::screen::Screen;

const KEYS: [(&str, &str); 4] = [
    ("q, Esc, Ctrl-C", "leave"),
    ("p", "pause: the figures stay as they are, until p again"),
    ("s", "sort servers: worst first, by name, by requests"),
    ("?", "this help, and back"),
];

const WORDS: [(&str, &str); 12] = [
    ("figures", "of the last ten seconds; bars: the last five minutes, or what there is"),
    (labels::ERRORS, "requests that ended with an error, or without an answer from their server"),
    (labels::WITHIN, "99 of 100 requests were answered within this time"),
    (labels::FAILED, "requests that this server did not answer"),
    ("held back", "a loader that fails is asked only now and then, until a call succeeds"),
    (labels::CALLS_AVOIDED, "of the callers that a loader's values were given to, those for whom it was not called"),
    (labels::RESERVED, "messages of a queue that consumers have and have not acknowledged"),
    ("waiting long", "the oldest message of these queues has waited for more than ten minutes"),
    (labels::SPOOLED, "deletes that wait for the server, which is told before it serves again"),
    ("suspect", "the server failed lately, though not often enough to be down"),
    ("down", "nothing is sent to the server: its keys miss or go to a gutter, others are not affected"),
    ("probing", "it is down, and is being asked whether it is back"),
];

/// All of it.
pub(super) fn keys_and_words(width: usize) -> Part {
    let said = |(word, meaning): &(&str, &str)| wrapped(&format!("{word}: {meaning}"), width, PLAIN);
    let keys =
        KEYS.iter().map(|(key, does)| Line::from_iter([Span::styled(format!("{key:16}"), STRONG), Span::raw(*does)]));
    let words = WORDS.iter().flat_map(said);
    Part::of(keys.chain([Line::default()]).chain(words).collect())
}

/// The last line: keys, and what they have led to.
pub(super) fn foot(screen: &Screen) -> Line<'static> {
    let pause = if screen.is_paused { Span::styled("PAUSED, p to go on", STRONG) } else { Span::raw("p pause") };
    let sort = Span::raw(format!("s sort: {}", screen.sort.name()));
    let keys = [Span::raw("q leave"), pause, sort, Span::raw("? help")];
    Line::from_iter(keys.into_iter().flat_map(|key| [key, Span::raw("   ")])).patch_style(QUIET)
}
