//! What persons do, and what was known when they began.

use tokio::time::Instant;

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    Read,
    /// Makes this version known: by a set of this put, or by a delete.
    Write(u64, Option<usize>),
    Other,
}

/// Something somebody does.
pub struct Op {
    pub person: usize,
    pub key: usize,
    pub deed: Deed,
    pub began: Instant,
    /// The newest version whose write was finished then.
    pub newest: u64,
    pub losses: u64,
    /// Whether whatever the server answered was a value that may be served at once.
    pub found: Option<bool>,
    pub is_answered: bool,
    pub has_left: bool,
}
