//! What clients ask for, how it goes, and how it went in the last minutes.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::part::Part;
use super::spark::spark;
use super::style::{BAD, PLAIN};
use crate::admin::model::{Curve, Overview, curve};
use crate::readable::if_known;

const LABEL: usize = 14;
const FIGURE: usize = 10;
const GAP: usize = 2;

/// Requests, hits, errors, and how long answers take.
pub(super) fn traffic(overview: &Overview, width: usize) -> Part {
    let errors = if overview.now.errors > 0.0 { BAD } else { PLAIN };
    let figures =
        [(curve::REQUESTS, PLAIN), (curve::HIT_RATIO, PLAIN), (curve::ERRORS, errors), (curve::WITHIN, PLAIN)];
    Part::of(figures.iter().map(|(curve, style)| line(curve, *style, overview, width)).collect())
}

/// A figure and its history in one line.
pub(super) fn line(curve: &Curve, style: Style, overview: &Overview, width: usize) -> Line<'static> {
    let went: Vec<Option<f64>> = overview.history.iter().map(|point| (curve.of)(&point.rates)).collect();
    let bars = spark(&went, curve.full, width.saturating_sub(LABEL + FIGURE + GAP));
    Line::from_iter([
        Span::raw(format!("{:LABEL$}", curve.label)),
        Span::styled(format!("{:>FIGURE$}", if_known((curve.of)(&overview.now), curve.told)), style),
        Span::raw(format!("{:GAP$}{bars}", "")),
    ])
}
