//! The whole tree, and the walk through it.

use std::rc::Rc;

use super::{Pool, Prefixes, Route, Step};
use crate::metrics::RouteId;
use crate::protocol::{Key, Question, Reply, Request};
use crate::upstream::{Ticket, Upstream};

/// One route of the configuration.
pub struct Branch {
    /// Its prefix, as people write it.
    pub prefix: String,
    /// What metrics know it as.
    pub id: RouteId,
    /// Whether `flush_all` may reach its servers.
    pub allow_flush: bool,
    /// Its policies, the outermost first.
    pub root: Rc<dyn Route>,
}

/// All routes of one worker.
pub struct Tree {
    prefixes: Prefixes,
    branches: Vec<Branch>,
}

/// Where a walk ended.
pub enum Place<'t> {
    /// At this server of the pool.
    Server(&'t Pool, usize),
    /// At a node that knows the answer.
    Answer(Reply),
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

    /// All branches.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Each server once that `flush_all` must reach, or the first branch that does not allow it.
    pub fn flushable(&self) -> Result<Vec<&Upstream>, &Branch> {
        match self.branches.iter().find(|branch| !branch.allow_flush) {
            Some(forbids) => Err(forbids),
            None => {
                let mut servers: Vec<&Upstream> = self.branches.iter().flat_map(|b| b.root.servers()).collect();
                servers.sort_by_key(|server| server.identity());
                servers.dedup_by_key(|server| server.identity());
                Ok(servers)
            }
        }
    }
}

impl Branch {
    /// Walks `request` down to where it is answered, sending nothing. `arrive` gets the place and the request as it is
    /// there.
    pub fn walk<R>(&self, request: &Request, arrive: impl FnOnce(Place<'_>, &Request) -> R) -> R {
        let (mut node, mut rewritten) = (&self.root, None);
        loop {
            let request = rewritten.as_ref().unwrap_or(request);
            match node.step(request) {
                Step::Send(pool, server) => return arrive(Place::Server(pool, server), request),
                Step::Answer(reply) => return arrive(Place::Answer(reply), request),
                Step::Rewrite(child, request) => (node, rewritten) = (child, Some(request)),
            }
        }
    }

    /// Walks and asks. The reply goes to `ticket` later, unless it is known now.
    pub fn ask(&self, request: &Request, ticket: Ticket) -> Option<Reply> {
        self.walk(request, |place, request| match place {
            Place::Server(pool, server) => pool.servers()[server].ask(Question::Ask(request), ticket),
            Place::Answer(reply) => Some(reply),
        })
    }
}
