//! How a route is moved from one pool to another: the decisions, with time as an argument. Asking servers is done in
//! `route/migration`.
//!
//! ```text
//!   phase     reads            set                   delete            all that depends on what is there
//!   prepare   from             from, then not in to  from, then to     from, under a claim; to, if the item is there
//!   warm      to, else from    to, then not in from  from, then to     to, once the item was brought over
//!   drain     to               to, then not in from  from, then to     to
//! ```
//! Sidecars in neighbouring phases run side by side. A [claim](Claim), an item of leash's own under the key itself in
//! `to`, keeps two of them from acting on one key at once.

mod claim;
mod command;
mod copy;
mod reply;
#[cfg(test)]
mod tests;

pub use claim::{CLAIM_LASTS, Claim, FoundInTo, LOOK, is_claim, judged, looks_like_a_claim};
pub use command::{
    CommandKind, bound_to_item, changes, kind, reply_where_nothing_is, stored_where_nothing_is, told_of_stored,
};
pub use copy::copy;
pub use reply::{
    as_sent_to_from, as_taken_in, as_told_by_from, as_told_to_client, delete_failure, delete_reply, is_down,
    may_have_changed, set_reply,
};

use std::time::Duration;

/// How long one may act on the strength of a claim: well within its time, as memcached's clock ticks once a second.
pub const CLAIM_IS_YOUNG: Duration = Duration::from_secs(2);

/// How long work that no client waits for, such as a backfill, waits for another instance's claim: longer than the
/// claim of an instance that is gone lasts.
pub const LONGER_THAN_A_CLAIM: Duration = CLAIM_LASTS.saturating_add(Duration::from_millis(1500));

/// How long to wait before looking at a claim again, the `tries`th time.
pub fn back_off(tries: u32) -> Duration {
    Duration::from_millis(1 << tries.min(4))
}
