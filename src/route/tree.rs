//! The whole tree: every route of one worker, found by its prefix.

use super::{Entry, Prefixes};
use crate::config::QueueMode;
use crate::metrics::RouteId;
use crate::protocol::Key;
use crate::upstream::ServerOrStore;

/// One route of the configuration.
pub struct Branch {
    /// Its prefix, as people write it.
    pub prefix: String,
    /// What metrics know it as.
    pub id: RouteId,
    /// Whether `flush_all` may reach its servers.
    pub allow_flush: bool,
    /// The way to its policies, the outermost first.
    pub entry: Entry,
}

/// All routes of one worker.
pub struct Tree {
    prefixes: Prefixes,
    branches: Vec<Branch>,
}

impl Tree {
    /// A tree of these branches.
    pub fn new(branches: Vec<Branch>) -> Tree {
        Tree { prefixes: Prefixes::new(branches.iter().map(|branch| branch.prefix.as_bytes())), branches }
    }

    /// The branch `key` belongs to.
    pub fn branch(&self, key: &Key) -> Option<&Branch> {
        self.prefixes.find(key.as_bytes()).map(|branch| &self.branches[branch])
    }

    /// How clients take messages of `key`, if it is a queue.
    pub(crate) fn queue_mode(&self, key: &Key) -> Option<QueueMode> {
        self.branch(key)?.entry.root().queues()
    }

    /// All branches.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Each server once that `flush_all` must reach, or the first branch that does not allow it.
    pub fn flushable(&self) -> Result<Vec<&ServerOrStore>, &Branch> {
        match self.branches.iter().find(|branch| !branch.allow_flush) {
            Some(forbids) => Err(forbids),
            None => {
                let mut servers: Vec<&ServerOrStore> = self.branches.iter().flat_map(|b| b.entry.servers()).collect();
                servers.sort_by_key(|server| server.identity());
                servers.dedup_by_key(|server| server.identity());
                Ok(servers)
            }
        }
    }
}
