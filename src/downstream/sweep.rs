//! Closes clients that might as well be gone: those that take none of their replies for `limits.unread_time`, and those
//! that ask nothing for `limits.idle`. Others can have their places then. The kernel finds clients whose machine is
//! gone, by keepalive.
//!
//! Those that may ask no more before they are answered are not read, so leash would not see them hang up while a request
//! of theirs waits: that is noticed here, too.
//!
//! One look at all clients of a worker a second; a timer for each of them would cost every request. Then the worker gives back
//! what it keeps ready and no client needed.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::clients::Clients;
use super::connection::Connection;
use super::service::ClientLimits;
use crate::metrics::{ClientDrop, DownstreamCount};

const PERIOD: Duration = Duration::from_secs(1);

/// Looks at the clients of a worker for as long as that runs.
pub(crate) async fn sweep(clients: Rc<Clients>) {
    let mut looks = interval(PERIOD);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let (now, limits) = (Instant::now(), clients.service.limits());
        clients.each(|connection| match connection.is_in_vain(now, &limits) {
            Some(ClientDrop::Unread) if connection.takes_some(now) => {}
            Some(ClientDrop::Unread) => connection.cut_off(&limits),
            Some(ClientDrop::Idle) => connection.part(),
            None => connection.notice_its_end(),
        });
        clients.service.memory.give_back();
    }
}

impl Connection {
    /// Notes that the client said something.
    pub(super) fn hear(&self, now: Instant) {
        self.heard.set(now);
        self.is_parting.set(false);
    }

    /// Whether the client is to go if it has nothing to say now.
    pub(super) fn should_end(&self) -> bool {
        self.service.is_stopping() || self.is_parting.get()
    }

    fn is_in_vain(&self, now: Instant, limits: &ClientLimits) -> Option<ClientDrop> {
        let state = self.state.borrow();
        let since = |then: Instant| now.saturating_duration_since(then);
        let is_idle = |idle| since(self.heard.get()) >= idle && state.replies.is_empty() && state.output.is_empty();
        if state.broken {
            None
        } else if state.blocked && since(state.taken_at) >= limits.unread_time {
            Some(ClientDrop::Unread)
        } else {
            limits.idle.filter(|idle| is_idle(*idle)).map(|_| ClientDrop::Idle)
        }
    }

    /// Notices that a client which is not read takes nothing more, or may have hung up. What it has said is still done.
    fn notice_its_end(&self) {
        let mut state = self.state.borrow_mut();
        if state.paused {
            state.takes_none |= self.writer.is_write_closed();
            drop(state);
            if self.writer.is_read_closed() {
                self.client.may_have_hung_up();
            }
        }
    }

    /// Whether the client has taken a little, too little for the event loop to notice.
    fn takes_some(&self, now: Instant) -> bool {
        let mut state = self.state.borrow_mut();
        let taken = self.writer.press(&mut state.output);
        if taken > 0 {
            state.taken_at = now;
            state.count();
            self.service.shard().downstream(DownstreamCount::BytesWritten, taken as u64);
        }
        taken > 0
    }

    /// Gives up what the client does not take.
    fn cut_off(&self, limits: &ClientLimits) {
        self.writer.reset_at_end();
        self.state.borrow_mut().close();
        self.wake();
        self.service.shard().client_drop(ClientDrop::Unread);
        if let Some(suppressed) = self.service.unread.allow(Instant::now()) {
            tracing::warn!(after = ?limits.unread_time, suppressed, "closed a client that does not read its replies");
        }
    }

    /// Closes the connection unless the client has just said something.
    fn part(&self) {
        if !self.is_parting.replace(true) {
            self.service.shard().client_drop(ClientDrop::Idle);
            self.wake();
        }
    }
}
