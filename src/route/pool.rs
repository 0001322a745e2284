//! A pool: sends each key to the server it is placed on.
//!
//! A server that fails keeps its keys: nothing here looks at health, so no other server's keys ever move. The server
//! itself answers at once when it is down, unless a gutter above took its keys.

use std::sync::Arc;

use super::{Ask, Node, Step};
use crate::hash::Placement;
use crate::protocol::Key;
use crate::upstream::ServerOrStore;

/// A named set of servers with one hash.
pub struct PoolNode {
    /// Its name in the configuration.
    pub name: Arc<str>,
    placement: Arc<Placement>,
    servers: Vec<ServerOrStore>,
}

impl PoolNode {
    /// `placement` is over exactly these servers, in this order.
    pub fn new(name: Arc<str>, placement: Arc<Placement>, servers: Vec<ServerOrStore>) -> PoolNode {
        PoolNode { name, placement, servers }
    }

    /// The servers, in the order of the configuration.
    pub fn servers(&self) -> &[ServerOrStore] {
        &self.servers
    }

    /// Where keys are placed.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }
}

impl Node for PoolNode {
    fn step(&self, ask: &Ask<'_>) -> Step<'_> {
        Step::Send(self, self.placement.server_of_hashed(ask.place().as_bytes(), || ask.hash()))
    }

    fn serving(&self, key: &Key) -> Option<&ServerOrStore> {
        self.servers.get(self.placement.server_of(key.as_bytes()))
    }

    fn servers(&self) -> Vec<&ServerOrStore> {
        self.servers.iter().collect()
    }
}
