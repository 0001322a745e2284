//! The values of one scrape, in the shape that the `prometheus` crate writes out.

use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType, Summary};

use super::histogram::Durations;
use super::layout::route_label;
use super::series::Series;
use super::words::ServerState;

/// The word for the phase of a route that does not migrate.
pub const NO_PHASE: &str = "none";

/// Values by series. Two values under the same labels of the same series would break the format.
#[derive(Debug)]
pub struct Samples {
    families: [Vec<Metric>; Series::ALL.len()],
    /// Whether what is told of servers is summed over each pool.
    sums_servers: bool,
}

/// The label that is left out of what is summed.
const SERVER: &str = "server";
/// What is not added up: the greatest counts.
const GREATEST: [Series; 2] = [Series::SpoolOldest, Series::SpoolFileFailing];

impl Samples {
    pub(super) fn new(sums_servers: bool) -> Samples {
        Samples { families: [const { Vec::new() }; Series::ALL.len()], sums_servers }
    }

    /// Adds the value of a counter or gauge. Label values stand in the order of [`Series::labels`].
    pub fn put(&mut self, series: Series, labels: &[&str], value: f64) {
        let told = self.before(series, labels);
        let value = match told.as_deref().map(|metric| value_of(series, metric)) {
            Some(before) if GREATEST.contains(&series) => value.max(before),
            Some(before) => value + before,
            None => value,
        };
        match told {
            Some(metric) => set(series, metric, value),
            None => self.push(series, labels, |metric| set(series, metric, value)),
        }
    }

    /// What was told of other servers of the same pool, where they are summed.
    fn before(&mut self, series: Series, labels: &[&str]) -> Option<&mut Metric> {
        if !self.sums_servers || !series.labels().contains(&SERVER) {
            return None;
        }
        let pairs = pairs(series, labels, true);
        self.families[series as usize].iter_mut().find(|metric| metric.get_label() == pairs)
    }

    /// Adds the health of a server.
    pub fn put_server(&mut self, pool: &str, server: &str, state: ServerState) {
        let up = state.is_asked();
        if self.sums_servers {
            // Whoever looks for servers that are down finds them as ever.
            if !up {
                self.push(Series::ServerUp, &[pool, server], |metric| metric.set_gauge(Gauge::default()));
            }
            return;
        }
        self.put(Series::ServerUp, &[pool, server], f64::from(u8::from(up)));
        for known in ServerState::ALL {
            let is_it = f64::from(u8::from(known == state));
            self.put(Series::ServerState, &[pool, server, known.name()], is_it);
        }
    }

    /// Adds the version of a server.
    pub fn put_server_version(&mut self, pool: &str, server: &str, version: &str) {
        self.put(Series::ServerInfo, &[pool, server, version], 1.0);
    }

    /// Adds between which pools a route moves, and in which phase that is.
    pub fn put_route(&mut self, prefix: &str, from: &str, to: &str, phase: &str) {
        self.put(Series::RouteInfo, &[route_label(prefix), from, to, phase], 1.0);
    }

    /// Adds the fingerprint of a pool's table.
    pub fn put_fingerprint(&mut self, pool: &str, fingerprint: u64) {
        self.put(Series::PoolFingerprint, &[pool, &format!("{fingerprint:016x}")], 1.0);
    }

    /// Adds a histogram; the format wants the counts of its buckets cumulative.
    pub(super) fn put_histogram<const FIRST_NANOS: u64>(
        &mut self,
        series: Series,
        labels: &[&str],
        durations: &Durations<FIRST_NANOS>,
    ) {
        let mut cumulative = 0;
        let bounds = Durations::<FIRST_NANOS>::upper_bounds().into_iter();
        let buckets = bounds.zip(durations.counts).map(|(bound, count)| {
            cumulative += count;
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(cumulative);
            bucket
        });
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(durations.count());
        histogram.set_sample_sum(seconds(durations.nanos));
        self.push(series, labels, |metric| metric.set_histogram(histogram));
    }

    /// Adds a sum and a count, which is a summary without quantiles.
    pub(super) fn put_summary(&mut self, series: Series, labels: &[&str], count: u64, nanos: u64) {
        let told = self.before(series, labels);
        let (mut summary, before) = (Summary::default(), told.as_deref().map(Metric::get_summary));
        summary.set_sample_count(count + before.map_or(0, Summary::sample_count));
        summary.set_sample_sum(seconds(nanos) + before.map_or(0.0, Summary::sample_sum));
        match told {
            Some(metric) => metric.set_summary(summary),
            None => self.push(series, labels, |metric| metric.set_summary(summary)),
        }
    }

    /// The families that have a value.
    pub(super) fn into_families(self) -> Vec<MetricFamily> {
        let filled = Series::ALL.into_iter().zip(self.families).filter(|(_, metrics)| !metrics.is_empty());
        filled.map(|(series, metrics)| family(series, metrics)).collect()
    }

    fn push(&mut self, series: Series, labels: &[&str], fill: impl FnOnce(&mut Metric)) {
        assert_eq!(labels.len(), series.labels().len(), "{} has other labels", series.name());
        let sums = self.sums_servers && series != Series::ServerUp;
        let mut metric = Metric::from_label(pairs(series, labels, sums));
        fill(&mut metric);
        self.families[series as usize].push(metric);
    }
}

/// The labels of a series; where servers are summed, without the server.
fn pairs(series: Series, labels: &[&str], sums: bool) -> Vec<LabelPair> {
    let pairs = series.labels().iter().zip(labels).filter(|(name, _)| !(sums && **name == SERVER));
    pairs.map(|(name, value)| pair(name, value)).collect()
}

fn value_of(series: Series, metric: &Metric) -> f64 {
    match series.kind() {
        MetricType::COUNTER => metric.get_counter().get_value(),
        _ => metric.get_gauge().get_value(),
    }
}

fn set(series: Series, metric: &mut Metric, value: f64) {
    match series.kind() {
        MetricType::COUNTER => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
        _ => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_string());
    pair.set_value(value.to_string());
    pair
}

fn family(series: Series, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(series.name().to_string());
    family.set_help(series.help().to_string());
    family.set_field_type(series.kind());
    family.set_metric(metrics);
    family
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
