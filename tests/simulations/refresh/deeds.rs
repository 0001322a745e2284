//! What persons do, and what was known when they did it.

use leash::protocol::Reply;
use tokio::time::Instant;

/// What a person does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Read,
    /// Stores this version; with `finishes`, as the write that made it.
    Set {
        version: u64,
        finishes: bool,
    },
    /// Deletes, as the write that made this version.
    Delete {
        version: u64,
    },
    /// Stores over what that put stored, by its CAS unique, as somebody does who read it and changed it a little.
    Swap {
        base: usize,
    },
    Other,
}

/// One request of one person.
pub struct Op {
    pub person: usize,
    pub deed: Deed,
    pub began: Instant,
    pub reply: Option<Reply>,
    /// Which event it began and ended with.
    pub from: u64,
    pub until: Option<u64>,
    /// The newest version whose write was finished when this began.
    pub newest: u64,
    /// Whether the server told, on its behalf, that nothing is there.
    pub saw_miss: bool,
    pub granted: Option<Grant>,
    pub put: Option<usize>,
    pub is_abandoned: bool,
    /// Whether leash does not know of it.
    pub is_past_leash: bool,
}

/// A lease that was given.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub asked: Instant,
}
