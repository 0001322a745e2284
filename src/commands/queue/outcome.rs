//! What came of a command about queues: for people and for programs, with what could not be done all the same.

use serde_json::Value;

use super::QueueError;

/// What came of it.
#[derive(Debug, Default)]
pub struct QueueOutcome {
    /// For people.
    pub words: Vec<u8>,
    /// For programs, an object a line.
    pub objects: Vec<Value>,
    /// What could not be done.
    pub failed: Vec<QueueError>,
}

impl QueueOutcome {
    /// One thing to tell.
    pub(super) fn of(words: impl Into<Vec<u8>>, object: Value) -> QueueOutcome {
        QueueOutcome { words: words.into(), objects: vec![object], failed: Vec::new() }
    }

    /// What is printed.
    pub fn shown(&self, as_json: bool) -> Vec<u8> {
        if !as_json {
            return self.words.clone();
        }
        self.objects.iter().flat_map(|object| format!("{object}\n").into_bytes()).collect()
    }
}
