//! Rates of the last five minutes, as small plots.

use super::plot::Plot;
use super::{Html, section};
use crate::admin::model::{Curve, Overview, curve};

/// What is plotted, and where on the page.
const OF_ALL: [(&str, Curve); 4] = [
    ("plot-requests", curve::REQUESTS),
    ("plot-hits", curve::HIT_RATIO),
    ("plot-p99", curve::WITHIN),
    ("plot-errors", curve::ERRORS),
];

const OF_REFRESHING: [(&str, Curve); 2] = [("plot-stale", curve::STALE_SERVED), ("plot-avoided", curve::AVOIDED)];

/// Writes the plots; those about refreshing only where a route refreshes.
pub(super) fn write(html: &mut Html, overview: &Overview) {
    let refreshes = overview.routes.iter().any(|route| route.saved.is_some());
    let (class, more) = if refreshes { ("plots six", &OF_REFRESHING[..]) } else { ("plots", &[][..]) };
    section(html, "traffic", "traffic", |html| {
        html.element("div", &[("class", class)], |html| {
            OF_ALL.iter().chain(more).for_each(|(id, curve)| plot(id, curve, overview).write(html));
        });
    });
}

fn plot<'o>(id: &'o str, curve: &'o Curve, overview: &'o Overview) -> Plot<'o> {
    let values = overview.history.iter().map(|point| (point, (curve.of)(&point.rates)));
    let now = (curve.of)(&overview.now).map_or_else(|| "–".to_string(), curve.told);
    Plot { id, curve, now, values: values.collect() }
}
