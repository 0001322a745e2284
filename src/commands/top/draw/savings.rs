//! Dog-piles that did not happen: stale values served, regenerations avoided, leases.

use ratatui::text::Line;

use super::part::Part;
use super::style::{CARE, PLAIN};
use super::traffic::line;
use super::wrapped::wrapped;
use crate::admin::model::{Overview, Saved, curve, labels};
use crate::readable::number;

/// What refreshing saves; nothing where no route refreshes.
pub(super) fn savings(overview: &Overview, width: usize) -> Option<Part> {
    overview.routes.iter().any(|route| route.saved.is_some()).then(|| {
        let stale = line(&curve::STALE_SERVED, PLAIN, overview, width);
        let mut lines = vec![stale];
        lines.extend(wrapped(&overview.saved.in_brief(overview.recent), width, PLAIN));
        lines.extend(late(&overview.saved));
        Part::of(lines)
    })
}

/// How many winners came too late, if any did.
fn late(saved: &Saved) -> Option<Line<'static>> {
    let told = format!("{} {}", number(saved.expired), labels::CAME_LATE);
    (saved.expired > 0).then(|| Line::styled(told, CARE))
}
