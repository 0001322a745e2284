//! Between which pools a route is moved, checked. Carrying it out is done elsewhere.

use serde::{Deserialize, Serialize};

/// Between which pools a route is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrate {
    /// The old one: an index into the configuration's pools.
    pub from: usize,
    /// The new one, of other servers.
    pub to: usize,
    /// How far it has come.
    pub phase: Phase,
}

/// How far a migration has come. Before the first phase and after the last a route has one pool and knows nothing of
/// all this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The old pool serves, and nothing outdated is left in the new one, which sidecars that are further along may use.
    Prepare,
    /// The new pool serves, with what it does not have yet from the old one.
    Warm,
    /// The new pool serves alone, and nothing outdated is left in the old one, which sidecars that are not as far may
    /// use.
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
    /// All of them and their words, in order.
    pub const WORDS: [(&'static str, Phase); 3] =
        [("prepare", Phase::Prepare), ("warm", Phase::Warm), ("drain", Phase::Drain)];

    /// The words of the whole way, with what is before the first phase and after the last.
    pub const WAY: [&'static str; 5] = ["before", Phase::WORDS[0].0, Phase::WORDS[1].0, Phase::WORDS[2].0, "after"];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Phase::WORDS[self as usize].0
    }

    /// The pool that has the last word: where leash keeps what belongs beside items.
    pub fn authority(self) -> Side {
        match self {
            Phase::Prepare => Side::From,
            Phase::Warm | Phase::Drain => Side::To,
        }
    }
}

impl Migrate {
    /// The pool on this side.
    pub fn pool(&self, side: Side) -> usize {
        match side {
            Side::From => self.from,
            Side::To => self.to,
        }
    }

    /// The pool that has the last word.
    pub fn authority(&self) -> usize {
        self.pool(self.phase.authority())
    }
}
