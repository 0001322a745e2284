//! What a policy of queues decides: what a command wishes of a queue, what is ordered for that, and what the answer is for
//! the client. No clock, no wait.

mod name;
#[cfg(test)]
mod tests;
mod told;
mod wish;

pub use name::{QueueKey, QueueSuffix, SuffixWords};
pub use told::told;
pub use wish::{QueueRules, QueueWish, QueueWishKind, wish};
