//! A pool: sends each key to the server its slot belongs to.
//!
//! A server that fails keeps its slots (`on_down: miss`): nothing here looks at health, so no other server's keys ever
//! move. The server itself answers at once when it is down.

use std::sync::Arc;

use super::{Route, Step};
use crate::hash::SlotTable;
use crate::protocol::Request;
use crate::upstream::Upstream;

/// A named set of servers with one hash.
pub struct Pool {
    /// Its name in the configuration.
    pub name: Arc<str>,
    table: Arc<SlotTable>,
    servers: Vec<Upstream>,
}

impl Pool {
    /// `table` ranks over exactly these servers, in this order.
    pub fn new(name: Arc<str>, table: Arc<SlotTable>, servers: Vec<Upstream>) -> Pool {
        Pool { name, table, servers }
    }

    /// The servers, in the order of the configuration.
    pub fn servers(&self) -> &[Upstream] {
        &self.servers
    }

    /// Where keys are placed.
    pub fn table(&self) -> &SlotTable {
        &self.table
    }
}

impl Route for Pool {
    fn step(&self, request: &Request) -> Step<'_> {
        Step::Send(self, self.table.server_of(request.key.as_bytes()))
    }

    fn servers(&self) -> Vec<&Upstream> {
        self.servers.iter().collect()
    }
}
