//! The words for what became of loads, as far as they are counted.

use super::words::words;

words! {
    /// What became of a load.
    LoadOutcome {
        /// A value, which is kept.
        Value = "value",
        /// The value that was there is still the value.
        Unchanged = "unchanged",
        /// A value that is not kept.
        NotKept = "not_kept",
        /// There is no value.
        Absent = "absent",
        /// The answer did not come in time.
        Timeout = "timeout",
        /// No connection could be made.
        Connect = "connect",
        /// The endpoint answered with another status.
        Status = "status",
        /// The value was too large.
        TooLarge = "too_large",
        /// There was no memory for the value.
        NoMemory = "no_memory",
        /// The answer was no HTTP, not whole or not as announced.
        Broken = "broken",
        /// The call was not made: the endpoint fails.
        HeldBack = "held_back",
        /// The call was not made: too many waited for their turn, or it waited for too long.
        Queue = "queue",
    }
}

impl LoadOutcome {
    /// Whether the endpoint was called.
    pub(crate) fn was_called(self) -> bool {
        !matches!(self, LoadOutcome::HeldBack | LoadOutcome::Queue)
    }

    /// Whether it was called and failed: gave neither a value that may be held nor the word that there is none.
    pub(crate) fn is_failure(self) -> bool {
        use LoadOutcome::{Broken, Connect, Status, Timeout, TooLarge};
        matches!(self, Timeout | Connect | Status | TooLarge | Broken)
    }
}
