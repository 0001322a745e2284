//! Whatever answers questions: a memcached server, or the store in this process.

use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use super::embedded::EmbeddedStore;
use super::server::Server;
use super::ticket::Ticket;
use crate::protocol::{Question, Reply};

/// One member of a pool.
#[derive(Clone)]
pub enum Upstream {
    /// A memcached elsewhere.
    Server(Rc<Server>),
    /// The store in this process.
    Embedded(Arc<str>, EmbeddedStore),
}

impl Upstream {
    /// Asks. The reply goes to `ticket` later, unless it is known now.
    pub fn ask(&self, question: Question<'_>, ticket: Ticket) -> Option<Reply> {
        match (self, question) {
            (Upstream::Server(server), question) => server.ask(question, ticket),
            (Upstream::Embedded(_, store), Question::Ask(request)) => Some(store.ask(request, SystemTime::now())),
            (Upstream::Embedded(_, store), Question::FlushAll(delay)) => {
                store.flush_all(delay, SystemTime::now());
                Some(Reply::Done)
            }
            (Upstream::Embedded(..), Question::Noop | Question::Version) => Some(Reply::Done),
        }
    }

    /// Its name and address for people.
    pub fn label(&self) -> &Arc<str> {
        match self {
            Upstream::Server(server) => server.label(),
            Upstream::Embedded(label, _) => label,
        }
    }

    /// The same for two members exactly if both are the same server.
    pub fn identity(&self) -> usize {
        match self {
            Upstream::Server(server) => Rc::as_ptr(server).addr(),
            Upstream::Embedded(label, _) => Arc::as_ptr(label).cast::<u8>().addr(),
        }
    }
}
