//! What refreshing has saved: callers who would have regenerated a value at once, and did not have to.

use super::table::{self, Cell, Heading};
use super::{Html, section, show_nothing};
use crate::admin::model::{Overview, labels};
use crate::readable::number;

/// Writes them, where a route refreshes.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    if overview.routes.iter().all(|route| route.saved.is_none()) {
        return show_nothing(html, "savings");
    }
    section(html, "savings", "dog-piles avoided", |html| {
        html.words("p", &[("class", "lead")], &overview.saved.in_brief(overview.recent));
        let columns = [Heading("callers who", false), Heading("last minutes", true), Heading("since the start", true)];
        let (recent, all) = (&overview.saved, &overview.saved_in_all);
        let rows = [
            (labels::GOT_STALE, recent.stale_served, all.stale_served),
            (labels::WAITED, recent.waited, all.waited),
            (labels::WON, recent.winners, all.winners),
            (labels::CAME_LATE, recent.expired, all.expired),
        ];
        let figure = |n: u64| Cell::Text(number(n));
        table::write(html, &columns, &rows, rows.len(), |(what, recent, all)| {
            vec![Cell::Text(what.to_string()), figure(*recent), figure(*all)]
        });
    });
}
