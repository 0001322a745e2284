//! Queues whose disk refuses to work, whose files were damaged, and messages that no consumer takes.

use super::{NAMED, Trouble};
use crate::admin::model::queues::LONG;
use crate::admin::model::{Overview, ShownQueue, ShownQueues, ShownRoute};
use crate::readable::{age, counted};

type Queued<'o> = (&'o ShownRoute, &'o ShownQueues);

/// Those whose disk refuses.
pub(super) fn disk(overview: &Overview) -> Option<Trouble> {
    let refusing = all(overview, |queues| queues.is_disk_refusing);
    let names = super::listed(refusing.iter().map(|(route, _)| route.name().to_string()))?;
    let text = format!(
        "The disk refuses to work for the queues of {names}. New messages are refused; those that are there go out, and what is \
         acknowledged meanwhile comes again if leash ends before the disk works."
    );
    let dirs = refusing.iter().map(|(route, queues)| format!("{} in {}", route.name(), queues.dir));
    Some(Trouble::grave(text).with(dirs.take(NAMED).collect()))
}

/// Those whose files were found damaged.
pub(super) fn damaged(overview: &Overview) -> Option<Trouble> {
    let damaged = all(overview, |queues| queues.damaged_files > 0);
    let names = super::listed(damaged.iter().map(|(route, _)| route.name().to_string()))?;
    let text = format!(
        "Files of the queues of {names} were damaged, cut short or missing when leash began: the log names them."
    );
    let dirs = damaged.iter().map(|(route, queues)| {
        format!("{}: {} in {}", route.name(), counted(queues.damaged_files as usize, "file"), queues.dir)
    });
    Some(Trouble::slight(text).with(dirs.take(NAMED).collect()))
}

/// Those in which a message has waited for long.
pub(super) fn waiting_long(overview: &Overview) -> Option<Trouble> {
    let old = all(overview, |queues| queues.age > LONG && !queues.is_disk_refusing);
    let oldest = old.iter().map(|(_, queues)| queues.age).fold(0.0, f64::max);
    let names = super::listed(old.iter().map(|(route, _)| route.name().to_string()))?;
    let text = format!("The oldest message of the queues of {names} has waited for {}.", age(oldest));
    let longest = old.iter().flat_map(|(_, queues)| queues.longest.iter().filter(|queue| queue.age > LONG));
    Some(Trouble::slight(text).with(longest.take(NAMED).map(line).collect()))
}

fn line(queue: &ShownQueue) -> String {
    let (waiting, waiters) = (counted(queue.waiting as usize, "message"), counted(queue.waiters as usize, "consumer"));
    format!("{}: {waiting}, the oldest {} old, {waiters} there", queue.name, age(queue.age))
}

fn all(overview: &Overview, is: impl Fn(&ShownQueues) -> bool) -> Vec<Queued<'_>> {
    overview.queues().into_iter().filter(|(_, queues)| is(queues)).collect()
}
