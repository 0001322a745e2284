//! Which client is closed when memory is short: the one that holds most, among all workers.
//!
//! Refusing what does not fit keeps memory within its limit; this file keeps clients that never let go from holding it.
//! While memory is tight, leash closes a client that has not taken a reply for a while, the largest first. Above the
//! limit it closes the largest, whether or not that one reads, so that clients that hold little go on.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::clients::Clients;
use super::connection::Connection;
use crate::runtime::memory::Shed;
use crate::runtime::turn::Flush;

/// A client that has not taken a reply for so long does not read, as far as others who need memory are concerned.
const STUCK: Duration = Duration::from_secs(1);
/// While memory is tight, no more time than this lies between two looks for clients that do not read.
const LOOK: Duration = Duration::from_millis(100);
/// And no less: a look is at every client, and those that are closed need a turn to give back what they hold.
const REST: Duration = Duration::from_millis(5);
/// What a client is told that is closed, if it can still read it.
const WHY: &str = "SERVER_ERROR out of memory, this connection held the most of it";

/// Looks after the memory of one worker for as long as that runs.
pub(crate) async fn shed_when_short(clients: Rc<Clients>) {
    let memory = clients.service.memory.clone();
    loop {
        let pressed = memory.account().pressed();
        if memory.is_tight() {
            clients.relieve();
            sleep(REST).await;
            // Whether more is held by then or not, it is time to look again.
            let _ = timeout(LOOK, pressed).await;
        } else {
            pressed.await;
        }
    }
}

impl Clients {
    /// Gives back what is not in use, and closes clients while there is too little and one here holds the most.
    fn relieve(&self) {
        let memory = &self.service.memory;
        self.service.turn.tick();
        self.each(|connection| connection.state.borrow_mut().trim());
        let mut excess = memory.excess();
        while let Some(over) = excess {
            let largest = self.largest(|connection| over.is_full || connection.is_stuck());
            let bytes = largest.as_ref().map_or(0, |connection| connection.holder.bytes());
            let is_largest = memory.is_largest(bytes);
            let Some(largest) = largest.filter(|_| is_largest) else { return };
            largest.dismiss();
            excess = over.less(bytes);
        }
    }

    /// The client that holds most among those that may be closed, if it holds more than the little that every client
    /// may.
    fn largest(&self, may_go: impl Fn(&Connection) -> bool) -> Option<Rc<Connection>> {
        let mut largest: Option<Rc<Connection>> = None;
        self.each(|connection| {
            let is_larger = largest.as_ref().is_none_or(|known| connection.holder.bytes() > known.holder.bytes());
            let is_here = !connection.state.borrow().broken;
            if is_larger && is_here && !connection.holder.has_little() && may_go(connection) {
                largest = Some(connection.clone());
            }
        });
        largest
    }
}

impl Connection {
    /// Whether the client has not taken what it is owed for a while.
    fn is_stuck(&self) -> bool {
        let (state, now) = (self.state.borrow(), self.service.turn.now());
        state.blocked && now.saturating_duration_since(state.taken_at) >= STUCK
    }

    /// Closes the connection, and says why if the client can read it.
    fn dismiss(self: &Rc<Self>) {
        let held = self.holder.bytes();
        let is_listening = {
            let state = self.state.borrow();
            !state.blocked && state.replies.is_empty()
        };
        if is_listening {
            self.say(WHY);
            self.flush();
        }
        let mut state = self.state.borrow_mut();
        state.dismissed = is_listening;
        state.close();
        drop(state);
        self.client.leave();
        self.wake();
        self.service.memory.shed(Shed::Client);
        if let Some(suppressed) = self.service.dismissed.allow(self.service.turn.now()) {
            let most = self.service.memory.account().most();
            tracing::warn!(held, most, suppressed, "memory is short, closed the client that held most");
        }
    }
}
