//! The queues of this process: what holders tell, for scrapes and for `stats`.

use bytes::Bytes;

use crate::admin::model::{ShownQueue, ShownQueues};
use crate::config::{QueueMode, Route};
use crate::metrics::{QueueFigures, QueueRefusalCause, Samples, Series, route_label, stats};
use crate::queue::HolderFigures;
use crate::snapshot::{Snapshot, prefix_of};

/// So many queues of a route are told by name: those with the most messages.
const NAMED: usize = 20;
/// What stands for the others; no label of a queue has a space.
const OTHERS: &str = "all others";

/// The queues of one route.
pub(super) struct RouteQueues {
    prefix: String,
    dir: String,
    mode: QueueMode,
    figures: HolderFigures,
}

/// Those of a route that has any here. Waits for their disk, but not for long.
pub(super) fn of_route(snapshot: &Snapshot, route: &Route) -> Option<RouteQueues> {
    let (queues, keeper) = (route.queues()?, snapshot.keeper(route)?);
    let dir = queues.directory()?.dir.display().to_string();
    Some(RouteQueues { prefix: prefix_of(route), dir, mode: queues.mode, figures: keeper.figures() })
}

fn queues(snapshot: &Snapshot) -> impl Iterator<Item = RouteQueues> {
    snapshot.config.routes.iter().filter_map(|route| of_route(snapshot, route))
}

impl RouteQueues {
    /// The same for people.
    pub(super) fn shown(&self) -> ShownQueues {
        let (figures, all) = (&self.figures, &self.figures.all);
        let refused = figures.refused;
        ShownQueues {
            dir: self.dir.clone(),
            mode: self.mode.word().to_string(),
            queues: figures.queues.len() as u64 + figures.others,
            waiting: all.waiting,
            reserved: all.reserved,
            waiters: all.waiters,
            age: all.age.as_secs_f64(),
            bytes: figures.bytes,
            counts: all.counts,
            refused: refused.full + refused.too_long + refused.disk + refused.busy,
            is_disk_refusing: figures.is_disk_refusing,
            damaged_files: figures.damaged_files,
            longest: figures.queues.iter().take(NAMED).map(shown).collect(),
        }
    }
}

fn shown((name, figures): &(Bytes, QueueFigures)) -> ShownQueue {
    ShownQueue {
        name: String::from_utf8_lossy(name).into_owned(),
        waiting: figures.waiting,
        reserved: figures.reserved,
        waiters: figures.waiters,
        age: figures.age.as_secs_f64(),
        redelivered: figures.counts.redelivered,
    }
}

/// Adds what is measured.
pub(super) fn sample(snapshot: &Snapshot, samples: &mut Samples) {
    for RouteQueues { prefix, figures, .. } in queues(snapshot) {
        let route = route_label(&prefix);
        for (queue, figures) in told(&figures) {
            gauges(&[route, &queue], figures, samples);
        }
        counts(route, &figures, samples);
        samples.put(Series::Queues, &[route], (figures.queues.len() as u64 + figures.others) as f64);
        samples.put(Series::QueueDiskBytes, &[route], figures.bytes as f64);
        samples.put(Series::QueueDiskRefuses, &[route], f64::from(u8::from(figures.is_disk_refusing)));
        samples.put(Series::QueueDamagedFiles, &[route], figures.damaged_files as f64);
        samples.put(Series::QueueDamagedCopies, &[route], figures.damaged_copies as f64);
    }
}

/// The longest queues by name, and all others as one. Without any, that one is there, so that a series is.
fn told(figures: &HolderFigures) -> Vec<(String, QueueFigures)> {
    let filled = figures.queues.iter().filter(|(_, figures)| figures.waiting + figures.reserved > 0);
    let label = |name: &Bytes| name.escape_ascii().to_string().replace(' ', "\\x20");
    let named = filled.take(NAMED).map(|(name, figures)| (label(name), *figures));
    let mut told: Vec<(String, QueueFigures)> = named.collect();
    let rest = figures.queues.iter().skip(told.len()).map(|(_, figures)| *figures);
    let rest = rest.fold(QueueFigures::default(), QueueFigures::and);
    told.push((OTHERS.to_string(), beyond(figures, &told, rest)));
    told
}

/// The sum of those without a name; the age is that of those that are known.
fn beyond(figures: &HolderFigures, named: &[(String, QueueFigures)], rest: QueueFigures) -> QueueFigures {
    let sum = |of: fn(&QueueFigures) -> u64| {
        of(&figures.all).saturating_sub(named.iter().map(|(_, figures)| of(figures)).sum())
    };
    QueueFigures {
        waiting: sum(|figures| figures.waiting),
        reserved: sum(|figures| figures.reserved),
        bytes: sum(|figures| figures.bytes),
        waiters: sum(|figures| figures.waiters),
        ..rest
    }
}

fn gauges(labels: &[&str], figures: QueueFigures, samples: &mut Samples) {
    samples.put(Series::QueueDepth, labels, figures.waiting as f64);
    samples.put(Series::QueueReserved, labels, figures.reserved as f64);
    samples.put(Series::QueueBytes, labels, figures.bytes as f64);
    samples.put(Series::QueueHeadAge, labels, figures.age.as_secs_f64());
    samples.put(Series::QueueWaiters, labels, figures.waiters as f64);
}

fn counts(route: &str, figures: &HolderFigures, samples: &mut Samples) {
    let counts = figures.all.counts;
    samples.put(Series::QueuePut, &[route], counts.put as f64);
    samples.put(Series::QueueTaken, &[route], counts.taken as f64);
    samples.put(Series::QueueRedelivered, &[route], counts.redelivered as f64);
    samples.put(Series::QueueExpired, &[route], counts.expired as f64);
    samples.put(Series::QueueDead, &[route], counts.dead as f64);
    samples.put(Series::QueueDamaged, &[route], counts.damaged as f64);
    let refused = figures.refused;
    for (cause, count) in [
        (QueueRefusalCause::Full, refused.full),
        (QueueRefusalCause::TooLong, refused.too_long),
        (QueueRefusalCause::Disk, refused.disk),
        (QueueRefusalCause::Busy, refused.busy),
    ] {
        samples.put(Series::QueueRefused, &[route, cause.name()], count as f64);
    }
}

/// The same for `stats`.
pub(super) fn stats(snapshot: &Snapshot) -> Vec<stats::QueueStats> {
    let all = queues(snapshot).flat_map(|RouteQueues { mode, figures, .. }| {
        let is_kestrel = mode == QueueMode::Kestrel;
        let told = move |(name, figures): (Bytes, _)| stats::QueueStats { name: name.to_vec(), is_kestrel, figures };
        figures.queues.into_iter().map(told)
    });
    all.collect()
}
