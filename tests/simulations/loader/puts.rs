//! The values that were made: by writers, and by calls.

use std::ops::{Index, IndexMut};

use leash::route::refresh::Keep;
use tokio::time::Instant;

/// A value.
pub struct Put {
    pub key: usize,
    pub version: u64,
    pub keep: Keep,
    /// When it was made, or made good again.
    pub at: Instant,
    /// Connections that had been lost when its making began; `None` for a writer's.
    pub loaded: Option<u64>,
    /// Whether its writer was told that it is stored, and before which event.
    pub told: Option<u64>,
    /// When the server stored it, and whether it has been read there since.
    pub stored: Option<Instant>,
    pub is_read: bool,
}

/// All of them, by number.
#[derive(Default)]
pub struct Puts(Vec<Put>);

impl Puts {
    pub fn add(&mut self, key: usize, version: u64, keep: Keep, loaded: Option<u64>) -> usize {
        let at = Instant::now();
        self.0.push(Put { key, version, keep, at, loaded, told: None, stored: None, is_read: false });
        self.0.len() - 1
    }

    /// What is stored for it.
    pub fn text(&self, put: usize) -> String {
        format!("{}:{put}", self[put].version)
    }

    /// The put that a value is of, whatever was appended to it.
    pub fn of(&self, value: &[u8]) -> Option<usize> {
        let text = std::str::from_utf8(value).ok()?.trim_end_matches('+');
        text.split_once(':')?.1.parse().ok().filter(|put| *put < self.0.len())
    }
}

impl Index<usize> for Puts {
    type Output = Put;

    fn index(&self, put: usize) -> &Put {
        &self.0[put]
    }
}

impl IndexMut<usize> for Puts {
    fn index_mut(&mut self, put: usize) -> &mut Put {
        &mut self.0[put]
    }
}
