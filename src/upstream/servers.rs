//! The servers of one worker across configurations: what both name keeps its connection, what is no longer named closes
//! it once nobody waits on it.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::server::Server;
use super::target::Target;
use crate::metrics::{ServerId, Shard};

/// The servers of one worker.
#[derive(Default)]
pub struct Servers {
    /// By the address of their target, which each of them keeps alive.
    by_target: HashMap<usize, Rc<Server>>,
}

impl Servers {
    /// Takes out the server that is connected to this very target, to be counted as `id` from now on.
    pub fn take(&mut self, target: &Arc<Target>, shard: &Arc<Shard>, id: ServerId) -> Option<Rc<Server>> {
        let server = self.by_target.remove(&key(target))?;
        *server.counters.borrow_mut() = (shard.clone(), id);
        Some(server)
    }

    /// Adds a server.
    pub fn put(&mut self, server: Rc<Server>) {
        self.by_target.insert(key(&server.target), server);
    }

    /// Lets all of them go.
    pub fn retire(self) {
        for server in self.by_target.into_values() {
            server.retired.set(true);
            server.end_if_done();
        }
    }
}

fn key(target: &Arc<Target>) -> usize {
    Arc::as_ptr(target).addr()
}

impl Server {
    /// Whether the connection can go: no configuration names the server, and nobody waits for it. A request that began
    /// before may still come, and then connects anew.
    pub(super) fn is_done(&self) -> bool {
        // A tombstone has no deadline, and nobody waits for it.
        self.retired.get() && self.link.borrow().slots.next_deadline(Duration::ZERO).is_none()
    }

    /// Lets the connection's task close it if it can go; what is asked before the task's turn comes is still answered.
    pub(super) fn end_if_done(&self) {
        if self.is_done() {
            self.wake_reader();
        }
    }
}
