//! Dog-piles that did not happen: stale values served, regenerations avoided, leases.

use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{CARE, PLAIN};
use super::traffic::line;
use crate::admin::model::{Overview, Saved, curve};
use crate::readable::{age, counted, if_known, number, percent};

/// What refreshing saves; nothing where no route refreshes.
pub fn savings(overview: &Overview, width: usize) -> Option<Part> {
    overview.routes.iter().any(|route| route.saved.is_some()).then(|| {
        let stale = line(&curve::STALE_SERVED, PLAIN, overview, width);
        Part::of(vec![stale, in_sum(&overview.saved, overview.recent)])
    })
}

fn in_sum(saved: &Saved, recent: f64) -> Line<'static> {
    let share = if_known(saved.share(), percent);
    let expired = if saved.expired > 0 { CARE } else { PLAIN };
    Line::from_iter([
        Span::raw(format!("in {}: {} regenerations avoided ({share}), ", age(recent), number(saved.avoided()))),
        Span::raw(format!("{} given, ", counted(saved.winners as usize, "lease"))),
        Span::styled(format!("{} expired", number(saved.expired)), expired),
    ])
}
