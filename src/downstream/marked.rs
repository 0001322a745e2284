//! Replies with memcached's own letters, W above all: the win is for a client that can be told.
//!
//! A classic read is asked as `mg`, which wins an item that was marked stale where memcached's `get` would not. So
//! before it is answered the win is handed to a client of this worker that knows the letters and asks next, or given
//! back to the server.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use crate::protocol::{Key, Reply, Style};
use crate::upstream::{ReplyRun, ReplyTo};

/// How long a reader waits for what it won to be given back: well within what leash may take above a server's time.
const PATIENCE: Duration = Duration::from_millis(30);
/// How long a win is held whose giving back changes the CAS unique that a reader was told: time to store by it.
const HOLD: Duration = Duration::from_secs(1);

impl ReplyTo for Connection {
    fn deliver(self: Rc<Self>, token: u64, reply: Reply) {
        if is_marked(&reply) {
            return self.deliver_marked(token, reply);
        }
        self.put(token, reply);
    }

    fn deliver_all(self: Rc<Self>, run: ReplyRun<'_>) {
        if run.replies.iter().any(|arrived| is_marked(&arrived.reply)) {
            return run.cut().for_each(|(token, reply)| self.clone().deliver(token, reply));
        }
        self.put_all(run);
    }

    fn lingers(&self, token: u64) {
        self.state.borrow_mut().replies.detach(token);
    }

    fn is_wanted(&self, _: u64) -> bool {
        let state = self.state.borrow();
        !state.broken && !state.takes_none
    }
}

/// Whether a reply says that its item is stale, or who is to regenerate it.
fn is_marked(reply: &Reply) -> bool {
    matches!(reply, Reply::Hit(item) if item.marks[0] != 0)
}

impl Connection {
    /// Takes a reply with letters.
    #[cold]
    fn deliver_marked(self: Rc<Self>, token: u64, mut reply: Reply) {
        let asker = self.state.borrow().replies.asker(token).map(|(key, style)| (key.detached(), style));
        // What was won is won of the item as the server knows it.
        let asker = asker.and_then(|(key, style)| Some((self.inside(&key).ok()?, style)));
        let wins = &self.service.spare_wins;
        match (asker, &mut reply) {
            (Some((key, Style::Meta { .. })), Reply::Hit(item)) => wins.hand_on(&key, item),
            (Some((key, style)), reply) if wins.note(&key, reply) => {
                let has_cas = style.tells_cas();
                spawn_local(self.clone().deliver_won(token, reply.clone(), key, has_cas));
                return;
            }
            _ => {}
        }
        self.put(token, reply);
    }

    /// Gives the win of `key` back and answers, or the other way round where the answer has the CAS unique.
    async fn deliver_won(self: Rc<Self>, token: u64, reply: Reply, key: Key, has_cas: bool) {
        let gives_back = self.give_back(&key);
        if has_cas {
            self.put(token, reply);
            sleep(HOLD).await;
            return gives_back.await;
        }
        let mut gives_back = Box::pin(gives_back);
        // Late is better than not at all, but not for who waits.
        let is_late = timeout(PATIENCE, gives_back.as_mut()).await.is_err();
        self.put(token, reply);
        if is_late {
            gives_back.await;
        }
    }

    async fn give_back(&self, key: &Key) {
        let entry = self.service.tree.borrow().branch(key).map(|branch| branch.entry.clone());
        if let Some(entry) = entry {
            self.service.spare_wins.give_back(&entry, key, &self.client).await;
        }
    }
}
