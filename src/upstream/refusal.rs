//! What a server said when it turned a new connection away: `ERROR Too many open connections`, say. Kept for the
//! replies to those who waited for the connection; written and read on failures only.

use std::sync::{Arc, Mutex, PoisonError};

use crate::protocol::Cause;

/// So much of it is repeated.
const SHOWN: usize = 120;

/// The last words of one server to a connection that it did not take.
#[derive(Default)]
pub(super) struct RefusalWords(Mutex<Option<Arc<str>>>);

impl RefusalWords {
    /// The server said this instead of an answer. The decoder lets no control character through.
    pub(super) fn note(&self, line: &[u8]) {
        let said: String = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(said.into());
    }

    /// The server takes connections.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Its words, where they are the reason for a failure of this kind.
    pub(super) fn about(&self, cause: Cause) -> Option<Arc<str>> {
        match cause {
            Cause::Connect | Cause::Down => self.0.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => None,
        }
    }
}
