//! The one inner language, second half: what became of a request.
//!
//! A [`Reply`] is what memcached's meta protocol can answer, plus the ways in which there is no answer ([`Failure`]).
//! How it is spelt for a client is the business of the encoders.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// The answer to one request. Its tag is a word of its own: left to the compiler it sits in the last byte of an [`Item`],
/// and the copies of the bytes before it overlap, which a processor waits for.
#[derive(Clone, Debug, PartialEq)]
#[repr(u64)]
pub enum Reply {
    /// `HD` or `VA`: found, stored, deleted, touched or counted; with what was asked about the item.
    Hit(Item),
    /// `EN`: a read found nothing.
    Miss,
    /// `NF`: a write that needs an item found none.
    NotFound,
    /// `NS`: not stored, the mode's condition did not hold.
    NotStored,
    /// `EX`: the CAS unique did not match.
    Exists,
    /// `ME`: what an item is like inside.
    Debug(Internals),
    /// `MN` or `OK`: done, about no item.
    Done,
    /// `VERSION`: what follows it.
    Version(Bytes),
    /// The server refused with an error line of its own (`ERROR…`, `CLIENT_ERROR…`, `SERVER_ERROR…`), without CR LF.
    Error(Bytes),
    /// There is no answer.
    Failed(Failure),
}

impl Reply {
    /// The bytes of the value it carries; 0 where it carries none.
    pub fn value_len(&self) -> usize {
        match self {
            Reply::Hit(Item { value: Some(value), .. }) => value.len(),
            _ => 0,
        }
    }
}

/// What a reply tells about an item. A field holds what was asked for, else its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// The value, without the final CR LF; `None` where it was not asked for.
    pub value: Option<Bytes>,
    /// The client flags.
    pub client_flags: u32,
    /// The CAS unique.
    pub cas: u64,
    /// Remaining seconds, -1 for none.
    pub ttl: i64,
    /// Length of the value.
    pub size: u32,
    /// Seconds since the last access.
    pub last_access: u32,
    /// Whether it was fetched before.
    pub fetched: bool,
    /// The letters W (won), X (stale), Z (another client won) in the server's order; unused places are 0.
    pub marks: [u8; 3],
}

/// What `me` tells about an item, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Internals {
    /// Whether the item was stored under a key in base64, and is shown under one.
    pub binary_key: bool,
    /// Words of the form `name=value`, with a space between them.
    pub facts: Bytes,
}

/// Why there is no answer. Logs, metrics and replies use the same words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No reply before the deadline.
    Timeout,
    /// No connection could be made.
    Connect,
    /// The server has turned a connection away, and has said why.
    TurnedAway,
    /// The connection ended before the reply came.
    Disconnected,
    /// The server is known to be down; it was not asked.
    Down,
    /// The server said something that does not fit the question.
    Desync,
    /// Too much is waiting for this server already.
    Overloaded,
    /// The server does not speak the meta protocol.
    Outdated,
    /// leash is shutting down.
    Shutdown,
    /// leash has no file descriptor left for a connection.
    Descriptors,
    /// There is a connection, but no TLS over it.
    Tls,
    /// The server does not let leash in.
    Auth,
    /// The server gives its items no CAS uniques, and is asked for what cannot be done without.
    NoCas,
    /// leash closed the connection rather than read the large values that were still to come and that it does not keep.
    Unwanted,
}

impl Cause {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Cause; 14] = [
        Cause::Timeout,
        Cause::Connect,
        Cause::TurnedAway,
        Cause::Disconnected,
        Cause::Down,
        Cause::Desync,
        Cause::Overloaded,
        Cause::Outdated,
        Cause::Shutdown,
        Cause::Descriptors,
        Cause::Tls,
        Cause::Auth,
        Cause::NoCas,
        Cause::Unwanted,
    ];

    /// The word for it in labels.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Timeout => "timeout",
            Cause::Connect => "connect",
            Cause::TurnedAway => "turned_away",
            Cause::Disconnected => "disconnected",
            Cause::Down => "down",
            Cause::Desync => "desync",
            Cause::Overloaded => "overloaded",
            Cause::Outdated => "outdated",
            Cause::Shutdown => "shutdown",
            Cause::Descriptors => "descriptors",
            Cause::Tls => "tls",
            Cause::Auth => "auth",
            Cause::NoCas => "no_cas",
            Cause::Unwanted => "unwanted",
        }
    }

    /// Whether the server may have done what was asked.
    pub const fn may_be_done(self) -> bool {
        match self {
            Cause::Timeout | Cause::Disconnected | Cause::Desync | Cause::Unwanted => true,
            Cause::Connect | Cause::TurnedAway | Cause::Down | Cause::Overloaded | Cause::Outdated => false,
            Cause::Shutdown | Cause::Descriptors | Cause::Tls | Cause::Auth | Cause::NoCas => false,
        }
    }

    /// The words for it in a sentence about a server.
    pub const fn text(self) -> &'static str {
        match self {
            Cause::Timeout => "no reply in time",
            Cause::Connect => "cannot connect",
            Cause::TurnedAway => "turns new connections away",
            Cause::Disconnected => "connection lost",
            Cause::Down => "is down",
            Cause::Desync => "answered something that was not asked",
            Cause::Overloaded => "too many requests are waiting for it",
            Cause::Outdated => "does not speak the meta protocol, memcached 1.6.10 or newer is needed",
            Cause::Shutdown => "leash is shutting down",
            Cause::Descriptors => "leash has no file descriptor left, raise LimitNOFILE",
            Cause::Tls => "no TLS with it, the log of leash says why",
            Cause::Auth => "does not let leash in, the log of leash says why",
            Cause::NoCas => "has CAS off (-C), which refresh and migrate need; start it without -C",
            Cause::Unwanted => "its connection was closed, as a large value was to come that is not kept",
        }
    }
}

/// No answer: what happened, at which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub cause: Cause,
    /// The server as people know it: `m1 (10.0.0.7:11211)`.
    pub server: Arc<str>,
    /// What the server itself said about it, if it did.
    pub said: Option<Arc<str>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {}: {}", self.server, self.cause.text())?;
        self.said.iter().try_for_each(|said| write!(f, ", it says \"{said}\""))
    }
}
