//! A reload that was refused, and a configuration that waits for a restart.

use super::{NAMED, Trouble};
use crate::admin::model::Overview;
use crate::readable::counted;

/// Why the last reload came to nothing.
pub(super) fn refused(overview: &Overview) -> Option<Trouble> {
    let config = &overview.config;
    let ago = config.refused.map_or(String::new(), |at| format!(" {} ago", overview.process.age(at)));
    let mut problems: Vec<String> = config.problems.iter().take(NAMED).cloned().collect();
    let rest = config.problems.len().saturating_sub(NAMED);
    problems.extend((rest > 0).then(|| format!("and {}, all of them in the log", counted(rest, "more line"))));
    config.is_refused.then(|| {
        let text = format!("The last reload was refused{ago}, the configuration before it stays.");
        Trouble::slight(text).with(problems)
    })
}

/// What a reload could not change.
pub(super) fn restart(overview: &Overview) -> Option<Trouble> {
    let config = &overview.config;
    let keys = if config.waiting.is_empty() { "a part of it".to_string() } else { config.waiting.join(", ") };
    let text = format!("The configuration waits for a restart of leash: {keys}. All else of it is in force.");
    config.needs_restart.then(|| Trouble::slight(text))
}
