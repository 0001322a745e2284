//! Which instance answers and how long it has been up; or that there is no answer.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{BAD, QUIET, STRONG};
use super::wrapped::wrapped;
use crate::admin::model::Overview;
use crate::readable::{age, counted};

/// Version, instance, uptime, clients, configuration, listeners.
pub(super) fn who(overview: &Overview) -> Part {
    let process = &overview.process;
    let facts = [
        Span::styled(format!("leash {}", process.version), STRONG),
        Span::raw(format!("on {}", process.instance)),
        Span::raw(format!("up {}", age(process.uptime))),
        Span::raw(counted(process.clients as usize, "client")),
        Span::raw(format!("configuration loaded {} ago", process.age(overview.config.loaded))),
        Span::styled(process.listen.join(" "), QUIET),
    ];
    Part::of(vec![Line::from_iter(facts.into_iter().flat_map(|fact| [fact, Span::raw("  ")]))])
}

/// That there is no answer, since when and why.
pub(super) fn silence(admin: &str, unheard: Duration, why: &str, width: usize) -> Part {
    let said = format!("no answer from {admin} since {}: {why}", age(unheard.as_secs_f64()));
    Part::of(wrapped(&said, width, BAD))
}

/// That the first answer has not come yet.
pub(super) fn asking(admin: &str) -> Part {
    Part::of(vec![Line::from(Span::styled(format!("asking {admin}"), QUIET))])
}
