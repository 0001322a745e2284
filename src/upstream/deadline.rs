//! The one timer of a connection: it runs for the oldest question only, so an ordinary request costs no timer.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use super::link::Phase;
use super::server::Server;
use super::slots::Expired;
use crate::protocol::Cause;

/// Fails what is overdue until nothing is owed any more.
pub(super) async fn watch(server: Rc<Server>) {
    let patience = server.target.options.request_timeout;
    loop {
        let next = server.link.borrow().slots.next_deadline(patience);
        // An idle connection keeps its timer for one more period: re-arming it for each request would cost more.
        let until = next.unwrap_or_else(|| Instant::now() + patience);
        sleep_until(until.into()).await;
        if next.is_none() && server.link.borrow().slots.is_empty() {
            server.deadline_armed.set(false);
            return;
        }
        expire(&server, patience);
    }
}

fn expire(server: &Server, patience: Duration) {
    let now = server.turn.tick();
    let Some(before) = now.checked_sub(patience) else { return };
    let mut link = server.link.borrow_mut();
    let expired = link.slots.expire(before);
    // Bytes that still arrive mean that the server works on a large value, not that it is dead.
    let is_silent = link.heard.is_none_or(|heard| heard <= before);
    let is_open = matches!(link.phase, Phase::Open(_));
    if matches!(link.phase, Phase::Opening) {
        // Nothing has left yet. A write whose client was told that it failed must not arrive after all.
        link.withdraw();
    }
    drop(link);
    for Expired { ticket, asked, forgotten } in expired {
        if let Some(key) = forgotten {
            server.catch_up_on(&key);
        }
        server.answer_failed(ticket, Cause::Timeout);
        if is_silent || !is_open {
            server.note_failure(Cause::Timeout, asked);
        }
    }
    if server.target.health.is_down() {
        server.doom(Cause::Down);
    }
    server.end_if_done();
}
