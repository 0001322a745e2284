//! `queue` of a route: messages are either here, in a directory of their own, or at the holders of a pool, whose
//! connections outlast what is reserved through them.

use super::named::named;
use super::setting::{or_off, setting, text, word};
use crate::config::checked::{Limits, Pool, QueueDirectory, QueueMode, Queues, QueuesKept};
use crate::config::fields::Scalar;
use crate::config::problem::{ConfigPlace, Problems, plain};
use crate::config::units::{COUNT, DURATION, SIZE, show_duration, show_size};
use crate::config::written::{self, File};
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

const RESERVES: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(7 * 24 * 3600);
const MESSAGES: RangeInclusive<usize> = 1..=QueueDirectory::LONGEST_MESSAGE;
const MOST_ITEMS: usize = 1_000_000_000;
const BYTES: RangeInclusive<usize> = 1 << 10..=1 << 50;
const MOST_REDELIVERIES: usize = 10_000;
const WHERE: &str =
    "write dir: /var/lib/leash/queues to keep messages here, or pool: and the name of a pool of holders";

/// Checks the queues of one route.
pub(super) fn check(w: &written::Queues, pools: &[Pool], problems: &mut Problems) -> Option<Queues> {
    let mode = word(w.mode.as_ref(), QueueMode::default(), &QueueMode::WORDS, problems);
    let reserve = reserve(w, problems);
    if let (Some(dir), Some(_)) = (&w.dir, &w.pool) {
        problems.add(&dir.place, "messages are either here or at the holders of a pool; remove dir or pool");
    }
    let kept = match (&w.dir, &w.pool) {
        (_, Some(pool)) => {
            of_holder(w, problems);
            QueuesKept::Behind(named(Some(pool), pools, problems)?)
        }
        (Some(dir), None) => QueuesKept::Here(directory(w, dir, problems)?),
        (None, None) => {
            problems.missing(&w.place, "dir", WHERE);
            return None;
        }
    };
    Some(Queues { mode, reserve, kept })
}

fn reserve(w: &written::Queues, problems: &mut Problems) -> Duration {
    setting(&DURATION, w.reserve.as_ref(), Queues::RESERVE, RESERVES, problems)
}

fn directory(w: &written::Queues, dir: &Scalar, problems: &mut Problems) -> Option<QueueDirectory> {
    let path = text(Some(dir), problems)?;
    if path.is_empty() {
        problems.add(&dir.place, "an empty path; write a directory, such as /var/lib/leash/queues");
        return None;
    }
    let d = QueueDirectory::at(path.into());
    Some(QueueDirectory {
        max_items: or_off(&COUNT, w.max_items.as_ref(), 1..=MOST_ITEMS, problems),
        max_bytes: or_off(&SIZE, w.max_bytes.as_ref(), BYTES, problems),
        max_message: setting(&SIZE, w.max_message.as_ref(), d.max_message, MESSAGES, problems),
        sync: word(w.sync.as_ref(), d.sync, &QueueDirectory::SYNC, problems),
        max_redeliveries: or_off(&COUNT, w.max_redeliveries.as_ref(), 0..=MOST_REDELIVERIES, problems),
        ..d
    })
}

/// A sidecar has no messages whose number it could bound.
fn of_holder(w: &written::Queues, problems: &mut Problems) {
    for (key, scalar) in w.of_holder() {
        problems.add(&scalar.place, format!("{key} belongs to the holders, which have the messages; write it there"));
    }
}

/// Complains of what a route has beside queues.
pub(super) fn alone(route: &written::Route, queue: &written::Queues, problems: &mut Problems) {
    if let Some(pool) = &route.pool {
        let cure = match (&queue.dir, &queue.pool) {
            (None, None) => "write it within queue",
            _ => "remove pool",
        };
        problems.add(&pool.place, format!("queue says where messages are; {cure}"));
    }
    let others = [
        ("migrate", route.migrate.as_ref().map(|written| &written.place), "messages cannot be moved between pools"),
        (
            "refresh",
            route.refresh.as_ref().map(|written| &written.place),
            "a message goes to one consumer and is never stale",
        ),
        ("loader", route.loader.as_ref().map(|written| &written.place), "an empty queue has nothing to load"),
    ];
    for (key, place, why) in others {
        if let Some(place) = place {
            problems.add(place, format!("{why}; remove {key}, or queue"));
        }
    }
}

/// Complains of directories that two routes have, and of pools that cannot be holders of queues.
pub(super) fn together(file: &File, pools: &[Pool], problems: &mut Problems) {
    let mut known: Vec<(PathBuf, &ConfigPlace)> = Vec::new();
    for (queue, dir) in queues(file).filter_map(|queue| Some((queue, queue.dir.as_ref()?))) {
        let path = plainly(dir);
        match known.iter().find(|(known, _)| *known == path) {
            Some((_, place)) => {
                problems.add(&dir.place, format!("{}; give each route its own", same(&dir.text, place)))
            }
            None => known.push((path, &queue.place)),
        }
    }
    for (written, pool) in file.pools.iter().flatten().zip(pools) {
        let ours = |queue: &&written::Queues| queue.pool.as_ref().is_some_and(|named| named.text == *pool.name);
        let queues: Vec<&written::Queues> = queues(file).filter(ours).collect();
        if !queues.is_empty() {
            holders(written, pool, &queues, problems);
        }
    }
}

fn queues(file: &File) -> impl Iterator<Item = &written::Queues> {
    file.routes.iter().flatten().filter_map(|route| route.queue.as_ref())
}

fn same(dir: &str, place: &ConfigPlace) -> String {
    let line = place.mark.map_or_else(String::new, |mark| format!(" in line {}", mark.line));
    format!("{} is the directory of the route{line} already", plain(dir))
}

/// The path without what does not tell it from another: `./`, `//` and a slash at its end.
fn plainly(dir: &Scalar) -> PathBuf {
    Path::new(&dir.text).components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

/// A pool of holders.
fn holders(written: &written::Pool, pool: &Pool, queues: &[&written::Queues], problems: &mut Problems) {
    if pool.is_embedded() {
        let text = "the store in this process has no queues; name holders, or write dir in place of pool to keep messages here";
        problems.add(&written.place.key("servers", written.place.mark), text);
    }
    if let Some(written::OnDown::Gutter(gutter)) = &written.on_down {
        let text = "a gutter would take messages that no consumer finds once the holder is back; write on_down: miss";
        problems.add(&gutter.place, format!("{} is a pool of queues: {text}", plain(&pool.name)));
    }
    let longest = queues.iter().map(|queue| reserve(queue, &mut Problems::default())).max();
    if let (Some(scalar), Some(idle), Some(reserve)) = (&written.idle_timeout, pool.idle_timeout, longest)
        && idle <= reserve
    {
        rests(scalar, (idle, reserve), problems);
    }
}

/// A holder gives back what was reserved through a connection that ends, so none ends before.
fn rests(written: &Scalar, (idle, reserve): (Duration, Duration), problems: &mut Problems) {
    let (idle, reserve) = (show_duration(idle), show_duration(reserve));
    let text = format!("a connection that ends after {idle} would give back what is reserved for {reserve}");
    problems.add(&written.place, format!("{text}; write more than {reserve}, or remove idle_timeout"));
}

/// Complains of what queues cannot do within the limits.
pub(super) fn within(file: &File, limits: &Limits, problems: &mut Problems, warnings: &mut Problems) {
    for queue in queues(file) {
        let most = setting(&SIZE, queue.max_message.as_ref(), 0, MESSAGES, &mut Problems::default());
        if let Some(scalar) = queue.max_message.as_ref().filter(|_| most > limits.item_size) {
            let (most, item) = (show_size(most), show_size(limits.item_size));
            let text = format!("no message of {most} comes in, as limits.item_size is {item}; raise that to {most}");
            problems.add(&scalar.place, text);
        }
        let reserve = reserve(queue, &mut Problems::default());
        if let (Some(idle), Some(scalar)) = (limits.idle, &file.limits.idle)
            && idle <= reserve
            && queue.dir.is_some()
        {
            let (idle, reserve) = (show_duration(idle), show_duration(reserve));
            let text =
                format!("a consumer that works for {idle} is closed and loses what it has reserved for {reserve}");
            warnings.add(&scalar.place, text);
        }
    }
}

/// Whether every route that is written leads to queues in this process, so that no pool is needed.
pub(super) fn are_all_here(file: &File) -> bool {
    let is_here = |route: &written::Route| {
        let queue = route.queue.as_ref().is_some_and(|queue| queue.pool.is_none());
        queue && route.pool.is_none() && route.migrate.is_none()
    };
    file.routes.as_deref().is_some_and(|routes| !routes.is_empty() && routes.iter().all(is_here))
}
