//! The one timer of a connection, so that an ordinary request costs none: it fails what is overdue, and before that has what
//! takes long let go of the buffers it was read into.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use super::lane::Lane;
use super::slot::Expired;
use crate::protocol::Cause;

/// What is not answered for so long takes long: what is kept of it, and of replies that wait behind it, keeps no buffer from
/// then on. Busy servers nearby need a few milliseconds, and what goes a moment later is not worth a copy.
pub const LONG: Duration = Duration::from_millis(20);

/// Fails what is overdue until nothing is owed any more.
pub(super) async fn watch(lane: Rc<Lane>) {
    let patience = lane.target.options.request_timeout;
    loop {
        let next = next_deadline(&lane, patience);
        // What is asked meanwhile may take long, too. An idle connection keeps its timer for one more period: re-arming it for
        // each request would cost more.
        let look = Instant::now() + LONG;
        let until = next.map_or(look, |due| due.min(look));
        sleep_until(until.into()).await;
        if next.is_none() && !lane.owes_any() {
            lane.deadline_armed.set(false);
            return;
        }
        expire(&lane, patience);
    }
}

/// When the oldest question is due that a caller waits for.
fn next_deadline(lane: &Lane, patience: Duration) -> Option<Instant> {
    let link = lane.link.borrow();
    link.slots.next_deadline(patience).map(|due| link.progress.later_than(due))
}

fn expire(lane: &Lane, patience: Duration) {
    let now = lane.turn.tick();
    let mut link = lane.link.borrow_mut();
    now.checked_sub(LONG).into_iter().for_each(|before| link.slots.linger(before));
    let Some(before) = now.checked_sub(patience) else { return };
    if link.progress.excuses(now) {
        return;
    }
    let expired = link.slots.expire(before);
    // A server that has answered others in time since is busy, not dead.
    let answered = link.answered;
    if !expired.is_empty() {
        link.count_waiting();
    }
    if link.is_stalled() {
        // A write whose client was told that it failed must not arrive after all, if none of it has left yet.
        link.withdraw();
    }
    drop(link);
    for Expired { ticket, asked, forgotten } in expired {
        if let Some(key) = forgotten {
            lane.catch_up_on(&key);
        }
        lane.answer_failed(ticket, Cause::Timeout);
        if answered.is_none_or(|answered| answered <= asked) {
            lane.note_failure(Cause::Timeout, asked);
        }
    }
    if lane.target.health.is_down() {
        lane.doom(Cause::Down);
    }
    lane.end_if_done();
}
