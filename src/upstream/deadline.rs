//! The one timer of a connection, so that an ordinary request costs none: it fails what is overdue. What takes long lets go of
//! the buffers it was read into before that, as soon as more is asked, or when the timer comes by.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use super::lane::Lane;
use super::slot::Expired;
use crate::protocol::Cause;

/// How often the timer comes by where nothing is due. What waits without more being asked does not grow; and to wake for it
/// more often cost a server that is asked 2,000 times a second 4 % more.
const LOOK: Duration = Duration::from_millis(200);

/// A connection over which nothing comes for so many deadlines, while others are answered, may lead nowhere.
const MUTE: u32 = 3;

/// Fails what is overdue until nothing is owed any more.
pub(super) async fn watch(lane: Rc<Lane>) {
    let patience = lane.target.options.request_timeout;
    loop {
        let next = next_deadline(&lane, patience);
        // What is asked meanwhile may take long, too, and is due no sooner than its patience from now. An idle connection keeps
        // its timer for one more period: re-arming it for each request would cost more.
        let look = Instant::now() + LOOK.min(patience);
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
    link.slots.let_go(now);
    let Some(before) = now.checked_sub(patience) else { return };
    if link.progress.excuses(now) {
        return;
    }
    let expired = link.slots.expire(before);
    let (answered, is_mute) = (link.answered, link.is_mute(now, patience * MUTE));
    let health = &lane.target.health;
    let is_unanswered = |asked| answered.is_none_or(|answered| answered <= asked);
    // A server that answers what was asked before is busy, not dead.
    let is_busy = |asked| health.last_reply.waits_with_others(asked, patience / 2);
    if expired.first().is_some_and(|first| is_unanswered(first.asked) && is_busy(first.asked)) {
        link.admission.waits_in_vain();
    }
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
        if is_unanswered(asked) && !is_busy(asked) {
            lane.note_failure(Cause::Timeout, asked);
        }
    }
    if is_mute && health.last_reply.is_after(before) {
        lane.doom(Cause::Timeout);
    }
    if health.is_down() {
        lane.doom(Cause::Down);
    }
    lane.end_if_done();
}
