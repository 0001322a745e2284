//! The servers of one worker across configurations: a server that both configurations name keeps its connection; one
//! that the new configuration no longer names closes it once no request waits on it.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

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
        *server.common.counters.borrow_mut() = (shard.clone(), id);
        Some(server)
    }

    /// Adds a server.
    pub fn put(&mut self, server: Rc<Server>) {
        self.by_target.insert(key(server.target()), server);
    }

    /// Lets all of them go.
    pub fn retire(self) {
        for server in self.by_target.into_values() {
            server.retire();
        }
    }
}

fn key(target: &Arc<Target>) -> usize {
    Arc::as_ptr(target).addr()
}
