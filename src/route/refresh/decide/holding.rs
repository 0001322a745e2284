//! Who has the lease of one key, as far as this process knows: one question to the server a lease period, and at most
//! two more as it ends (`Policy::asks_again_after`).

use std::time::Instant;

use super::BLUR;

/// Who has a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// This process does not know.
    Unknown,
    /// A client of this process is asking for it.
    Asking,
    /// A client has it, of this process or of another.
    Taken {
        /// When the next caller may ask.
        until: Instant,
        /// When the stale value is gone.
        value_ends: Option<Instant>,
        /// Whether by a client of this process.
        is_here: bool,
    },
    /// No value could be made, and none is tried to be until then.
    Failed {
        /// When the next caller may ask.
        until: Instant,
    },
    /// This is over; what comes next is told elsewhere.
    Over,
}

/// The answer to a caller that wants the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimResult {
    /// Ask for it.
    Mine {
        /// Whether a client of this process had it and never came back.
        has_expired: bool,
    },
    /// Another caller has it, or is asking for it.
    Taken,
    /// Look again: this is about a lease that is over.
    Over,
}

impl Holding {
    /// Lets one caller ask. `value_ends` is when the value that the caller found stale will be gone.
    pub fn claim(&mut self, now: Instant, value_ends: Option<Instant>) -> ClaimResult {
        let has_expired = match *self {
            Holding::Unknown => false,
            Holding::Asking => return ClaimResult::Taken,
            Holding::Failed { until } if now < until => return ClaimResult::Taken,
            Holding::Failed { .. } | Holding::Over => return ClaimResult::Over,
            Holding::Taken { until, value_ends: held_for, is_here } => {
                if now < until && !is_another_value(held_for, value_ends) {
                    return ClaimResult::Taken;
                }
                is_here && now >= until
            }
        };
        *self = Holding::Asking;
        ClaimResult::Mine { has_expired }
    }

    /// Whether a claim would be refused.
    pub fn is_taken(&self, now: Instant, value_ends: Option<Instant>) -> bool {
        let mut copy = *self;
        copy.claim(now, value_ends) == ClaimResult::Taken
    }
}

/// Whether the value that was found stale now is a newer one than that the lease was taken for: then it was regenerated
/// meanwhile, and the lease has done its work.
fn is_another_value(held_for: Option<Instant>, found: Option<Instant>) -> bool {
    matches!((held_for, found), (Some(old), Some(new)) if new > old + BLUR)
}
