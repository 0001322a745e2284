//! Wins that memcached granted to leash and that no client was told of, and how they get back.
//!
//! memcached lets the first `mg` of an item that was marked stale win, with any flags, and tells the next ones that the
//! winner regenerates the item. leash reads with `mg` on behalf of clients that do not know these letters, and looks at
//! items before it acts on them; no client regenerates an item that was won so. `mg` is the only way to read an item
//! with its client flags.
//!
//! ```text
//!   read ─▶ W ─▶ noted ─▶ a client that knows the letters reads it next, and is told Z X ─▶ it is told X W
//!                       ─▶ no client does: look at the CAS unique, mark it stale again by that ─▶ the next one wins
//! ```
//! Marking it again moves its CAS unique, so where that was told the win is held for a while first.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use super::{Client, Entry};
use crate::protocol::{Command, Delete, Get, Item, Key, Reply, Request, Returns};

/// So many are remembered; what is won beyond that by mistake is held until its item goes.
const MOST: usize = 1000;

/// The wins that one node, or one worker, has taken and not passed on.
#[derive(Default)]
pub struct SpareWins {
    taken: RefCell<HashSet<Key>>,
}

impl SpareWins {
    /// Notes what the reply to a question of leash's own has won. False if it won nothing.
    pub fn note(&self, key: &Key, reply: &Reply) -> bool {
        let is_won = matches!(reply, Reply::Hit(item) if item.marks.contains(&b'W'));
        let mut taken = self.taken.borrow_mut();
        is_won && taken.len() < MOST && taken.insert(key.detached())
    }

    /// Whether one is to be given back.
    pub fn has(&self, key: &Key) -> bool {
        let taken = self.taken.borrow();
        !taken.is_empty() && taken.contains(key)
    }

    /// Hands a win on to a client that knows the letters and is about to be told that another client won.
    pub fn hand_on(&self, key: &Key, item: &mut Item) {
        if item.marks == *b"ZX\0" && self.has(key) && self.taken.borrow_mut().remove(key) {
            item.marks = *b"XW\0";
        }
    }

    /// Gives a win back to the server, unless it was handed on before.
    pub async fn give_back(&self, below: &Entry, key: &Key, client: &Rc<Client>) {
        let look = look(below, key, client).await;
        if self.taken.borrow_mut().remove(key) {
            mark_again(below, key, client, look).await;
        }
    }
}

/// Gives a win back at once. For a win that only the caller can have seen, so that it need not be noted.
pub(super) async fn give_back_at(below: &Entry, key: &Key, client: &Rc<Client>) {
    let look = look(below, key, client).await;
    mark_again(below, key, client, look).await;
}

async fn look(below: &Entry, key: &Key, client: &Rc<Client>) -> Reply {
    let get = Get { returns: Returns::CAS, no_bump: true, knows_marks: true, ..Get::default() };
    below.call(&Request { key: key.clone(), command: Command::Get(get) }, client).await
}

async fn mark_again(below: &Entry, key: &Key, client: &Rc<Client>, look: Reply) {
    if let Reply::Hit(item) = look
        && item.marks.contains(&b'X')
    {
        let delete = Delete { compare_cas: Some(item.cas), invalidate: true, ..Delete::default() };
        below.call(&Request { key: key.clone(), command: Command::Delete(delete) }, client).await;
    }
}
