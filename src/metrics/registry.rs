//! Where shards and gauges meet at each scrape.
//!
//! A shard whose worker dropped it (its configuration was replaced) is added to the past and freed, so no count is lost
//! and reloads leak nothing. Series of routes and servers that no living shard knows are not written out.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::exposition::Exposition;
use super::figures::Figures;
use super::histogram::LATENCY;
use super::layout::ShardLayout;
use super::merged::{Merged, RouteCells, ServerCells};
use super::process::{ProcessUsage, most_files};
use super::refresh;
use super::samples::Samples;
use super::series::Series;
use super::shard::Shard;
use super::totals::{ServerTotals, Totals};
use super::words::{ClientDrop, DownstreamCount, ProtocolError, RequestOutcome, UpstreamCount};
use super::{loader, migration};
use crate::protocol::{Cause, CommandClass};

/// All metrics of the process. Clones are handles to the same one.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

type SampleSource = Arc<dyn Fn(&mut Samples) + Send + Sync>;

struct Inner {
    version: String,
    started: Instant,
    /// The same in Unix time.
    begun: f64,
    descs: Vec<Desc>,
    sums_servers: AtomicBool,
    shards: Mutex<Shards>,
    sources: Mutex<Vec<SampleSource>>,
}

#[derive(Default)]
struct Shards {
    living: Vec<Arc<Shard>>,
    past: Merged,
    /// What the figures of `stats` were when they were last reset.
    reset: Totals,
}

impl Registry {
    /// An empty registry of a leash of this version that started now.
    pub fn new(version: &str) -> Registry {
        let descs = Series::ALL.into_iter().map(desc).collect();
        let inner = Inner {
            version: version.to_string(),
            started: Instant::now(),
            begun: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()),
            descs,
            sums_servers: AtomicBool::new(false),
            shards: Mutex::default(),
            sources: Mutex::default(),
        };
        Registry { inner: Arc::new(inner) }
    }

    /// A shard for one thread. It is scraped until the thread drops it, and its counts remain after that.
    pub fn shard(&self, layout: &Arc<ShardLayout>) -> Arc<Shard> {
        let shard = Arc::new(Shard::new(layout));
        let mut shards = self.shards();
        shards.bury();
        shards.living.push(shard.clone());
        shard
    }

    /// Adds something that is asked for its values at each scrape.
    pub fn source(&self, source: impl Fn(&mut Samples) + Send + Sync + 'static) {
        lock(&self.inner.sources).push(Arc::new(source));
    }

    /// Everything, written in this way.
    pub fn text(&self, exposition: Exposition) -> String {
        exposition.write(&self.collect())
    }

    /// Whether what is told of servers is summed over each pool from now on.
    pub fn sum_servers(&self, sums: bool) {
        self.inner.sums_servers.store(sums, Relaxed);
    }

    /// The figures of `stats`.
    pub fn totals(&self) -> Totals {
        let mut shards = self.shards();
        let now = Totals::of(&shards.merge());
        now.since(&shards.reset)
    }

    /// Sets the figures of `stats` back to 0. Prometheus' counters go on: they only ever grow.
    pub fn reset_totals(&self) {
        let mut shards = self.shards();
        shards.reset = Totals::of(&shards.merge());
    }

    /// What people are shown of all this.
    pub fn figures(&self) -> Figures {
        Figures::of(&self.shards().merge())
    }

    /// The traffic of a server since the start.
    pub fn server(&self, pool: &str, name: &str) -> ServerTotals {
        let merged = self.shards().merge();
        merged.servers.get(&(pool.into(), name.into())).map(ServerTotals::of).unwrap_or_default()
    }

    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.inner.started.elapsed()
    }

    fn shards(&self) -> MutexGuard<'_, Shards> {
        lock(&self.inner.shards)
    }
}

impl Collector for Registry {
    fn desc(&self) -> Vec<&Desc> {
        self.inner.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut samples = Samples::new(self.inner.sums_servers.load(Relaxed));
        put_merged(&mut samples, &self.shards().merge_living());
        put_process(&mut samples, self.inner.begun);
        samples.put(Series::BuildInfo, &[&self.inner.version], 1.0);
        // Copied, so that a source may take its time or ask the registry.
        let sources = lock(&self.inner.sources).clone();
        sources.iter().for_each(|source| source(&mut samples));
        samples.into_families()
    }
}

impl Shards {
    /// Everything ever counted.
    fn merge(&mut self) -> Merged {
        self.bury();
        let mut merged = self.past.clone();
        self.living.iter().for_each(|shard| merged.add(shard));
        merged
    }

    /// Everything counted about what still exists.
    fn merge_living(&mut self) -> Merged {
        let mut merged = self.merge();
        let layouts: Vec<&ShardLayout> = self.living.iter().map(|shard| &**shard.layout()).collect();
        merged.keep_only(&layouts);
        merged
    }

    /// Moves the counts of shards that no worker writes any more to the past.
    fn bury(&mut self) {
        let past = &mut self.past;
        // `get_mut` succeeds where ours is the only handle left, and sees what the last writer wrote.
        self.living.retain_mut(|shard| match Arc::get_mut(shard) {
            Some(dead) => {
                past.add(dead);
                false
            }
            None => true,
        });
    }
}

fn put_merged(samples: &mut Samples, merged: &Merged) {
    for (route, cells) in &merged.routes {
        put_route(samples, route, cells);
    }
    for (route, cells) in &merged.refreshing {
        refresh::put(samples, route, cells);
    }
    for (route, cells) in &merged.migrating {
        migration::put(samples, route, cells);
    }
    for (route, cells) in &merged.loading {
        loader::put(samples, route, cells);
    }
    for ((pool, server), cells) in &merged.servers {
        put_server(samples, &[pool, server], cells);
    }
    for ((pool, server), cells) in &merged.times {
        samples.put_histogram(Series::ServerLatency, &[pool, server], &cells.durations::<LATENCY>(0));
    }
    put_downstream(samples, merged);
}

/// Leaves out a class of commands that no client used yet: most routes see two or three of the six. Tells all outcomes
/// of a used one, as a rate needs the 0 before the first failure.
fn put_route(samples: &mut Samples, route: &str, cells: &RouteCells) {
    for class in CommandClass::ALL {
        let requests = RequestOutcome::ALL.map(|outcome| (outcome, cells.requests(class, outcome)));
        if requests.iter().any(|(_, count)| *count > 0) {
            for (outcome, count) in requests {
                samples.put(Series::Requests, &[route, class.name(), outcome.name()], count as f64);
            }
        }
        let durations = cells.durations(class);
        if durations.count() > 0 {
            samples.put_histogram(Series::Duration, &[route, class.name()], &durations);
        }
    }
}

fn put_server(samples: &mut Samples, labels: &[&str; 2], cells: &ServerCells) {
    let [pool, server] = *labels;
    for cause in Cause::ALL {
        samples.put(Series::Failures, &[pool, server, cause.name()], cells.failures(cause) as f64);
    }
    for (series, what) in [
        (Series::UpstreamRequests, UpstreamCount::Requests),
        (Series::UpstreamReconnects, UpstreamCount::Reconnects),
        (Series::UpstreamDesync, UpstreamCount::Desync),
        (Series::UpstreamRetries, UpstreamCount::Retries),
        (Series::GutterRequests, UpstreamCount::Guttered),
        (Series::LateMessages, UpstreamCount::LateMessages),
        (Series::UpstreamBytesRead, UpstreamCount::BytesRead),
        (Series::UpstreamBytesWritten, UpstreamCount::BytesWritten),
    ] {
        samples.put(series, labels, cells.count(what) as f64);
    }
    samples.put(Series::UpstreamInFlight, labels, cells.in_flight() as f64);
    samples.put(Series::UpstreamConnections, labels, cells.connections() as f64);
    samples.put_summary(Series::UpstreamSeconds, labels, cells.timed(), cells.nanos());
}

fn put_downstream(samples: &mut Samples, merged: &Merged) {
    for (series, what) in [
        (Series::DownstreamAccepted, DownstreamCount::Accepted),
        (Series::DownstreamRefused, DownstreamCount::Refused),
        (Series::DownstreamBytesRead, DownstreamCount::BytesRead),
        (Series::DownstreamBytesWritten, DownstreamCount::BytesWritten),
    ] {
        samples.put(series, &[], merged.downstream(what) as f64);
    }
    samples.put(Series::DownstreamConnections, &[], merged.downstream_connections() as f64);
    for why in ClientDrop::ALL {
        samples.put(Series::DownstreamDropped, &[why.name()], merged.client_drops(why) as f64);
    }
    for kind in ProtocolError::ALL {
        samples.put(Series::DownstreamErrors, &[kind.name()], merged.protocol_errors(kind) as f64);
    }
}

fn put_process(samples: &mut Samples, begun: f64) {
    samples.put(Series::ProcessBegun, &[], begun);
    if let Some(process) = ProcessUsage::read() {
        samples.put(Series::ProcessCpu, &[], (process.user + process.system).as_secs_f64());
        samples.put(Series::ProcessMemory, &[], process.resident as f64);
        samples.put(Series::ProcessVirtual, &[], process.virtual_size as f64);
        samples.put(Series::ProcessFds, &[], process.fds as f64);
        // Where there is no limit there is none to tell.
        if let Some(most) = most_files() {
            samples.put(Series::ProcessMostFds, &[], most as f64);
        }
        samples.put(Series::ProcessThreads, &[], process.threads as f64);
    }
}

fn desc(series: Series) -> Desc {
    let labels = series.labels().iter().map(ToString::to_string).collect();
    Desc::new(series.name().to_string(), series.help().to_string(), labels, Default::default())
        .expect("the table has valid names, distinct labels and help texts")
}

/// Counts stay true when a thread panicked while it held them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
