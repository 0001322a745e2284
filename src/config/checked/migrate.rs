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

/// How far a migration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The old pool serves; sidecars that are further along may use the new one.
    Prepare,
    /// The new pool serves, with what it does not have yet from the old one.
    Warm,
    /// The new pool serves alone; sidecars that are not as far may use the old one.
    Drain,
}

impl Phase {
    /// All of them and their words, in order.
    pub const WORDS: [(&'static str, Phase); 3] =
        [("prepare", Phase::Prepare), ("warm", Phase::Warm), ("drain", Phase::Drain)];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Phase::WORDS[self as usize].0
    }
}

impl Migrate {
    /// The pool that has the last word.
    pub fn authority(&self) -> usize {
        if self.phase == Phase::Prepare { self.from } else { self.to }
    }
}
