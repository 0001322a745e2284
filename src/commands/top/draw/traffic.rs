//! What clients ask for, how it goes, and how it went in the last minutes.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::part::Part;
use super::spark::spark;
use super::style::{BAD, PLAIN};
use crate::admin::model::{Overview, Rates};
use crate::readable::{amount, if_known, latency, percent};

const LABEL: usize = 14;
const FIGURE: usize = 10;
const GAP: usize = 2;

/// A figure with a history.
pub struct Figure {
    /// What it is.
    pub label: &'static str,
    /// How it is now.
    pub told: String,
    /// How it looks.
    pub style: Style,
    /// How it was then.
    pub then: fn(&Rates) -> Option<f64>,
    /// What a full bar is, if it is not the highest there was.
    pub full: Option<f64>,
}

/// Requests, hits, errors, and how long answers take.
pub fn traffic(overview: &Overview, width: usize) -> Part {
    let now = &overview.now;
    let errors = if now.errors > 0.0 { BAD } else { PLAIN };
    let figures = [
        Figure::new("requests", a_second(now.requests), |then| Some(then.requests)),
        Figure { full: Some(1.0), ..Figure::new("hit ratio", if_known(now.hit_ratio, percent), |then| then.hit_ratio) },
        Figure { style: errors, ..Figure::new("errors", a_second(now.errors), |then| Some(then.errors)) },
        Figure::new("p99", if_known(now.p99, latency), |then| then.p99),
    ];
    Part::of(figures.into_iter().map(|figure| figure.line(overview, width)).collect())
}

/// So many a second.
pub fn a_second(many: f64) -> String {
    format!("{} /s", amount(many))
}

impl Figure {
    /// One that looks like nothing in particular.
    pub fn new(label: &'static str, told: String, then: fn(&Rates) -> Option<f64>) -> Figure {
        Figure { label, told, style: PLAIN, then, full: None }
    }

    /// The figure and its history in one line.
    pub fn line(self, overview: &Overview, width: usize) -> Line<'static> {
        let went: Vec<Option<f64>> = overview.history.iter().map(|point| (self.then)(&point.rates)).collect();
        let bars = spark(&went, self.full, width.saturating_sub(LABEL + FIGURE + GAP));
        Line::from_iter([
            Span::raw(format!("{:LABEL$}", self.label)),
            Span::styled(format!("{:>FIGURE$}", self.told), self.style),
            Span::raw(format!("{:GAP$}{bars}", "")),
        ])
    }
}
