//! What refreshing has saved: callers who would have regenerated a value at once, and did not have to.

use super::table::{self, Cell, Column};
use super::{Html, nothing, section};
use crate::admin::model::{Overview, Saved};
use crate::readable::{age, amount, number, percent};

/// Writes them, where a route refreshes.
pub fn write(html: &mut Html, overview: &Overview) {
    if overview.routes.iter().all(|route| route.saved.is_none()) {
        return nothing(html, "savings");
    }
    section(html, "savings", "dog-piles avoided", |html| {
        html.words("p", &[("class", "lead")], &lead(&overview.saved, overview.recent));
        let columns = [Column("callers who", false), Column("last minutes", true), Column("since the start", true)];
        let (recent, all) = (&overview.saved, &overview.saved_in_all);
        let rows = [
            ("got the stale value while another regenerated it", recent.stale_served, all.stale_served),
            ("waited for the value and got it", recent.waited, all.waited),
            ("were told to regenerate it", recent.winners, all.winners),
            ("did not come back within the lease", recent.expired, all.expired),
        ];
        let figure = |n: u64| Cell::Text(number(n));
        table::write(html, &columns, &rows, rows.len(), |(what, recent, all)| {
            vec![Cell::Text(what.to_string()), figure(*recent), figure(*all)]
        });
    });
}

fn lead(recent: &Saved, seconds: f64) -> String {
    let lately = age(seconds);
    let Some(share) = recent.share() else {
        return format!("In the last {lately} no caller found a value stale or missing.");
    };
    let (avoided, all) = (recent.avoided() as f64, (recent.avoided() + recent.winners) as f64);
    format!(
        "In the last {lately}, {} of {} callers ({}) did not have to regenerate a value.",
        amount(avoided),
        amount(all),
        percent(share)
    )
}
