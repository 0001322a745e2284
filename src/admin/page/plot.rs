//! A small plot of the last five minutes: a line over a filled area, drawn on the server, readable without a script.

use super::html::Html;
use super::titled;
use crate::admin::model::{Curve, Point};

/// How far back a plot goes, in seconds.
const BACK: f64 = 300.0;
/// The height of the drawing; its width is [`BACK`], a unit a second.
const HEIGHT: f64 = 100.0;

/// One plot.
pub(super) struct Plot<'p> {
    /// What tells it from others on the page.
    pub id: &'p str,
    /// What is plotted.
    pub curve: &'p Curve,
    /// Its value now, as people write it.
    pub now: String,
    /// The value of each point; where there is none, the line has a gap.
    pub values: Vec<(&'p Point, Option<f64>)>,
}

impl Plot<'_> {
    /// Draws it.
    pub(super) fn write(&self, html: &mut Html) {
        let top = self.curve.full.unwrap_or_else(|| round_up(self.highest()));
        html.element("figure", &[("class", "plot"), ("id", self.id)], |html| {
            html.element("figcaption", &[], |html| {
                html.words("span", &[("class", "label")], &titled(self.curve.label));
                html.words("span", &[("class", "value")], &self.now);
            });
            html.element("div", &[("class", "axes")], |html| {
                html.words("span", &[("class", "top")], &(self.curve.told)(top));
                self.draw(html, top);
                html.words("span", &[], "5 min ago");
                html.words("span", &[], "now");
            });
        });
    }

    fn draw(&self, html: &mut Html, top: f64) {
        let view = format!("0 0 {BACK} {HEIGHT}");
        let told =
            format!("{}: {} now, at most {} in the last 5 minutes", titled(self.curve.label), self.now, self.most());
        html.element("svg", &[("viewBox", &view), ("preserveAspectRatio", "none"), ("role", "img")], |html| {
            html.words("title", &[], &told);
            html.element("path", &[("class", "grid"), ("d", "M0 0.5H300M0 50H300M0 99.5H300")], |_| {});
            for line in self.lines(top) {
                html.element("path", &[("class", "area"), ("d", &area(&line))], |_| {});
                html.element("path", &[("class", "line"), ("d", &path(&line))], |_| {});
            }
        });
    }

    /// The places of the values, a new line after each gap.
    fn lines(&self, top: f64) -> Vec<Vec<(f64, f64)>> {
        let gaps = self.values.split(|(_, value)| value.is_none());
        let place = |(point, value): &(&Point, Option<f64>)| {
            let height = value.unwrap_or(0.0) / top * HEIGHT;
            ((BACK - point.ago).clamp(0.0, BACK), HEIGHT - height.clamp(0.0, HEIGHT))
        };
        gaps.filter(|line| !line.is_empty()).map(|line| line.iter().map(place).collect()).collect()
    }

    fn highest(&self) -> f64 {
        self.values.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max)
    }

    fn most(&self) -> String {
        (self.curve.told)(self.highest())
    }
}

fn path(line: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (x, y) in line {
        path.push(if path.is_empty() { 'M' } else { 'L' });
        path.push_str(&format!("{x:.1} {y:.1}"));
    }
    // A point alone is a line of no length, which round ends make visible.
    if line.len() == 1 { path + "h0" } else { path }
}

fn area(line: &[(f64, f64)]) -> String {
    let (first, last) = (line.first().map_or(0.0, |at| at.0), line.last().map_or(0.0, |at| at.0));
    format!("{}L{last:.1} {HEIGHT}L{first:.1} {HEIGHT}Z", path(line))
}

/// The next number that is 1, 2 or 5 times a power of ten; nothing gets an axis up to 1.
fn round_up(highest: f64) -> f64 {
    if highest.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) || !highest.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(highest.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= highest);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::model::curve;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        let tops = [0.0, 0.3, 1.0, 1.1, 23.0, 51.0, 4_999.0, f64::NAN, f64::INFINITY].map(round_up);
        assert_eq!(tops, [1.0, 0.5, 1.0, 2.0, 50.0, 100.0, 5_000.0, 1.0, 1.0]);
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_is_known() {
        let points = [300.0, 200.0, 100.0, 0.0, -5.0].map(|ago| Point { ago, ..Point::default() });
        let values = [Some(0.0), Some(0.5), None, Some(1.0), Some(2.0)];
        let values = points.iter().zip(values).collect();
        let plot = Plot { id: "p", curve: &curve::HIT_RATIO, now: "1".to_string(), values };
        let lines = plot.lines(1.0);
        assert_eq!(lines, [vec![(0.0, 100.0), (100.0, 50.0)], vec![(300.0, 0.0), (300.0, 0.0)]]);
        assert_eq!(path(&lines[0]), "M0.0 100.0L100.0 50.0");
        assert_eq!(area(&lines[0]), "M0.0 100.0L100.0 50.0L100.0 100L0.0 100Z");
        assert_eq!(path(&[(1.0, 2.0)]), "M1.0 2.0h0");
    }

    #[test]
    fn an_empty_history_draws_only_the_axes() {
        let plot = Plot { id: "p", curve: &curve::REQUESTS, now: "–".to_string(), values: vec![] };
        let mut html = Html::default();
        plot.write(&mut html);
        let html = html.into_string();
        assert!(!html.contains("class=\"line\"") && html.contains("class=\"grid\""), "{html}");
    }
}
