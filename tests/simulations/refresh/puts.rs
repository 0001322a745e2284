//! The values that people stored, and what others made of them.

use std::ops::{Index, IndexMut};

use super::deeds::Grant;

/// So many counts are between the values of two puts.
const ROOM_TO_COUNT: usize = 1000;

/// A value somebody stored.
#[derive(Default)]
pub struct Put {
    pub version: u64,
    /// At which event its writer was told so.
    pub answered: Option<u64>,
    pub win: Option<Grant>,
    /// Whether the last look at the lease found neither a lease nor a revocation.
    pub found_nothing: bool,
    pub is_excused: bool,
    /// The put whose value was read and changed for this one.
    pub base: Option<usize>,
}

/// All of them, by number.
#[derive(Default)]
pub struct Puts {
    all: Vec<Put>,
    /// Whether values are numbers, in which persons may count.
    pub are_numbers: bool,
}

impl Puts {
    pub fn add(&mut self, put: Put) -> usize {
        self.all.push(put);
        self.all.len() - 1
    }

    /// What is stored for it.
    pub fn text(&self, put: usize) -> String {
        if self.are_numbers { (put * ROOM_TO_COUNT).to_string() } else { format!("{}:{put}", self[put].version) }
    }

    /// The put that a value is of, whatever was counted in it, appended or prepended.
    pub fn of(&self, value: &[u8]) -> Option<usize> {
        let text = String::from_utf8_lossy(value);
        let text = text.trim_matches(['+', ' ']);
        let put = match text.split_once(':') {
            Some((_, put)) => put.parse().ok()?,
            None => text.parse::<usize>().ok()? / ROOM_TO_COUNT,
        };
        (put < self.all.len()).then_some(put)
    }

    /// When it was answered; what was made of a value, not before that value was.
    pub fn answered_at(&self, put: usize) -> Option<u64> {
        let Put { answered, base, .. } = self[put];
        match base {
            Some(base) => Some(answered?.max(self.answered_at(base)?)),
            None => answered,
        }
    }

    /// Nor can anybody refuse what was made of such a value.
    pub fn is_excused(&self, put: usize) -> bool {
        let Put { is_excused, base, .. } = self[put];
        is_excused || base.is_some_and(|base| self.is_excused(base))
    }
}

impl Index<usize> for Puts {
    type Output = Put;

    fn index(&self, put: usize) -> &Put {
        &self.all[put]
    }
}

impl IndexMut<usize> for Puts {
    fn index_mut(&mut self, put: usize) -> &mut Put {
        &mut self.all[put]
    }
}
