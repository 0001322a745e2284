//! Rates of the last five minutes, as small plots.

use super::plot::Plot;
use super::{Html, section};
use crate::admin::model::{Overview, Rates};
use crate::readable::{amount, latency, percent};

/// What is plotted, and how it is told.
struct Curve {
    id: &'static str,
    title: &'static str,
    value: fn(&Rates) -> Option<f64>,
    show: fn(f64) -> String,
    top: Option<f64>,
}

#[rustfmt::skip]
const OF_ALL: [Curve; 4] = [
    Curve { id: "plot-requests", title: "Requests/s", value: |rates| Some(rates.requests), show: amount, top: None },
    Curve { id: "plot-hits", title: "Hit ratio", value: |rates| rates.hit_ratio, show: percent, top: Some(1.0) },
    Curve { id: "plot-p99", title: "99 % answered within", value: |rates| rates.p99, show: latency, top: None },
    Curve { id: "plot-errors", title: "Errors/s", value: |rates| Some(rates.errors), show: amount, top: None },
];

#[rustfmt::skip]
const OF_REFRESHING: [Curve; 2] = [
    Curve { id: "plot-stale", title: "Stale served/s", value: |rates| Some(rates.stale_served), show: amount, top: None },
    Curve { id: "plot-avoided", title: "Regenerations avoided/s", value: |rates| Some(rates.avoided), show: amount, top: None },
];

/// Writes the plots; those about refreshing only where a route refreshes.
pub fn write(html: &mut Html, overview: &Overview) {
    let refreshes = overview.routes.iter().any(|route| route.saved.is_some());
    let (class, more) = if refreshes { ("plots six", &OF_REFRESHING[..]) } else { ("plots", &[][..]) };
    section(html, "traffic", "Traffic", |html| {
        html.element("div", &[("class", class)], |html| {
            OF_ALL.iter().chain(more).for_each(|curve| curve.plot(overview).write(html));
        });
    });
}

impl Curve {
    fn plot<'o>(&self, overview: &'o Overview) -> Plot<'o> {
        let values = overview.history.iter().map(|point| (point, (self.value)(&point.rates)));
        Plot {
            id: self.id,
            title: self.title,
            now: (self.value)(&overview.now).map_or_else(|| "–".to_string(), self.show),
            values: values.collect(),
            top: self.top,
            show: self.show,
        }
    }
}
