//! Deletes that did not reach their server: those it refuses, those that are lost, and those that only memory holds.

use super::{NAMED, Trouble, name, names};
use crate::admin::model::{LostDeletes, Overview, ShownServer};
use crate::metrics::SpoolDrop;
use crate::readable::{counted, number};

/// A loss is grave for so long, in seconds: most values have ended by then, and leash cannot know about the others.
const FRESH: f64 = 3600.0;

/// Servers that are back and take some deletes not.
pub(super) fn refused(overview: &Overview) -> Option<Trouble> {
    let refusing = || overview.servers.iter().filter(|server| server.refused.is_some());
    let deletes = counted(refusing().filter_map(|server| server.refused).sum::<u64>() as usize, "delete");
    let names = names(refusing())?;
    Some(Trouble::grave(format!(
        "{deletes} refused by {names}. Their keys miss until it takes them; it is asked again and again."
    )))
}

/// Deletes that their server will never be told of. Told until leash restarts, as leash does not know when the last of
/// the values ends.
pub(super) fn lost(overview: &Overview) -> Option<Trouble> {
    let losing: Vec<(&ShownServer, &LostDeletes)> =
        overview.servers.iter().filter_map(|server| Some((server, server.lost.as_ref()?))).collect();
    let last = losing.iter().map(|(_, lost)| lost.last).max_by(f64::total_cmp)?;
    let names = names(losing.iter().map(|(server, _)| *server))?;
    let deletes = counted(losing.iter().map(|(_, lost)| lost.count).sum::<u64>() as usize, "delete");
    let text = format!(
        "{deletes} lost for {names}, the last {} ago. Values that were to be deleted or replaced may be read until they \
         end, or until the server is emptied; this stays here until leash restarts.",
        overview.process.age(last)
    );
    let is_fresh = overview.process.unix_time - last < FRESH;
    let trouble = if is_fresh { Trouble::grave(text) } else { Trouble::slight(text) };
    Some(trouble.with(losing.iter().take(NAMED).map(|(server, lost)| loss(server, lost)).collect()))
}

fn loss(server: &ShownServer, lost: &LostDeletes) -> String {
    let why: Vec<&str> = lost.why.iter().map(|why| reason(*why)).collect();
    format!("{}: {}, {}", name(server), number(lost.count), why.join("; "))
}

fn reason(why: SpoolDrop) -> &'static str {
    match why {
        SpoolDrop::Full => "more waited than spool.max_keys",
        SpoolDrop::Blackout => "all servers of the pool looked down at once",
        SpoolDrop::Damaged => "the spool's file was damaged",
    }
}

/// Spools whose file does not hold what waits.
pub(super) fn spools_failing(overview: &Overview) -> Option<Trouble> {
    let failing = || overview.servers.iter().filter(|server| server.spool_failing.is_some());
    let first = failing().filter_map(|server| server.spool_failing.as_ref());
    let first = first.min_by(|a, b| a.since.total_cmp(&b.since))?;
    let (names, ago, why) = (names(failing())?, overview.process.age(first.since), &first.why);
    Some(Trouble::slight(format!(
        "The spool's file cannot be written for {ago}: {names}. Deletes that wait would not survive a restart of leash: {why}"
    )))
}
