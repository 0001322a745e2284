//! Decides what a loader is asked for, whether it may be asked now, and what its answer means. Carries nothing out:
//! time and chance are arguments.
//!
//! ```text
//!   key ─▶ url ─▶ queue: whose turn is it? ─▶ breaker: may it be asked? ─▶ … ─▶ freshness: how long is that a value?
//! ```

mod breaker;
mod dictionary;
mod directives;
mod freshness;
mod queue;
mod url;

pub(crate) use breaker::{Breaker, BreakerState, Permit};
pub use freshness::{AnswerSaid, keep};
pub(crate) use queue::FairQueue;
pub use url::path_of;

#[cfg(test)]
mod tests;
