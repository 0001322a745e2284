//! One server of a pool as the whole process has it, wherever it is.

use std::sync::Arc;

use crate::metrics::ServerState;
use crate::store::EmbeddedStore;
use crate::upstream::{Outage, Spool, Target};

/// What all workers share of one server of a pool.
#[derive(Clone)]
pub enum SharedServer {
    /// A memcached elsewhere.
    Server(Arc<Target>),
    /// The store in this process.
    Embedded(Arc<str>, EmbeddedStore),
}

impl SharedServer {
    /// Its name and address for people.
    pub fn label(&self) -> &Arc<str> {
        match self {
            SharedServer::Server(target) => &target.label,
            SharedServer::Embedded(label, _) => label,
        }
    }

    /// Its health; the store in this process has no other.
    pub fn state(&self) -> ServerState {
        match self {
            SharedServer::Server(target) => target.health.state(),
            SharedServer::Embedded(..) => ServerState::Up,
        }
    }

    /// The version of memcached that it is, as far as it has told.
    pub fn version(&self) -> Option<Arc<str>> {
        match self {
            SharedServer::Server(target) => target.version(),
            SharedServer::Embedded(..) => None,
        }
    }

    /// Since when and why it is down, if it is.
    pub fn outage(&self) -> Option<Outage> {
        match self {
            SharedServer::Server(target) => target.health.outage(),
            SharedServer::Embedded(..) => None,
        }
    }

    /// The deletes that wait for it; nothing waits for the store in this process.
    pub fn spool(&self) -> Option<&Spool> {
        match self {
            SharedServer::Server(target) => Some(&target.spool),
            SharedServer::Embedded(..) => None,
        }
    }
}
