//! The figures of traffic that have a history: what each is called, where it stands in [`Rates`], and how it is told.

use super::{Rates, labels};
use crate::readable::{amount, latency, percent};

/// One of them.
pub struct Curve {
    /// What it is called.
    pub label: &'static str,
    /// Its value, if it is known.
    pub of: fn(&Rates) -> Option<f64>,
    /// How a value is told.
    pub told: fn(f64) -> String,
    /// What a full scale is, if it is not the highest there was.
    pub full: Option<f64>,
}

/// Requests.
pub(crate) const REQUESTS: Curve =
    Curve { label: labels::REQUESTS, of: |rates| Some(rates.requests), told: amount, full: None };
/// Hits.
pub(crate) const HIT_RATIO: Curve =
    Curve { label: labels::HIT_RATIO, of: |rates| rates.hit_ratio, told: percent, full: Some(1.0) };
/// How long answers take.
pub(crate) const WITHIN: Curve = Curve { label: labels::WITHIN, of: |rates| rates.p99, told: latency, full: None };
/// Errors.
pub(crate) const ERRORS: Curve =
    Curve { label: labels::ERRORS, of: |rates| Some(rates.errors), told: amount, full: None };
/// Stale values.
pub(crate) const STALE_SERVED: Curve =
    Curve { label: labels::STALE_SERVED, of: |rates| Some(rates.stale_served), told: amount, full: None };
/// Regenerations that did not happen.
pub(crate) const AVOIDED: Curve =
    Curve { label: labels::AVOIDED, of: |rates| Some(rates.avoided), told: amount, full: None };
