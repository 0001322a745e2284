//! The two ways of writing a scrape: Prometheus' text format, and OpenMetrics 1.0, which Prometheus asks for first.
//!
//! OpenMetrics names the family of a counter without its `_total`, and ends with `# EOF`, so that half an answer is told
//! from a whole one. leash has no exemplars and no times of its own for its samples.

use std::fmt::Write as _;

use prometheus::TextEncoder;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

/// The suffix of a counter.
const TOTAL: &str = "_total";

/// A way of writing a scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Exposition {
    /// What HTTP calls it.
    pub fn content_type(self) -> &'static str {
        match self {
            Exposition::Text => "text/plain; version=0.0.4; charset=utf-8",
            Exposition::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    pub(super) fn write(self, families: &[MetricFamily]) -> String {
        match self {
            Exposition::Text => {
                TextEncoder::new().encode_to_string(families).expect("every family has a name and a value")
            }
            Exposition::OpenMetrics => open_metrics(families),
        }
    }
}

fn open_metrics(families: &[MetricFamily]) -> String {
    let mut text = String::new();
    for family in families {
        write_family(&mut text, family);
    }
    text += "# EOF\n";
    text
}

fn write_family(text: &mut String, family: &MetricFamily) {
    let kind = family.get_field_type();
    let name = family.name();
    let name = if kind == MetricType::COUNTER { name.strip_suffix(TOTAL).unwrap_or(name) } else { name };
    let word = match kind {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        _ => "gauge",
    };
    text.push_str(&format!("# TYPE {name} {word}\n# HELP {name} {}\n", escaped(family.help())));
    for metric in family.get_metric() {
        write_metric(text, name, kind, metric);
    }
}

fn write_metric(text: &mut String, name: &str, kind: MetricType, metric: &Metric) {
    let labels = metric.get_label();
    let mut put = |suffix: &str, le: Option<&str>, value: f64| sample(text, (name, suffix), (labels, le), value);
    match kind {
        MetricType::COUNTER => put(TOTAL, None, metric.get_counter().get_value()),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            for bucket in histogram.get_bucket() {
                let bound = bucket.upper_bound().to_string();
                put("_bucket", Some(&bound), bucket.cumulative_count() as f64);
            }
            let count = histogram.get_sample_count() as f64;
            put("_bucket", Some("+Inf"), count);
            put("_count", None, count);
            put("_sum", None, histogram.get_sample_sum());
        }
        MetricType::SUMMARY => {
            put("_count", None, metric.get_summary().sample_count() as f64);
            put("_sum", None, metric.get_summary().sample_sum());
        }
        _ => put("", None, metric.get_gauge().get_value()),
    }
}

fn sample(text: &mut String, (name, suffix): (&str, &str), (labels, le): (&[LabelPair], Option<&str>), value: f64) {
    let own = labels.iter().map(|label| (label.name(), label.value()));
    text.push_str(name);
    text.push_str(suffix);
    for (place, (label, value)) in own.chain(le.map(|le| ("le", le))).enumerate() {
        let before = if place == 0 { '{' } else { ',' };
        // Nothing that is written to a String fails.
        let _ = write!(text, "{before}{label}=\"{}\"", escaped(value));
    }
    let end = if labels.is_empty() && le.is_none() { "" } else { "}" };
    let _ = writeln!(text, "{end} {value}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}
