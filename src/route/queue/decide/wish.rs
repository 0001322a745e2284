//! What a command wishes of a queue, and what a holder is asked for it.
//!
//! | command | `mode: reserve` | `mode: kestrel` |
//! |---|---|---|
//! | set, `ms` | a message comes | the same |
//! | get, gets, `mg v` | one is reserved, if the client has none | one is removed |
//! | get with words behind the name, `mg q/open v` | what they say | the same |
//! | `mg` without `v` | the next one is shown | the same |
//! | delete, `md` | the one that the client has is done with | the queue is dropped |
//! | `md C<id>`, with `I` | that one is done with, or given back | the same |
//! | `md x`, `flush` | the queue is dropped | the same |
//! | `delete q/position:<message>` | the message leaves the line | the same |
//!
//! All else is refused, and the connection stays open.

use std::time::Duration;

use bytes::Bytes;

use super::name::{QueueKey, QueueSuffix, SuffixWords};
use crate::config::QueueMode;
use crate::protocol::{Command, Delete, Exptime, Get, Request, Returns, Store, StoreMode};
use crate::queue::{Consumer, QueueOrder, Settling, Taking};

/// How a route reads commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRules {
    /// How clients take messages.
    pub mode: QueueMode,
    /// Whether clients may drop all messages of a queue.
    pub allow_flush: bool,
    /// The bytes at the front of each key in which a slash says nothing: namespace and prefix.
    pub plain: usize,
}

/// What a client wishes of one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueWish {
    /// The name of the queue, in bytes of its own.
    pub queue: Bytes,
    /// What is wished.
    pub what: QueueWishKind,
}

/// What a client wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueWishKind {
    /// A message comes.
    Put {
        /// Its client flags.
        client_flags: u32,
        /// When it is over.
        ttl: Exptime,
        /// The message.
        body: Bytes,
    },
    /// The next one goes out.
    Take {
        /// Whether the one that the client has is done with first.
        closes: bool,
        /// On what terms.
        how: Taking,
        /// For so long the client waits for one.
        wait: Duration,
    },
    /// The one that the client has is done with, or given back; by words behind the name.
    End(Settling),
    /// The same by a command of its own, of the one with this id, or the oldest that the client has.
    Settle(Option<u64>, Settling),
    /// The next one is shown.
    Peek,
    /// How many wait?
    Count,
    /// Where does this one stand?
    Find(Bytes),
    /// The next so many are shown.
    List(usize),
    /// This one leaves the line.
    Withdraw(Bytes),
    /// All go.
    Empty,
}

/// What `request` wishes.
///
/// # Errors
/// Why that is nothing a queue can do, for the client.
pub fn wish(request: &Request, rules: QueueRules) -> Result<QueueWish, &'static str> {
    let key = QueueKey::read(request.key.as_bytes(), rules.plain, rules.mode)?;
    let what = match &request.command {
        Command::Store(store) => put(store, key.suffix)?,
        Command::Get(get) => read(get, key.suffix, rules.mode)?,
        Command::Delete(delete) => end(delete, key.suffix, rules)?,
        Command::Arithmetic(_) | Command::Debug => return Err(NOT_OF_QUEUES),
    };
    Ok(QueueWish { queue: Bytes::copy_from_slice(key.name), what })
}

const NOT_OF_QUEUES: &str = "CLIENT_ERROR this key is a queue, which takes set, get and delete only";
const NO_SUFFIX: &str = "CLIENT_ERROR the name of a queue with nothing behind it is wanted here";
const NO_FLUSH: &str = "CLIENT_ERROR queues are not dropped here, set allow_flush: true on the route";

fn put(store: &Store, suffix: QueueSuffix<'_>) -> Result<QueueWishKind, &'static str> {
    let Store { mode, value, client_flags, ttl, compare_cas, new_cas, invalidate, vivify, returns: _ } = store;
    let is_plain = compare_cas.is_none() && new_cas.is_none() && vivify.is_none() && !invalidate;
    match suffix {
        _ if *mode != StoreMode::Set || !is_plain => Err(NOT_OF_QUEUES),
        QueueSuffix::Words(words) if words == SuffixWords::default() => Ok(QueueWishKind::Put {
            client_flags: *client_flags,
            ttl: ttl.unwrap_or(Exptime::NEVER),
            body: value.clone(),
        }),
        _ => Err(NO_SUFFIX),
    }
}

fn read(get: &Get, suffix: QueueSuffix<'_>, mode: QueueMode) -> Result<QueueWishKind, &'static str> {
    let is_plain = get.touch.is_none() && get.new_cas.is_none() && get.is_idempotent();
    match suffix {
        _ if !is_plain => Err(NOT_OF_QUEUES),
        QueueSuffix::Count => Ok(QueueWishKind::Count),
        QueueSuffix::List(most) => Ok(QueueWishKind::List(most)),
        QueueSuffix::Find(message) => Ok(QueueWishKind::Find(Bytes::copy_from_slice(message))),
        QueueSuffix::Words(words) => Ok(take(get, words, mode)),
    }
}

fn take(get: &Get, words: SuffixWords, mode: QueueMode) -> QueueWishKind {
    let SuffixWords { open, close, abort, peek, wait } = words;
    let how = match (open, mode) {
        (true, _) if get.knows_marks => Taking::Reserve,
        (true, _) | (false, QueueMode::Reserve) => Taking::ReserveOne,
        (false, QueueMode::Kestrel) => Taking::Remove,
    };
    match (abort, peek, close && !open) {
        (true, ..) => QueueWishKind::End(Settling::GiveBack),
        (_, _, true) => QueueWishKind::End(Settling::Acknowledge),
        // What is not shown is not taken either.
        (_, false, _) if get.returns.has(Returns::VALUE) => QueueWishKind::Take { closes: close, how, wait },
        _ => QueueWishKind::Peek,
    }
}

fn end(delete: &Delete, suffix: QueueSuffix<'_>, rules: QueueRules) -> Result<QueueWishKind, &'static str> {
    let Delete { compare_cas: id, new_cas, invalidate, ttl, drop_value } = delete;
    let is_bare = id.is_none() && !invalidate && !drop_value;
    match suffix {
        _ if new_cas.is_some() || ttl.is_some() => Err(NOT_OF_QUEUES),
        QueueSuffix::Find(message) if is_bare => Ok(QueueWishKind::Withdraw(Bytes::copy_from_slice(message))),
        QueueSuffix::Words(words) if words == SuffixWords::default() => match (drop_value, invalidate) {
            (true, false) if id.is_none() => empty(rules),
            (true, _) => Err(NOT_OF_QUEUES),
            (false, true) => Ok(QueueWishKind::Settle(*id, Settling::GiveBack)),
            (false, false) if is_bare && rules.mode == QueueMode::Kestrel => empty(rules),
            (false, false) => Ok(QueueWishKind::Settle(*id, Settling::Acknowledge)),
        },
        _ => Err(NO_SUFFIX),
    }
}

fn empty(rules: QueueRules) -> Result<QueueWishKind, &'static str> {
    if rules.allow_flush { Ok(QueueWishKind::Empty) } else { Err(NO_FLUSH) }
}

impl QueueWish {
    /// For how long its client waits for a message.
    pub(in crate::route) fn wait(&self) -> Duration {
        if let QueueWishKind::Take { wait, .. } = self.what { wait } else { Duration::ZERO }
    }

    /// The same of a client that does not wait.
    pub(in crate::route) fn without_wait(mut self) -> QueueWish {
        if let QueueWishKind::Take { wait, .. } = &mut self.what {
            *wait = Duration::ZERO;
        }
        self
    }

    /// The message that comes.
    pub(in crate::route) fn body(&self) -> &[u8] {
        if let QueueWishKind::Put { body, .. } = &self.what { body } else { &[] }
    }

    /// The queue of which a message is to go out, and on what terms.
    pub(in crate::route) fn takes(&self) -> Option<(Bytes, Taking)> {
        if let QueueWishKind::Take { how, .. } = self.what { Some((self.queue.clone(), how)) } else { None }
    }

    /// What a holder is asked, one after the other, on behalf of `by` at `now`; the last answer is the one that counts.
    pub fn orders(self, by: Consumer, now: i64) -> impl Iterator<Item = QueueOrder> + use<> {
        let QueueWish { queue, what } = self;
        let settle = |id, how| QueueOrder::Settle { queue: queue.clone(), by, id, how };
        let first =
            matches!(what, QueueWishKind::Take { closes: true, .. }).then(|| settle(None, Settling::Acknowledge));
        let last = match what {
            QueueWishKind::End(how) => settle(None, how),
            QueueWishKind::Settle(id, how) => settle(id, how),
            QueueWishKind::Put { client_flags, ttl, body } => {
                QueueOrder::Put { queue, client_flags, expires: expires(ttl, now), body }
            }
            QueueWishKind::Take { how, wait, .. } => QueueOrder::Take { queue, by, how, wait },
            QueueWishKind::Peek => QueueOrder::Peek { queue },
            QueueWishKind::Count => QueueOrder::Count { queue },
            QueueWishKind::Find(body) => QueueOrder::Find { queue, body },
            QueueWishKind::List(most) => QueueOrder::List { queue, most },
            QueueWishKind::Withdraw(body) => QueueOrder::Withdraw { queue, body },
            QueueWishKind::Empty => QueueOrder::Empty { queue },
        };
        first.into_iter().chain([last])
    }
}

/// When a message is over, in seconds since 1970; 0 for never. One of the past is over at once.
fn expires(ttl: Exptime, now: i64) -> u64 {
    ttl.end(now).map_or(0, |end| end.max(1).cast_unsigned())
}
