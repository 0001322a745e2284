//! Ends a connection over which nothing was asked for a while: a server has only so many, and a fleet of sidecars that
//! each ask it once an hour would hold them all. What is asked next goes over a new one, and no request fails.
//!
//! One timer a connection, which runs for as long as the connection rests at least: no request pays for it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep_until;

use super::lane::Lane;
use super::link::LinkPhase;

/// Watches over a connection that has just been made, until it ends or the handle is aborted.
pub(super) fn watch(lane: &Rc<Lane>) -> Option<JoinHandle<()>> {
    let (lane, longest) = (lane.clone(), lane.longest_rest?);
    Some(spawn_local(async move {
        while let Some(until) = lane.rests_until(longest) {
            sleep_until(until.into()).await;
        }
        lane.give_up();
    }))
}

impl Lane {
    /// Until when the connection may rest; `None` if it has rested for too long.
    fn rests_until(&self, longest: Duration) -> Option<Instant> {
        let (link, now) = (self.link.borrow(), Instant::now());
        let since = link.heard.filter(|_| link.slots.is_empty()).unwrap_or(now);
        Some(since + longest).filter(|until| *until > now)
    }

    /// Whether it has rested for so long that the server keeps nothing for it any more.
    pub(super) fn has_rested(&self) -> bool {
        let least = self.target.options.least_rest;
        least.is_zero() || self.rests_until(least).is_none()
    }

    /// Lets a connection end that no configuration needs any more, once it has rested for as long as it must.
    pub(super) fn retire(self: Rc<Self>) {
        let least = self.target.options.least_rest;
        if least.is_zero() || !matches!(self.link.borrow().phase, LinkPhase::Open(_)) {
            return self.end_if_done();
        }
        spawn_local(async move {
            while let Some(until) = self.rests_until(least) {
                sleep_until(until.into()).await;
            }
            self.end_if_done();
        });
    }

    fn give_up(&self) {
        let mut link = self.link.borrow_mut();
        if matches!(link.phase, LinkPhase::Open(_)) {
            link.give_up();
            drop(link);
            self.wake_reader();
        }
    }
}
