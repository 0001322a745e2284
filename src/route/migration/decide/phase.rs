//! How far a migration has come, and which pool has the last word by then.

/// A step of a migration. Before the first and after the last a route has one pool and knows nothing of all this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `from` serves; nothing outdated is left in `to`.
    Prepare,
    /// `to` serves, and what it does not have yet comes from `from`.
    Warm,
    /// `to` serves alone; nothing outdated is left in `from`.
    Drain,
}

/// One of the two pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The old one.
    From,
    /// The new one.
    To,
}

impl Phase {
    /// The pool that has the last word: where leash keeps what belongs beside items.
    pub fn authority(self) -> Side {
        match self {
            Phase::Prepare => Side::From,
            Phase::Warm | Phase::Drain => Side::To,
        }
    }
}
