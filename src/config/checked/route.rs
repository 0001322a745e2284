//! A route, checked: which keys are its own, and where it leads.

use super::{Loader, Migrate, Queues, QueuesKept, Refresh};

/// A key prefix, where it leads, and the policies on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// The keys: all that begin with this, save those of a longer prefix.
    pub prefix: Vec<u8>,
    /// Where it leads.
    pub end: RouteEnd,
    /// Between which pools it is moved, and how far that has come; `None`: it stays.
    pub migrate: Option<Migrate>,
    /// What is put before the key on its way there.
    pub namespace: Vec<u8>,
    /// Whether `flush_all` may reach the pool's servers, and a client may empty a queue.
    pub allow_flush: bool,
    /// How its stale values are refreshed; `None`: values end with their TTL.
    pub refresh: Option<Refresh>,
    /// Where values come from that nobody has stored; `None`: from its clients. Such a route refreshes, too.
    pub loader: Option<Loader>,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteEnd {
    /// To a pool, an index into [`super::Config::pools`]; of a route that migrates, the one that has the last word.
    Pool(usize),
    /// To queues.
    Queues(Queues),
}

impl Default for RouteEnd {
    fn default() -> RouteEnd {
        RouteEnd::Pool(0)
    }
}

impl Route {
    /// The pools that may be asked for its keys.
    pub fn pools(&self) -> Vec<usize> {
        match &self.migrate {
            Some(migrate) => vec![migrate.from, migrate.to],
            None => self.pool().into_iter().collect(),
        }
    }

    /// The pool that has the last word about its keys; `None`: they are queues of this process.
    pub fn pool(&self) -> Option<usize> {
        match &self.end {
            RouteEnd::Pool(pool) | RouteEnd::Queues(Queues { kept: QueuesKept::Behind(pool), .. }) => Some(*pool),
            RouteEnd::Queues(Queues { kept: QueuesKept::Here(_), .. }) => None,
        }
    }

    /// The queues that its keys are, if they are.
    pub fn queues(&self) -> Option<&Queues> {
        match &self.end {
            RouteEnd::Queues(queues) => Some(queues),
            RouteEnd::Pool(_) => None,
        }
    }

    /// Every key, as it is, to one pool.
    pub fn all_to(pool: usize) -> Route {
        Route { end: RouteEnd::Pool(pool), ..Route::default() }
    }
}
