//! Decides what a loader is asked for, whether it may be asked now, and what its answer means. Carries nothing out:
//! time and chance are arguments.
//!
//! ```text
//!   key ─▶ url ─▶ line: is it due? (breaker, queue) ─▶ … ─▶ freshness: how long is that a value?
//! ```

mod breaker;
mod dictionary;
mod directives;
mod freshness;
mod line;
mod queue;
mod url;

pub use breaker::{BreakerState, Permit};
pub use freshness::{AnswerSaid, KeepTerms, keep};
pub use line::{CallBounds, CallLine, CallRefusal, CallTurn};
pub use url::path_of;

#[cfg(test)]
mod tests;
