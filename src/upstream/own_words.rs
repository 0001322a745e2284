//! What a server last said of itself: its version, and why it did not take a connection (`ERROR Too many open connections`,
//! `CLIENT_ERROR unauthenticated`). For people, and for the replies to those who waited for the connection. Written when a
//! connection is made or fails, never on the way of a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::protocol::Cause;

/// So much of a refusal is repeated.
const MOST_OF_REFUSAL: usize = 120;
/// And of a version, which is a label of a metric.
const MOST_OF_VERSION: usize = 40;

/// The last words of one server.
#[derive(Default)]
pub(super) struct OwnWords(Mutex<Words>);

#[derive(Default)]
struct Words {
    version: Option<Arc<str>>,
    refusal: Option<(Cause, Arc<str>)>,
}

impl OwnWords {
    /// The server said this instead of an answer, which is a failure for this cause. The decoder lets no control
    /// character through.
    pub(super) fn refused(&self, cause: Cause, line: &[u8]) {
        self.lock().refusal = Some((cause, beginning(line, MOST_OF_REFUSAL)));
    }

    /// The server takes connections, or does not even say why not.
    pub(super) fn forget_refusal(&self) {
        self.lock().refusal = None;
    }

    /// Its words, where they are the reason for a failure of this cause.
    pub(super) fn about(&self, failed: Cause) -> Option<Arc<str>> {
        let words = self.lock();
        let (cause, line) = words.refusal.as_ref()?;
        (failed == *cause || failed == Cause::Down).then(|| line.clone())
    }

    /// It is of this version.
    pub(super) fn is_of_version(&self, version: Option<&[u8]>) {
        self.lock().version = version.map(|version| beginning(version, MOST_OF_VERSION));
    }

    /// Its version, if a connection was ever made and it told.
    pub(super) fn version(&self) -> Option<Arc<str>> {
        self.lock().version.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn beginning(text: &[u8], most: usize) -> Arc<str> {
    String::from_utf8_lossy(text).chars().take(most).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_the_reason_for_its_own_failure_and_for_being_down() {
        let words = OwnWords::default();
        words.refused(Cause::TurnedAway, b"ERROR Too many open connections");
        for failed in Cause::ALL {
            let is_reason = [Cause::TurnedAway, Cause::Down].contains(&failed);
            assert_eq!(words.about(failed).is_some(), is_reason, "{failed:?}");
        }
        words.forget_refusal();
        assert_eq!(words.about(Cause::Down), None);
        words.is_of_version(Some(&[b'1'; 500]));
        assert_eq!(words.version().map(|version| version.len()), Some(MOST_OF_VERSION));
    }
}
