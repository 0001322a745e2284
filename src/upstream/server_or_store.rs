//! What answers a pool's questions: a memcached server, or the store in this process.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::health::Standing;
use super::mark::Mark;
use super::outdated::Remembered;
use super::server::Server;
use super::ticket::Ticket;
use crate::metrics::UpstreamCount;
use crate::protocol::{Key, Question, Reply};
use crate::store::EmbeddedStore;

/// The store in this process always has CAS uniques.
const NO_CAS: &str = "SERVER_ERROR no CAS unique";

/// One member of a pool.
#[derive(Clone)]
pub enum ServerOrStore {
    /// A memcached elsewhere.
    Server(Rc<Server>),
    /// The store in this process.
    Embedded(Arc<str>, EmbeddedStore),
}

impl ServerOrStore {
    /// Asks. The reply goes to `ticket` later, unless it is known now. `mark` tells what the question is about and
    /// whose it is.
    #[inline(always)]
    pub fn ask(&self, question: Question<'_>, mark: Mark, ticket: Ticket) -> Option<Reply> {
        match (self, question) {
            (ServerOrStore::Server(server), question) => server.ask(question, mark, ticket),
            (ServerOrStore::Embedded(_, store), Question::Ask(request)) => Some(store.ask(request, SystemTime::now())),
            (ServerOrStore::Embedded(_, store), Question::FlushAll(delay)) => {
                store.flush_all(delay, SystemTime::now());
                Some(Reply::Done)
            }
            (ServerOrStore::Embedded(..), Question::Noop | Question::Version) => Some(Reply::Done),
        }
    }

    /// Whether it serves, and has for a while: one load.
    pub fn is_calm(&self) -> bool {
        match self {
            ServerOrStore::Server(server) => server.target().health.is_calm(),
            ServerOrStore::Embedded(..) => true,
        }
    }

    /// How requests are to be treated at `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        match self {
            ServerOrStore::Server(server) => server.target().health.standing(now),
            ServerOrStore::Embedded(..) => Standing::Up,
        }
    }

    /// Remembers that `key` is to be deleted before it serves again, if it is down.
    pub fn remember(&self, key: &Key) -> Remembered {
        match self {
            ServerOrStore::Server(server) => server.target().remember(key),
            ServerOrStore::Embedded(..) => Remembered::Up,
        }
    }

    /// Remembers that something which lives beside an item is to be deleted before it serves again, if it is down. If
    /// that is lost, it is counted at once: no caller tries further.
    pub fn remember_beside(&self, key: &Key) {
        if let ServerOrStore::Server(server) = self
            && let Remembered::Lost(why) = self.remember(key)
        {
            server.target().lose(why);
        }
    }

    /// A number that changes as soon as it may have lost what it kept for this worker, and that no other one has.
    pub(crate) fn era(&self) -> u64 {
        match self {
            ServerOrStore::Server(server) => server.era(),
            ServerOrStore::Embedded(..) => 0,
        }
    }

    /// Counts a request that goes elsewhere because it is down.
    pub fn count_guttered(&self) {
        if let ServerOrStore::Server(server) = self {
            server.common.count(UpstreamCount::Guttered, 1);
        }
    }

    /// Counts a message of a queue that it handed out too late, and that is given back.
    pub(crate) fn count_late_message(&self) {
        if let ServerOrStore::Server(server) = self {
            server.common.count(UpstreamCount::LateMessages, 1);
        }
    }

    /// Refuses what only its items' CAS uniques make possible, since it has shown that they have none.
    pub fn refuse_without_cas(&self) -> Reply {
        match self {
            ServerOrStore::Server(server) => server.common.without_cas(),
            ServerOrStore::Embedded(..) => Reply::Error(NO_CAS.into()),
        }
    }

    /// Its name and address for people.
    pub fn label(&self) -> &Arc<str> {
        match self {
            ServerOrStore::Server(server) => server.label(),
            ServerOrStore::Embedded(label, _) => label,
        }
    }

    /// The same for two members exactly if both are the same server.
    pub fn identity(&self) -> usize {
        match self {
            ServerOrStore::Server(server) => Rc::as_ptr(server).addr(),
            ServerOrStore::Embedded(label, _) => Arc::as_ptr(label).cast::<u8>().addr(),
        }
    }
}
