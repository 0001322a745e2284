//! What a policy of queues decides: what a command wishes of a queue, what is ordered for that, and what the answer is for
//! the client. No clock, no wait.

mod asked;
mod name;
mod open;
mod pause;
#[cfg(test)]
mod tests;
mod told;
mod wish;

pub use asked::{asked, heard, queue_key};
pub use name::{QueueKey, QueueSuffix, SuffixWords};
pub use open::{OpenMessage, OpenMessages, QueueOfRoute};
pub(super) use pause::pause;
pub(super) use told::no_answer;
pub use told::{QueueTelling, refused};
pub use wish::{QueueRules, QueueWish, QueueWishKind, wish};
